"""Our own calls about lists of runs: any part of one by place, what can be shown, the trash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from nbruns.conditions import Order, Search
from nbruns.endpoints.experiments import experiment_id
from nbruns.errors import InvalidValue
from nbruns.protocol.fields import (
    find,
    flag,
    limit,
    missing,
    optional,
    optional_int,
    required,
    text,
    texts,
)
from nbruns.protocol.filters import parse_search
from nbruns.protocol.grammar import RUN_LIST
from nbruns.protocol.list_messages import (
    columns_from_wire,
    counts_to_wire,
    key_to_wire,
    row_to_wire,
)
from nbruns.protocol.messages import run_to_wire, view
from nbruns.records import ListColumns, View
from nbruns.store import Store
from nbruns.store.run_keys import Kind

Body = dict[str, Any]

MOST_ROWS = 1_000
KINDS: tuple[Kind, ...] = ("metrics", "params", "tags")


def rows(store: Store, body: Body) -> Body:
    """POST runs/list: the rows from a place on; with `totals` also all that was counted."""
    wanted, shown, columns = _searched(body), view(body, "run_view_type"), _columns(body)
    place: Any = {
        "first": max(0, optional_int(body, "first") or 0),
        "count": limit(body, "count", 50, MOST_ROWS),
    }
    which, listing = experiment_id(body), store.listing
    reply: Body = {}
    total: int | None
    if flag(body, "folded"):
        _check_folds(wanted, shown)
        expanded = texts(body, "expanded")
        found, total = listing.folded(which, wanted.orders, columns, expanded=expanded, **place)
    else:
        found, total = listing.rows(which, wanted, columns, view=shown, **place), None
    if flag(body, "totals"):
        counts = listing.counts(which)
        if total is None and not wanted.conditions and shown == "active":
            total = sum(counts.by_status.values())
        elif total is None:
            total = listing.total(which, wanted, view=shown)
        reply = {
            "total": total,
            "counts": counts_to_wire(counts),
            "best": _best(store, which, wanted, columns),
            "keys": {
                kind: [key_to_wire(key) for key in listing.keys(which, kind, with_rare=False)]
                for kind in KINDS[:2]
            },
        }
    return {"rows": [row_to_wire(row) for row in found], **reply}


def place(store: Store, body: Body) -> Body:
    """POST runs/place: where a run stands in the list that `runs/list` would show, or null."""
    wanted, shown = _searched(body), view(body, "run_view_type")
    expanded = texts(body, "expanded") if flag(body, "folded") else None
    found = store.listing.place(
        experiment_id(body), wanted, required(body, "run_id"), view=shown, expanded=expanded
    )
    return {"place": found}


def _searched(body: Body) -> Search:
    """The search, whose first order may go by the smallest or largest value of a metric."""
    search = parse_search(optional(body, "filter"), texts(body, "order_by"), RUN_LIST)
    columns = _columns(body)
    orders = [
        replace(order, aggregate=columns.aggregate(order.key))
        if order.field == "metric" and order.key in columns.metrics
        else order
        for order in search.orders
    ]
    return replace(search, orders=tuple(orders))


def _columns(body: Body) -> ListColumns:
    columns = find(body, "columns") or {}
    if not isinstance(columns, dict):
        raise InvalidValue("Parameter 'columns' must be an object")
    return columns_from_wire(columns)


def _check_folds(wanted: Search, shown: View) -> None:
    if wanted.conditions or shown != "active" or any(o.field != "attribute" for o in wanted.orders):
        raise InvalidValue(
            "Nested runs fold only where all active runs are listed by an attribute: "
            "leave 'folded' out of a search"
        )


def _best(store: Store, which: str, wanted: Search, columns: ListColumns) -> str | None:
    """The winner by the metric the list is sorted by, whichever way it is sorted."""
    lead = next(iter(wanted.orders), None)
    if lead is None or lead.field != "metric" or lead.key not in columns.metrics:
        return None
    order: Order = replace(lead, ascending=columns.is_falling(lead.key))
    return store.listing.best(which, order, wanted)


def keys(store: Store, body: Body) -> Body:
    """GET experiments/keys: the metrics, params and tags the runs of an experiment have."""
    which = experiment_id(body)
    return {kind: [key_to_wire(key) for key in store.listing.keys(which, kind)] for kind in KINDS}


def values(store: Store, body: Body) -> Body:
    """GET experiments/values: the usual values of a param or a tag."""
    kind = cast(Kind, text(body, "kind"))
    if kind not in KINDS:
        raise InvalidValue(f"Invalid value '{kind[:80]}' for parameter 'kind': one of {KINDS}")
    found = store.listing.values(experiment_id(body), kind, required(body, "key"))
    return {"values": found}


def sparks(store: Store, body: Body) -> Body:
    """POST metrics/sparks: some metrics of some runs as a few values each."""
    points = limit(body, "points", 32, 100, least=4)
    found = store.listing.sparks(_run_ids(body), texts(body, "metric_keys"), points=points)
    return {"sparks": found}


def logging(store: Store, body: Body) -> Body:
    """GET notebooks/logging: the run a notebook started last and its experiment, or null."""
    run = store.listing.newest_of_notebook(required(body, "notebook_id"))
    if run is None:
        return {"run": None}
    name = store.experiments.get(run.experiment_id).name
    return {"run": run_to_wire(run), "experiment_name": name}


def delete(store: Store, body: Body) -> Body:
    """POST runs/delete-nested: runs into the trash with those under them; all their ids."""
    return {"run_ids": store.listing.delete(_run_ids(body))}


def restore(store: Store, body: Body) -> Body:
    """POST runs/restore-all: runs out of the trash."""
    store.listing.restore(_run_ids(body))
    return {}


def purge(store: Store, body: Body) -> Body:
    """POST runs/purge: runs of the trash for good."""
    store.listing.purge(_run_ids(body))
    return {}


def move(store: Store, body: Body) -> Body:
    """POST runs/move: runs, with those under them, into another experiment; all their ids."""
    return {"run_ids": store.listing.move(_run_ids(body), experiment_id(body))}


def _run_ids(body: Body) -> list[str]:
    found = texts(body, "run_ids")
    if not found:
        raise missing("run_ids")
    return found


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("POST", "runs/list", rows),
    ("POST", "runs/place", place),
    ("GET", "experiments/keys", keys),
    ("GET", "experiments/values", values),
    ("POST", "metrics/sparks", sparks),
    ("GET", "notebooks/logging", logging),
    ("POST", "runs/delete-nested", delete),
    ("POST", "runs/restore-all", restore),
    ("POST", "runs/purge", purge),
    ("POST", "runs/move", move),
)
