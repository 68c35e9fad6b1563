"""One row per run and metric: the newest value, and whether it is settled.

While a metric is being logged its row is not settled: the newest value is the last
row of `metrics`, and logging writes that table alone. Settling copies the newest,
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

# The newest row of an unsettled history h, to be joined as m.
NEWEST_ROW = """
    (m.run_number, m.key_number, m.step, m.at_ms, m.value, m.is_nan) = (
        select l.run_number, l.key_number, l.step, l.at_ms, l.value, l.is_nan
        from metrics l
        where l.run_number = h.run_number and l.key_number = h.key_number
        order by l.step desc, l.at_ms desc, l.value desc, l.is_nan desc
        limit 1
    )
"""

_SETTLE = """
update histories as h
set (step, at_ms, value, is_nan) = (
        select m.step, m.at_ms, m.value, m.is_nan
        from metrics m
        where m.run_number = h.run_number and m.key_number = h.key_number
        order by m.step desc, m.at_ms desc, m.value desc, m.is_nan desc
        limit 1
    ),
    smallest = (
        select min(v) from (
            select min(b.smallest) as v
            from metric_blocks b
            where b.run_number = h.run_number and b.key_number = h.key_number
            union all
            select min(m.value)
            from metrics m
            where m.run_number = h.run_number and m.key_number = h.key_number
            and (m.step, m.at_ms) > (h.rolled_step, h.rolled_at_ms) and not m.is_nan
        )
    ),
    largest = (
        select max(v) from (
            select max(b.largest) as v
            from metric_blocks b
            where b.run_number = h.run_number and b.key_number = h.key_number
            union all
            select max(m.value)
            from metrics m
            where m.run_number = h.run_number and m.key_number = h.key_number
            and (m.step, m.at_ms) > (h.rolled_step, h.rolled_at_ms) and not m.is_nan
        )
    ),
    is_settled = 1
where not h.is_settled and h.run_number
"""

_NEWEST = f"""
select h.run_number, k.key, h.value, h.is_nan, h.step, h.at_ms
from json_each(?1) n
cross join histories h on h.run_number = n.value
join metric_keys k using (key_number)
where h.is_settled
union all
select h.run_number, k.key, m.value, m.is_nan, m.step, m.at_ms
from json_each(?1) n
cross join histories h on h.run_number = n.value
join metric_keys k using (key_number)
join metrics m on {NEWEST_ROW}
where not h.is_settled
order by 1, 2
"""


def stored(value: float) -> tuple[float, int]:
    """A value as kept, by MLflow's rule: NaN as 0 with a mark, infinity as the largest number."""
    if math.isnan(value):
        return 0.0, 1
    return max(-LARGEST_FLOAT, min(LARGEST_FLOAT, value)), 0


def loaded(value: float, is_nan: int) -> float:
    """A value as it is handed out."""
    return math.nan if is_nan else value


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
    found: dict[int, list[MetricPoint]] = {}
    with db.lock:
        rows: list[Any] = db.conn.execute(_NEWEST, (json.dumps(list(run_numbers)),)).fetchall()
    for number, key, value, is_nan, step, at_ms in rows:
        point = MetricPoint(key, math.nan if is_nan else value, step, at_ms)
        found.setdefault(number, []).append(point)
    return found
