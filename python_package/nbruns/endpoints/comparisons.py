"""Our own calls about what runs had to work with, and what differs between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from nbruns.comparison import Comparison, Side, compare
from nbruns.comparison.rows import MetricRow, Row
from nbruns.comparison.tables import SECTIONS, cell_facts, face
from nbruns.errors import InvalidValue, NotFound
from nbruns.notebooks.diff import NotebookDifference
from nbruns.protocol.fields import optional, required, texts
from nbruns.protocol.messages import float_to_wire
from nbruns.protocol.names import ENVIRONMENT_FILE, ENVIRONMENT_TAG, PARENT_RUN_TAG
from nbruns.records import Environment, NotebookContent, Run
from nbruns.store import Store
from nbruns.store.environments import environment_from_wire, environment_to_wire

Body = dict[str, Any]

MOST_RUNS = 20
# A panel shows a changed cell, not a book; what is longer is cut.
MOST_SOURCE = 20_000
_MOST_ENVIRONMENT_BYTES = 4 * 2**20


def environment(store: Store, body: Body) -> Body:
    """GET environments/get: Python, system and packages, by `digest` or of a `run_id`.

    `{"environment": {"digest", "python", "platform", "packages": [{"name", "version", "origin"}]}}`
    """
    name = optional(body, "digest")
    if name:
        return {"environment": environment_to_wire(store.environments.get(name))}
    run = store.runs.get(required(body, "run_id"))
    found = environment_of(store, run)
    if found is None:
        raise NotFound(f"The environment of run '{run.run_id}' was not recorded")
    return {"environment": environment_to_wire(found)}


def changes(store: Store, body: Body) -> Body:
    """GET runs/changes: what is new in a run since the one before it.

    `{"predecessor": run id or null, "comparison": as of runs/compare or null}`: of a
    notebook the run before it, of a nested run its last sibling, of a script its last run.
    """
    run = store.runs.get(required(body, "run_id"))
    before = store.predecessors.find(run.run_id)
    if before is None:
        return {"predecessor": None, "comparison": None}
    found = compare([side(store, before), side(store, run.run_id)])
    return {"predecessor": before, "comparison": comparison_to_wire(found)}


def compare_runs(store: Store, body: Body) -> Body:
    """POST runs/compare: what differs between the runs of `run_ids`, the first the baseline.

    `{"comparison": {`
    `"sentence"`, `"sentences": [one per run after the first]`, `"unknown": [words]`,
    `"runs": [{"run_id", "name", "experiment_id", "status", "user", "started_ms", "ended_ms"}]`,
    `"metrics": [{"name", "values", "deltas", "relative"}]`,
    `"params"`, `"datasets"`, `"packages"`, `"source"`, `"tags"`: `[{"name", "values"}]`,
    `"code": [{"run_id", "words", "is_known", "other_words", "cells": [{"kind", "cell_id",
    "cell_type", "old_position", "new_position", "is_moved", "is_cut", "old_source",
    "new_source"}]}]`, one per run after the first,
    `"equal": {the same sections, of what is equal in all runs}}}`

    Lists of values stand in the order of the runs; a run without one has null there.
    """
    run_ids = texts(body, "run_ids")
    if not 2 <= len(run_ids) <= MOST_RUNS:
        raise InvalidValue(
            f"Parameter 'run_ids' must name 2 to {MOST_RUNS} runs, it names {len(run_ids)}"
        )
    return {"comparison": comparison_to_wire(compare([side(store, one) for one in run_ids]))}


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("GET", "environments/get", environment),
    ("GET", "runs/changes", changes),
    ("POST", "runs/compare", compare_runs),
)


def side(store: Store, run_id: str) -> Side:
    """A run with its packages and the notebook it started with, as far as they are kept."""
    run = store.runs.get(run_id)
    return Side(run, environment_of(store, run), _content(store, run_id))


def environment_of(store: Store, run: Run) -> Environment | None:
    """What a run had to work with: by its tag, else by the file a kernel elsewhere has sent."""
    name = run.tags.get(ENVIRONMENT_TAG)
    if name is None:
        return None
    found = store.environments.find(name) or _sent(store, run)
    parent = run.tags.get(PARENT_RUN_TAG)
    if found is None and parent:
        # A nested run that had the same as its parent has no file of its own.
        above = store.runs.find(parent)
        is_same = above is not None and above.tags.get(ENVIRONMENT_TAG) == name
        return _sent(store, above) if above is not None and is_same else None
    return found


def comparison_to_wire(found: Comparison) -> Body:
    """A comparison as JSON, long sources cut; numbers JSON has no word for are text."""
    return {
        "sentence": found.sentence,
        "sentences": list(found.sentences),
        "unknown": list(found.unknown),
        "runs": [face(run) for run in found.runs],
        "code": [
            {"run_id": run.run_id, "words": code.words} | _code_to_wire(code.difference)
            for run, code in zip(found.runs[1:], found.code, strict=True)
        ],
        **_sections_to_wire(found),
        "equal": _sections_to_wire(found.equal),
    }


def _sections_to_wire(found: Any) -> Body:
    sections = {name: _rows_to_wire(getattr(found, name)) for name in SECTIONS}
    return {"metrics": [_metric_to_wire(row) for row in found.metrics], **sections}


def _rows_to_wire(found: Iterable[Row]) -> list[Body]:
    return [{"name": row.name, "values": list(row.values)} for row in found]


def _metric_to_wire(row: MetricRow) -> Body:
    return {
        "name": row.name,
        "values": [None if value is None else float_to_wire(value) for value in row.values],
        "deltas": list(row.deltas),
        "relative": list(row.relative),
    }


def _code_to_wire(found: NotebookDifference | None) -> Body:
    if found is None:
        return {"is_known": False, "other_words": "", "cells": []}
    cells = [_cut(cell_facts(cell)) for cell in found.changes]
    return {"is_known": True, "other_words": found.other_words(), "cells": cells}


def _cut(cell: Body) -> Body:
    sources = {name: cell[name] for name in ("old_source", "new_source")}
    is_cut = any(len(source) > MOST_SOURCE for source in sources.values())
    return cell | {name: text[:MOST_SOURCE] for name, text in sources.items()} | {"is_cut": is_cut}


def _content(store: Store, run_id: str) -> NotebookContent | None:
    found = store.revisions.of_run(run_id, "start") or store.revisions.of_run(run_id)
    if found is None:
        return None
    try:
        return store.revisions.content(found.revision_id, with_outputs=False)
    except NotFound:
        return None  # purged by somebody a moment ago


def _sent(store: Store, run: Run) -> Environment | None:
    try:
        path = store.artifacts.folder(run.artifact_uri) / ENVIRONMENT_FILE
        with open(path, "rb") as file:
            return environment_from_wire(json.loads(file.read(_MOST_ENVIRONMENT_BYTES)))
    except (OSError, ValueError, RecursionError, InvalidValue):
        return None
