"""One row per run and metric: the newest value, and whether it is settled.

While a metric is being logged its row is not settled: the newest value is the last
row of `recent_metrics`, and logging writes that table alone. Settling copies the newest,
smallest and largest value into `histories`, where searches find them by index. It
happens when a run ends or is deleted; logging more unsettles the history again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from nbruns.records import MetricPoint
from nbruns.store.database import Database

LARGEST_FLOAT = 1.7976931348623157e308


def newest_row(history: str = "h") -> str:
    """The end of a select of the newest row m of a history, by its alias."""
    # The plus and the key in the order make SQLite read it off the end of the index: it
    # would drop a constant from the order, and sort.
    return f"""
        from recent_metrics m
        where m.run_number = {history}.run_number and +m.key_number = {history}.key_number
        order by m.step desc, m.key_number desc, m.at_ms desc, m.value desc, m.is_nan desc
        limit 1
    """


def extreme_of(function: str, column: str) -> str:
    """The smallest or largest value of the history `h`: of its blocks and its recent rows."""
    return f"""
        select {function}(v) from (
            select {function}(b.{column}) as v
            from metric_blocks b
            where b.run_number = h.run_number and b.key_number = h.key_number
            union all
            select {function}(m.value)
            from recent_metrics m
            where m.run_number = h.run_number and m.key_number = h.key_number and not m.is_nan
        )
    """


_SETTLE = f"""
update histories as h
set (step, at_ms, value, is_nan) = (
        select m.step, m.at_ms, m.value, m.is_nan {newest_row()}
    ),
    smallest = ({extreme_of("min", "smallest")}),
    largest = ({extreme_of("max", "largest")}),
    is_settled = 1
where not h.is_settled and h.run_number
"""

_SETTLED = """
select h.run_number, k.key, h.value, h.is_nan, h.step, h.at_ms
from json_each(?) n
cross join histories h on h.run_number = n.value
join metric_keys k using (key_number)
where h.is_settled
"""
_WITH_UNSETTLED = """
select distinct h.run_number
from json_each(?) n
cross join histories h on h.run_number = n.value
where not h.is_settled
"""
# All recent rows of a run, read once: its newest rows by key are the first to come.
_RECENT = """
select k.key, m.value, m.is_nan, m.step, m.at_ms
from recent_metrics m
join metric_keys k using (key_number)
where m.run_number = ?
order by m.step desc, m.key_number desc, m.at_ms desc, m.value desc, m.is_nan desc
"""


def stored(value: float) -> tuple[float, int]:
    """A value as kept, by MLflow's rule: NaN as 0 with a mark, infinity as the largest number."""
    if math.isnan(value):
        return 0.0, 1
    return max(-LARGEST_FLOAT, min(LARGEST_FLOAT, float(value))), 0


def settle_run(db: Database, run_number: int) -> None:
    """Copy the newest, smallest and largest values of a run to where searches look."""
    db.conn.execute(f"{_SETTLE} = ?", (run_number,))


def settle_experiment(db: Database, experiment_id: int) -> None:
    """Settle all histories of an experiment's runs."""
    db.conn.execute(
        f"{_SETTLE} in (select run_number from runs where experiment_id = ?)", (experiment_id,)
    )


def newest(db: Database, run_numbers: Iterable[int]) -> dict[int, list[MetricPoint]]:
    """The newest point of each metric of each run, by key."""
    listed = json.dumps(list(run_numbers))
    found: dict[int, dict[str, MetricPoint]] = {}
    with db.lock:
        rows: list[Any] = db.conn.execute(_SETTLED, (listed,)).fetchall()
        unsettled = db.conn.execute(_WITH_UNSETTLED, (listed,)).fetchall()
        recent = {number: db.conn.execute(_RECENT, (number,)).fetchall() for (number,) in unsettled}
    for number, key, *point in rows:
        found.setdefault(number, {})[key] = _point(key, *point)
    for number, points in recent.items():
        of_run = found.setdefault(number, {})
        for key, *point in points:
            if key not in of_run:
                of_run[key] = _point(key, *point)
    return {number: [of_run[key] for key in sorted(of_run)] for number, of_run in found.items()}


def _point(key: str, value: float, is_nan: int, step: int, at_ms: int) -> MetricPoint:
    return MetricPoint(key, math.nan if is_nan else value, step, at_ms)
