"""Our own calls for the list of models and the table of a model's versions.

MLflow's searches answer with pages of whole models; a tree that folds needs any part of it
by place, and a table of versions what their runs came to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from nbruns.endpoints.model_tree import Line, flat, tree
from nbruns.endpoints.sight import sight_of
from nbruns.protocol.fields import limit, optional, optional_int, required, texts
from nbruns.protocol.filters import parse_search
from nbruns.protocol.grammar import MODEL_LIST
from nbruns.protocol.messages import float_to_wire
from nbruns.protocol.model_messages import version_to_wire
from nbruns.records import ModelAtAGlance, ModelVersion, SourceRun
from nbruns.store import Store

Body = dict[str, Any]

MOST_LINES, MOST_VERSIONS, MOST_METRICS = 500, 500, 20
# With so few models folders are open until they are closed.
_FEW = 100


def overview(store: Store, body: Body) -> Body:
    """POST registry/overview: lines of the tree of models, from the place `first` on.

    With a `filter` (as for registered models; also by `alias` and `stage`, and by the tags of
    versions) the models found, unfolded. `opened` and `closed` name the folders that stand
    otherwise than they would.
    """
    filter_text = optional(body, "filter")
    search = parse_search(filter_text, (), MODEL_LIST)
    names = store.model_overview.names(replace(search, sight=sight_of(store, "model")))
    lines = flat(names) if filter_text else tree(names, _opening(body, len(names)))
    count = limit(body, "count", 100, MOST_LINES)
    first = max(0, min(optional_int(body, "first") or 0, len(lines) - 1))
    shown = lines[first : first + count]
    known = store.model_overview.at_a_glance([line.path for line in shown if not line.is_folder])
    return {
        "first": first,
        "total": len(lines),
        "models": len(names),
        "lines": [_line(line, known) for line in shown],
    }


def versions(store: Store, body: Body) -> Body:
    """GET registry/versions: versions of `name`, the newest first, from `below` a number on.

    Each comes with the `source_run` that made it, as far as the acting user may read that,
    and with the newest values there of the given `metrics`. Without any the reply says which
    `keys` these runs have and how many have each.
    """
    name, keys = required(body, "name"), texts(body, "metrics", from_query=True)[:MOST_METRICS]
    shelf = store.model_overview
    store.registry.get_model(name)
    page = shelf.versions(
        name, count=limit(body, "count", 50, MOST_VERSIONS), below=optional_int(body, "below")
    )
    run_ids = _readable(store, page.items)
    runs = {run.run_id: run for run in shelf.source_runs(run_ids, keys)}
    reply: Body = {
        "versions": [_version(version, runs) for version in page.items],
        "total": shelf.number_of_versions(name),
    }
    if not keys:
        reply["keys"] = {one.key: one.runs for one in shelf.metric_keys(run_ids)}
    if page.next_token is not None:
        reply["below"] = int(page.next_token)
    return reply


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("POST", "registry/overview", overview),
    ("GET", "registry/versions", versions),
)


def _opening(body: Body, models: int) -> Callable[[str], bool]:
    opened, closed = set(texts(body, "opened")), set(texts(body, "closed"))
    return lambda folder: folder in opened or (models <= _FEW and folder not in closed)


def _line(line: Line, known: Mapping[str, ModelAtAGlance]) -> Body:
    told: Body = {"path": line.path, "label": line.label, "depth": line.depth}
    if line.is_folder:
        return told | {"models": line.models, "is_open": line.is_open}
    # Deleted between two questions: then the name alone.
    return told | ({"model": asdict(known[line.path])} if line.path in known else {})


def _readable(store: Store, found: Sequence[ModelVersion]) -> list[str]:
    """The runs of some versions that the acting user may read."""
    run_ids = [version.run_id for version in found if version.run_id]
    sight = sight_of(store, "experiment")
    if sight is None:
        return run_ids
    named = store.belonging.experiments("run", run_ids)
    return [run_id for name, run_id in named if sight.shows(name)]


def _version(version: ModelVersion, runs: dict[str, SourceRun]) -> Body:
    run = runs.get(version.run_id)
    return version_to_wire(version) | ({"source_run": _run(run)} if run else {})


def _run(run: SourceRun) -> Body:
    # JSON has no word for numbers that are none: they travel as MLflow writes them.
    metrics = {key: float_to_wire(value) for key, value in run.metrics.items()}
    return asdict(run) | {"metrics": metrics}
