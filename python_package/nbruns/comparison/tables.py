"""A comparison as plain tables, for data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbruns.comparison.rows import MetricRow
from nbruns.notebooks.diff import CellChange
from nbruns.records import Run

if TYPE_CHECKING:
    from nbruns.comparison.compared import Comparison

Json = dict[str, Any]

SECTIONS = ("params", "datasets", "packages", "source", "tags")


def tables(found: Comparison) -> Json:
    """Every section as a list of flat rows, one column per run."""
    names = _columns(found.runs)
    told: Json = {
        "sentence": found.sentence,
        "runs": [face(run) for run in found.runs],
        "metrics": [_metric(row, names) for row in (*found.metrics, *found.equal.metrics)],
        "code": [
            {"run": name} | cell_facts(cell)
            for name, code in zip(names[1:], found.code, strict=True)
            if code.difference is not None
            for cell in code.difference.changes
        ],
    }
    for section in SECTIONS:
        both = (*getattr(found, section), *getattr(found.equal, section))
        told[section] = [
            {"name": row.name, "differs": row.differs} | dict(zip(names, row.values, strict=True))
            for row in both
        ]
    return told


def _columns(runs: Sequence[Run]) -> list[str]:
    names = [run.name for run in runs]
    is_plain = len(set(names)) == len(names) and not {"", "name", "differs"} & set(names)
    return names if is_plain else [run.run_id for run in runs]


def face(run: Run) -> Json:
    """What a run is, without what it logged."""
    names = ("run_id", "name", "experiment_id", "status", "user", "started_ms", "ended_ms")
    return {name: getattr(run, name) for name in names}


def _metric(row: MetricRow, names: Sequence[str]) -> Json:
    told: Json = {"name": row.name, "differs": row.differs}
    told |= dict(zip(names, row.values, strict=True))
    apart = list(zip(names, row.deltas, row.relative, strict=True))[1:]
    for name, delta, relative in apart:
        of = "" if len(apart) == 1 else f" {name}"
        told |= {f"delta{of}": delta, f"relative{of}": relative}
    return told


def cell_facts(cell: CellChange) -> Json:
    """A changed cell with its text before and after."""
    names = ("kind", "cell_id", "cell_type", "old_position", "new_position", "is_moved")
    return {name: getattr(cell, name) for name in (*names, "old_source", "new_source")}
