"""Where a search of runs begins: few candidates, an index walked in order, or the newest.

Each source is SQL that yields runs as r. Which one is quickest depends on how many runs
a condition leaves over, so that is counted first, as far as it matters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nbruns.conditions import Condition, Order, Search
from nbruns.store.database import Database
from nbruns.store.histories import newest_row
from nbruns.store.keyset import Sql, compare
from nbruns.store.run_conditions import KEY_NUMBER, SortKey, value_holds
from nbruns.store.run_values import RUN_NAME_TAG

# Longer texts are not in the index of values: there are few, and they would double the file.
_SHORT = 100
_RANGES = ("=", ">", ">=", "<", "<=")


@dataclass(frozen=True, slots=True)
class Source:
    """SQL from which runs r come, how they sort, and where their number is known first.

    What is walked to reach the runs is called w, so that no condition's own tables hide it.
    """

    sql: Sql
    keys: list[SortKey]
    run: str = "r.run_number"


@dataclass(frozen=True, slots=True)
class Segment:
    """Runs that sort together, from one or more sources.

    `constants` are the sort values all of them share, which come first in a page token;
    the sources' sort keys are what is left.
    """

    constants: tuple[Any, ...]
    sources: tuple[Source, ...]


def segments(
    db: Database, experiment_ids: Sequence[int], search: Search, keys: list[SortKey], limit: int
) -> list[Segment]:
    """The parts of the result in the order they come."""
    few = _few_candidates(db, experiment_ids, search.conditions, limit)
    if few is not None:
        source = Sql(
            f"from ({few.text}) w cross join runs r on r.run_number = w.run_number where true",
            few.values,
        )
        return [Segment((), (Source(source, keys, "w.run_number"),))]
    lead = search.orders[0] if search.orders else None
    if lead is not None and lead.field == "metric" and lead.aggregate == "last":
        asked = [condition for condition in search.conditions if _bounds(condition, lead)]
        return _metric_segments(lead, keys[2:], asked)
    if lead is not None and lead.field in ("param", "tag"):
        return _text_segments(lead, keys[1:])
    return [Segment((), (Source(Sql("from runs r where true"), keys),))]


def all_of(db: Database, conditions: Iterable[Condition]) -> Source:
    """Where to begin to count what conditions leave over: the smallest set an index finds."""
    best, most = Sql("from runs r where true"), _run_count(db) // 2
    for condition in conditions:
        found = _candidates(condition)
        if found is None:
            continue
        (size,) = db.conn.execute(_counted(found), (*found.values, most)).fetchone()
        if size < most:
            text = "cross join runs r on r.run_number = w.run_number where true"
            best, most = Sql(f"from ({found.text}) w {text}", found.values), size
    return Source(best, [], "r.run_number")


def all_with(condition: Condition) -> Sql | None:
    """The numbers of just the runs for which a condition holds; None where no index has them."""
    is_range = condition.field == "metric" and condition.comparator in _RANGES
    return _having_metric(condition) if is_range else None


def _run_count(db: Database) -> int:
    (runs,) = db.conn.execute("select coalesce(max(run_number), 0) from runs").fetchone()
    return int(runs)


def _counted(candidates: Sql) -> str:
    return f"select count(*) from (select 1 from ({candidates.text}) limit ?)"


def _few_candidates(
    db: Database, experiment_ids: Sequence[int], conditions: Iterable[Condition], limit: int
) -> Sql | None:
    """The smallest set of runs that some condition leaves over, if it is small enough."""
    # Walking an index passes about runs / matches rows for each row wanted: with fewer
    # candidates than this, looking at all of them and sorting is quicker.
    most = math.isqrt((limit + 1) * _run_count(db)) + 1
    best: Sql | None = None
    for candidates in _all_candidates(experiment_ids, conditions):
        (found,) = db.conn.execute(_counted(candidates), (*candidates.values, most)).fetchone()
        if found < most:
            most, best = found, candidates
    return best


def _all_candidates(
    experiment_ids: Sequence[int], conditions: Iterable[Condition]
) -> Iterable[Sql]:
    yield Sql(
        "select run_number from runs where experiment_id in (select value from json_each(?))",
        (json.dumps(list(experiment_ids)),),
    )
    for condition in conditions:
        found = _candidates(condition)
        if found is not None:
            yield found


def _candidates(condition: Condition) -> Sql | None:
    """The runs an index finds for a condition; None where no index helps."""
    match condition:
        case Condition("param" | "tag" as field, key, "=", str(value)):
            return _having_text(f"{field}s", key, value)
        case Condition("attribute", "name", "=", str(value)):
            return _having_text("tags", RUN_NAME_TAG, value)
        case Condition("attribute", "run_id", "=" | "in", value):
            return _having_id(value)
        case Condition("dataset", "name" | "digest" as key, "=", str(value)):
            return _having_dataset(key, value)
        case Condition("metric", _, comparator) if comparator in _RANGES:
            return _having_metric(condition)
    return None


def _having_id(value: Any) -> Sql:
    ids = [value] if isinstance(value, str) else list(value)
    text = "select run_number from runs where run_id in (select value from json_each(?))"
    return Sql(text, (json.dumps(ids),))


def _having_dataset(key: str, value: str) -> Sql:
    return Sql(
        f"""
        select distinct run_number
        from datasets
        join run_datasets using (dataset_number)
        where {key} = ?
        """,
        (value,),
    )


def _having_text(table: str, key: str, value: str) -> Sql | None:
    if len(value) > _SHORT:
        return None
    return Sql(
        f"""
        select run_number
        from {table}
        where key = ? and value = ? and length(value) <= {_SHORT}
        """,
        (key, value),
    )


def _having_metric(condition: Condition) -> Sql:
    settled = compare("h.value", condition.comparator, condition.value)
    recent = value_holds(condition, "m.value", "m.is_nan")
    return Sql(
        f"""
        select h.run_number
        from histories h
        where h.key_number = {KEY_NUMBER} and h.is_settled and h.is_nan = 0
        and {settled.text}
        union all
        select h.run_number
        from histories h
        where h.key_number = {KEY_NUMBER} and not h.is_settled
        and (select {recent.text} {newest_row()})
        """,
        (condition.key, *settled.values, condition.key, *recent.values),
    )


def _bounds(condition: Condition, order: Order) -> bool:
    """Whether a condition says between which numbers of an order by a metric all runs lie."""
    return (condition.field, condition.key) == ("metric", order.key) and (
        condition.comparator in _RANGES
    )


def _metric_segments(
    order: Order, rest: list[SortKey], bounds: Sequence[Condition]
) -> list[Segment]:
    """Runs by a metric: the numbers by index, then NaN, then those that never logged it.

    `bounds` let the index begin where the first run may be; only numbers lie within them.
    """
    within = [compare("w.value", bound.comparator, bound.value) for bound in bounds]
    inside = "".join(f" and {bound.text}" for bound in within)
    ends = tuple(value for bound in within for value in bound.values)
    of_key = f"""
        from histories w
        cross join runs r on r.run_number = w.run_number
        where w.key_number = {KEY_NUMBER}
    """
    value, nan = (f"(select m.{what} {newest_row('w')})" for what in ("value", "is_nan"))
    by_value = SortKey(Sql("w.value"), order.ascending, is_nullable=False)
    by_newest = SortKey(Sql(value), order.ascending, is_nullable=False)

    def part(is_nan: int, settled: list[SortKey], recent: list[SortKey]) -> tuple[Source, ...]:
        of_settled = f"{of_key} and w.is_settled and w.is_nan = {is_nan}{inside}"
        of_recent = f"{of_key} and not w.is_settled and {nan} = {is_nan}"
        return (
            Source(Sql(of_settled, (order.key, *ends)), settled, "w.run_number"),
            Source(Sql(of_recent, (order.key,)), recent, "w.run_number"),
        )

    missing = Sql(
        f"""
        from runs r
        where not exists (
            select 1
            from histories h
            where h.run_number = r.run_number and h.key_number = {KEY_NUMBER}
        )
        """,
        (order.key,),
    )
    numbers = Segment((0,), part(0, [by_value, *rest], [by_newest, *rest]))
    if bounds:
        return [numbers]
    return [
        numbers,
        Segment((1, 0.0), part(1, rest, rest)),
        Segment((None, None), (Source(missing, rest),)),
    ]


def _text_segments(order: Order, rest: list[SortKey]) -> list[Segment]:
    """Runs by a param or tag: those that have it by index, then the others."""
    table = f"{order.field}s"
    of_key = f"""
        from {table} w
        cross join runs r on r.run_number = w.run_number
        where w.key = ?
    """
    lengths = (f"<= {_SHORT}", f"> {_SHORT}")
    by_value = [SortKey(Sql("w.value"), order.ascending, is_nullable=False), *rest]
    there = tuple(
        Source(
            Sql(f"{of_key} and length(w.value) {length}", (order.key,)), by_value, "w.run_number"
        )
        for length in lengths
    )
    missing = Sql(
        f"""
        from runs r
        where not exists (
            select 1 from {table} kv where kv.run_number = r.run_number and kv.key = ?
        )
        """,
        (order.key,),
    )
    return [Segment((), there), Segment((None,), (Source(missing, rest),))]
