"""Records ⇄ JSON of our own calls about lists of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from nbruns.errors import InvalidValue
from nbruns.protocol.fields import Body, find, messages, required, text, texts
from nbruns.protocol.messages import run_from_wire, run_to_wire
from nbruns.records import Aggregate, ListColumns, ListedRun, LoggedKey, RunCounts

Json = dict[str, Any]

_AGGREGATES = ("last", "min", "max")
_BEST = ("max", "min")


def columns_to_wire(columns: ListColumns) -> Json:
    """What a list shows."""
    metrics = [
        {"key": key, "aggregate": aggregate, "best": best}
        for key, (aggregate, best) in columns.metrics.items()
    ]
    return {"metrics": metrics, "params": list(columns.params), "tags": list(columns.tags)}


def columns_from_wire(body: Body) -> ListColumns:
    """What a list shows, as the server reads it."""
    metrics = {
        required(item, "key"): (
            cast(Aggregate, _one_of(item, "aggregate", _AGGREGATES)),
            cast(Any, _one_of(item, "best", _BEST)),
        )
        for item in messages(body, "metrics")
    }
    return ListColumns(metrics, tuple(texts(body, "params")), tuple(texts(body, "tags")))


def _one_of(body: Body, name: str, allowed: tuple[str, ...]) -> str:
    found = text(body, name) or allowed[0]
    if found not in allowed:
        raise InvalidValue(
            f"Invalid value '{found[:80]}' for parameter '{name}': one of {', '.join(allowed)}"
        )
    return found


def row_to_wire(row: ListedRun) -> Json:
    """A row; what it has nothing of is left out."""
    rest = {
        "depth": row.depth,
        "children": row.children,
        "parent_name": row.parent_name,
        "extremes": {key: list(ends) for key, ends in row.extremes.items()},
        "best_of_children": dict(row.best_of_children),
    }
    return {"run": run_to_wire(row.run), **{name: value for name, value in rest.items() if value}}


def row_from_wire(body: Body) -> ListedRun:
    """A row as the panel reads it."""
    extremes: Mapping[str, list[float]] = body.get("extremes") or {}
    return ListedRun(
        run_from_wire(body["run"]),
        depth=body.get("depth", 0),
        children=body.get("children", 0),
        parent_name=body.get("parent_name", ""),
        extremes={key: (low, high) for key, (low, high) in extremes.items()},
        best_of_children=body.get("best_of_children") or {},
    )


def counts_to_wire(counts: RunCounts) -> Json:
    """How many runs there are."""
    return {"by_status": dict(counts.by_status), "deleted": counts.deleted}


def counts_from_wire(body: Body) -> RunCounts:
    """How many runs there are, as the panel reads it."""
    return RunCounts(find(body, "by_status") or {}, find(body, "deleted") or 0)


def key_to_wire(key: LoggedKey) -> Json:
    """A metric, param or tag of an experiment."""
    return {"key": key.key, "runs": key.runs, "values": key.values}


def key_from_wire(body: Body) -> LoggedKey:
    """The same as the panel reads it."""
    return LoggedKey(body["key"], body["runs"], body["values"])
