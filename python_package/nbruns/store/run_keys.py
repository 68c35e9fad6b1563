"""What the runs of an experiment have logged: the keys a list can show, and their usual values.

An experiment may hold millions of params. Read are those of its newest runs and of its
oldest; a key that none of them has is looked up in the index, as far as that is cheap.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from nbruns.records import LoggedKey
from nbruns.store.database import Database

Kind = Literal["metrics", "params", "tags"]

NEWEST, OLDEST = 200, 100
_LOOKED_THROUGH = 1_000
# Keys looked up one by one, and entries of the index of each.
_MOST_RARE, _RARE_ENTRIES = 400, 500

_RUNS = """
select run_number
from runs
where experiment_id = ? and stage = 'active'
order by started_ms {}
limit ?
"""
_METRICS = """
select k.key, c.runs, c.runs
from (
    select h.key_number, count(*) as runs
    from json_each(?) n
    cross join histories h on h.run_number = n.value
    group by h.key_number
) c
join metric_keys k using (key_number)
order by k.key
"""
_TEXTS = """
select p.key, count(*), count(distinct substr(p.value, 1, 100))
from json_each(?) n
cross join {} p on p.run_number = n.value
group by p.key
order by p.key
"""
_ALL_METRICS = "select key from metric_keys order by key limit ?"
# From key to key by index, whatever lies between them.
_ALL_TEXTS = """
with recursive all_keys (key) as (
    select min(key) from {0} where length(value) <= 100
    union all
    select (select min(t.key) from {0} t where t.key > a.key and length(t.value) <= 100)
    from all_keys a
    where a.key is not null
)
select key from all_keys where key is not null limit ?
"""
_HAS_METRIC = """
select 1
from (
    select run_number
    from histories
    where key_number = (select key_number from metric_keys where key = ?) and is_settled
    limit ?
)
join runs using (run_number)
where experiment_id = ?
limit 1
"""
_HAS_TEXT = """
select 1
from (select run_number from {} where key = ? and length(value) <= 100 limit ?)
join runs using (run_number)
where experiment_id = ?
limit 1
"""
_VALUES = """
select p.value
from json_each(?) n
cross join {} p on p.run_number = n.value and p.key = ?
where length(p.value) <= 100
group by p.value
order by count(*) desc, p.value
limit ?
"""


def logged_keys(
    db: Database, experiment_id: int, kind: Kind, *, with_rare: bool = True
) -> list[LoggedKey]:
    """What runs have of a kind, by key; of the rare ones no count is known."""
    listed = _some_runs(db, experiment_id, NEWEST, OLDEST if with_rare else 0)
    query = _METRICS if kind == "metrics" else _TEXTS.format(kind)
    with db.lock:
        found = [LoggedKey(*row) for row in db.conn.execute(query, (listed,))]
        if with_rare:
            found += _rare(db, experiment_id, kind, {one.key for one in found})
    return sorted(found, key=lambda one: one.key)


def metric_keys(db: Database, run_numbers: Sequence[int]) -> list[LoggedKey]:
    """The metrics that some runs have, by key."""
    with db.lock:
        rows = db.conn.execute(_METRICS, (json.dumps(list(run_numbers)),))
        return [LoggedKey(*row) for row in rows]


def logged_values(
    db: Database, experiment_id: int, kind: Kind, key: str, *, limit: int
) -> list[str]:
    """The values newer runs have of a param or a tag, the most frequent first."""
    if kind == "metrics":
        return []
    listed = _some_runs(db, experiment_id, _LOOKED_THROUGH, 0)
    with db.lock:
        rows = db.conn.execute(_VALUES.format(kind), (listed, key, limit))
        return [value for (value,) in rows]


def _some_runs(db: Database, experiment_id: int, newest: int, oldest: int) -> str:
    found: set[int] = set()
    with db.lock:
        for direction, limit in (("desc", newest), ("asc", oldest)):
            rows = db.conn.execute(_RUNS.format(direction), (experiment_id, limit))
            found.update(number for (number,) in rows)
    return json.dumps(sorted(found))


def _rare(db: Database, experiment_id: int, kind: Kind, known: set[str]) -> Sequence[LoggedKey]:
    query = _ALL_METRICS if kind == "metrics" else _ALL_TEXTS.format(kind)
    has = _HAS_METRIC if kind == "metrics" else _HAS_TEXT.format(kind)
    keys = [key for (key,) in db.conn.execute(query, (_MOST_RARE + len(known),))]
    return [
        LoggedKey(key, 0, 0)
        for key in keys
        if key not in known and db.conn.execute(has, (key, _RARE_ENTRIES, experiment_id)).fetchone()
    ]
