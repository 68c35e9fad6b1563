"""Rows → the runs of a list: only the values its columns show, and what stands under each run."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nbruns.records import Aggregate, ListColumns, ListedRun, MetricPoint
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.histories import newest_row
from nbruns.store.run_conditions import extreme_value, newest
from nbruns.store.run_loading import load_runs

_TEXTS = """
select n.value, p.key, p.value
from json_each(?1) n
cross join json_each(?2) k
cross join {} p on p.run_number = n.value and p.key = k.value
order by n.key, p.key
"""
_FIELDS = ("value", "is_nan", "step", "at_ms")
_METRICS = f"""
select h.run_number, k.key, {", ".join(newest(f"h.{name}", f"m.{name}") for name in _FIELDS)},
    {extreme_value("min")}, {extreme_value("max")}
from json_each(?1) n
cross join json_each(?2) wanted
cross join metric_keys k on k.key = wanted.value
cross join histories h on h.run_number = n.value and h.key_number = k.key_number
order by n.key, k.key
"""
_PLACES = """
select r.run_number, p.name, (
    select count(*) from runs c where c.parent_number = r.run_number and c.stage = r.stage
)
from json_each(?) n
cross join runs r on r.run_number = n.value
left join runs p on p.run_number = r.parent_number
"""
# With so many children the best is found sooner from the top of the index of values.
_MANY_CHILDREN = 2_000


def load_listed(
    db: Database, artifacts: Artifacts, numbers: Sequence[int], columns: ListColumns
) -> list[ListedRun]:
    """The runs of these internal numbers, in the order given, without their datasets."""
    listed = json.dumps(list(numbers))
    with db.lock:
        runs = load_runs(db, artifacts, numbers, with_values=False, with_datasets=False)
        params = _texts(db, "params", listed, columns.params)
        tags = _texts(db, "tags", listed, columns.tags)
        metrics, extremes = _metrics(db, listed, list(columns.metrics))
        places = {number: rest for number, *rest in db.conn.execute(_PLACES, (listed,))}
        best = {
            number: best_of_children(db, number, places[number][1], columns)
            for number in numbers
            if places[number][1]
        }
    return [
        ListedRun(
            replace(
                run,
                params=params.get(number, {}),
                tags=tags.get(number, {}),
                metrics=tuple(metrics.get(number, ())),
            ),
            children=places[number][1],
            parent_name=places[number][0] or "",
            extremes=extremes.get(number, {}),
            best_of_children=best.get(number, {}),
        )
        for number, run in zip(numbers, runs, strict=True)
    ]


def best_of_children(
    db: Database, run_number: int, children: int, columns: ListColumns
) -> dict[str, float]:
    """The best value the children of a run reached in each metric; NaN is never the best."""
    find = _best_from_top if children > _MANY_CHILDREN else _best_of_all
    found = {
        key: find(db, run_number, key, columns.aggregate(key), columns.is_falling(key))
        for key in columns.metrics
    }
    return {key: value for key, value in found.items() if value is not None}


def _best_of_all(
    db: Database, run_number: int, key: str, aggregate: Aggregate, is_falling: bool
) -> float | None:
    value = newest("h.value", "m.value") if aggregate == "last" else extreme_value(aggregate)
    row = db.conn.execute(
        f"""
        select {"min" if is_falling else "max"}(v)
        from (
            select {value} as v, {newest("h.is_nan", "m.is_nan")} as is_nan
            from runs c
            join histories h on h.run_number = c.run_number
            where c.parent_number = ? and c.stage = 'active'
            and h.key_number = (select key_number from metric_keys where key = ?)
        )
        where not is_nan
        """,
        (run_number, key),
    ).fetchone()
    return None if row[0] is None else float(row[0])


def _best_from_top(
    db: Database, run_number: int, key: str, aggregate: Aggregate, is_falling: bool
) -> float | None:
    """The same by index of the newest values; children that go on are looked at one by one."""
    if aggregate != "last":
        return _best_of_all(db, run_number, key, aggregate, is_falling)
    of_key = "(select key_number from metric_keys where key = ?)"
    settled = db.conn.execute(
        f"""
        select h.value
        from histories h
        cross join runs c on c.run_number = h.run_number
        where h.key_number = {of_key} and h.is_nan = 0 and h.is_settled
        and c.parent_number = ? and c.stage = 'active'
        order by h.value {"asc" if is_falling else "desc"}
        limit 1
        """,
        (key, run_number),
    ).fetchone()
    recent = db.conn.execute(
        f"""
        select {"min" if is_falling else "max"}(
            (select iif(m.is_nan, null, m.value) {newest_row()})
        )
        from histories h
        cross join runs c on c.run_number = h.run_number
        where h.key_number = {of_key} and not h.is_settled
        and c.parent_number = ? and c.stage = 'active'
        """,
        (key, run_number),
    ).fetchone()
    found = [row[0] for row in (settled, recent) if row and row[0] is not None]
    return (min if is_falling else max)(found, default=None)


def _texts(db: Database, table: str, listed: str, keys: Sequence[str]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    if keys:
        rows = db.conn.execute(_TEXTS.format(table), (listed, json.dumps(list(keys))))
        for number, key, value in rows:
            found.setdefault(number, {})[key] = value
    return found


def _metrics(
    db: Database, listed: str, keys: Sequence[str]
) -> tuple[dict[int, list[MetricPoint]], dict[int, dict[str, tuple[float, float]]]]:
    points: dict[int, list[MetricPoint]] = {}
    extremes: dict[int, dict[str, tuple[float, float]]] = {}
    rows: list[Any] = (
        db.conn.execute(_METRICS, (listed, json.dumps(keys))).fetchall() if keys else []
    )
    for number, key, value, is_nan, step, at_ms, smallest, largest in rows:
        point = MetricPoint(key, math.nan if is_nan else value, step, at_ms)
        points.setdefault(number, []).append(point)
        if smallest is not None:
            extremes.setdefault(number, {})[key] = (smallest, largest)
    return points, extremes
