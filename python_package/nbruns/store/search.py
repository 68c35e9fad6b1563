"""Searches of runs: pages of run numbers, by index where there is one.

A page token is the JSON of the last run's sort values: the next page begins after
them, whatever was added or removed in between.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbruns.conditions import Condition, Search
from nbruns.errors import InvalidValue
from nbruns.records import View
from nbruns.store.database import Database
from nbruns.store.keyset import Sql
from nbruns.store.run_conditions import SortKey, condition_sql, quickest_first, sort_keys
from nbruns.store.run_sources import Segment, Source, all_of, all_with, segments

# Beyond so many places, looking at all candidates and sorting them is never the quicker way.
_FAR = 10_000
# So many runs of other lists are looked at one by one rather than all of this one.
_FEW_OUTSIDE = 5_000


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of a result: so many runs from this one on (0 is the first)."""

    first: int
    count: int
    view: View = "active"


@dataclass(frozen=True, slots=True)
class _Question:
    conditions: list[Condition]
    scope: list[Sql]


def find_runs(
    db: Database,
    experiment_ids: Sequence[int],
    search: Search,
    *,
    view: View,
    limit: int,
    token: str | None,
) -> tuple[list[int], str | None]:
    """The numbers of a page of runs, and the token for the next page."""
    question = _Question(quickest_first(search.conditions), _scope(experiment_ids, view))
    keys = _keys(search)
    after = _read_token(token, len(keys)) if token else None
    rows: list[Sequence[Any]] = []
    for segment in segments(db, experiment_ids, search, keys, limit):
        if after is None or _may_follow(segment, after):
            rows += _rows(db, segment, question, after, limit + 1 - len(rows))
        if len(rows) > limit:
            break
    page = rows[:limit]
    next_token = json.dumps(page[-1][1:]) if len(rows) > limit and page else None
    return [row[0] for row in page], next_token


def find_runs_at(
    db: Database, experiment_ids: Sequence[int], search: Search, among: Sql, *, place: Place
) -> list[int]:
    """The numbers of the runs that stand at some places of a search, counted from its first.

    `among` is what else must hold of run r, or true.
    """
    question = _Question(
        quickest_first(search.conditions), [*_scope(experiment_ids, place.view), among]
    )
    skip = place.first
    found: list[int] = []
    look = min(place.first + place.count, _FAR)
    for segment in segments(db, experiment_ids, search, _keys(search), look):
        part = _numbers_at(db, segment, question, skip, place.count - len(found))
        found += part
        if len(found) >= place.count:
            break
        skip = 0 if part or not skip else skip - _count_segment(db, segment, question)
    return found


def find_children(db: Database, run_number: int, search: Search) -> list[int]:
    """The numbers of the active runs nested right under a run, in the order of a search."""
    keys = _keys(search)
    columns = ", ".join(f"{key.expression.text} as sort{i}" for i, key in enumerate(keys))
    rows = db.conn.execute(
        f"""
        select r.run_number, {columns}
        from runs r
        where r.parent_number = ? and r.stage = 'active'
        order by {_order(keys)}
        """,
        (*(value for key in keys for value in key.expression.values), run_number),
    )
    return [row[0] for row in rows]


def count_runs(
    db: Database, experiment_ids: Sequence[int], search: Search, among: Sql, *, view: View
) -> int:
    """How many runs a search finds; `among` as above."""
    conditions = quickest_first(search.conditions)
    scope = [*_scope(experiment_ids, view), among]
    found = _count_by_index(db, conditions, scope)
    if found is not None:
        return found
    source = all_of(db, conditions)
    return _count(db, source, _Question(conditions, scope))


def _count_by_index(db: Database, conditions: list[Condition], scope: list[Sql]) -> int | None:
    """How many runs meet the only condition, less the few outside of a scope that do too.

    None where there are more conditions, no index for it, or many runs outside.
    """
    every = all_with(conditions[0]) if len(conditions) == 1 else None
    if every is None:
        return None
    inside = Sql(
        " and ".join(f"({where.text})" for where in scope),
        tuple(value for where in scope for value in where.values),
    )
    outside = Source(Sql(f"from runs r where not ({inside.text})", inside.values), [])
    limited = f"select count(*) from (select 1 {outside.sql.text} limit {_FEW_OUTSIDE})"
    (others,) = db.conn.execute(limited, outside.sql.values).fetchone()
    if others == _FEW_OUTSIDE:
        return None
    (found,) = db.conn.execute(f"select count(*) from ({every.text})", every.values).fetchone()
    return int(found) - _count(db, outside, _Question(conditions, []))


def _numbers_at(
    db: Database, segment: Segment, question: _Question, first: int, count: int
) -> list[int]:
    queries = [_query(source, question, None) for source in segment.sources]
    text = _united([query.text for query in queries], segment.sources[0].keys) + " offset ?"
    values = [value for query in queries for value in (*query.values, first + count)]
    values = [*values, count, first] if len(queries) > 1 else [*values[:-1], count, first]
    rows = db.conn.execute(f"select run_number from ({text})", values)
    return [number for (number,) in rows]


def _count_segment(db: Database, segment: Segment, question: _Question) -> int:
    return sum(_count(db, source, question) for source in segment.sources)


def _count(db: Database, source: Source, question: _Question) -> int:
    holds = [condition_sql(condition, source.run) for condition in question.conditions]
    holds += question.scope
    text = f"select count(*) {source.sql.text} {''.join(f' and {w.text}' for w in holds)}"
    values = (*source.sql.values, *(value for where in holds for value in where.values))
    return int(db.conn.execute(text, values).fetchone()[0])


def _scope(experiment_ids: Sequence[int], view: View) -> list[Sql]:
    if len(experiment_ids) == 1:
        scope = [Sql("r.experiment_id = ?", (experiment_ids[0],))]
    else:
        # The plus keeps SQLite from taking the experiments one by one and sorting them all.
        text = "+r.experiment_id in (select value from json_each(?))"
        scope = [Sql(text, (json.dumps(list(experiment_ids)),))]
    return scope if view == "all" else [*scope, Sql("r.stage = ?", (view,))]


def _keys(search: Search) -> list[SortKey]:
    """All that runs are sorted by: what was asked for, then the newest, then their ids."""
    named = [(order.field, order.key) for order in search.orders]
    if len(set(named)) < len(named):
        raise InvalidValue("The same field stands twice in `order_by`")
    keys = [key for order in search.orders for key in sort_keys(order)]
    if ("attribute", "started_ms") not in named:
        keys.append(SortKey(Sql("r.started_ms"), ascending=False, is_nullable=False))
    return [*keys, SortKey(Sql("r.run_id"), is_nullable=False)]


def _may_follow(segment: Segment, after: Sequence[Any]) -> bool:
    """Whether runs of a segment can come after a position: not in segments before it."""
    for constant, value in zip(segment.constants, after, strict=False):
        if constant != value:
            return value is not None and (constant is None or constant > value)
    return True


def _rows(
    db: Database, segment: Segment, question: _Question, after: Sequence[Any] | None, limit: int
) -> list[Sequence[Any]]:
    """Up to `limit` rows of a segment: run number, then all sort values."""
    shared = len(segment.constants)
    begins_inside = after is not None and list(after[:shared]) == list(segment.constants)
    bound = after[shared:] if after is not None and begins_inside else None
    queries = [_query(source, question, bound) for source in segment.sources]
    text = _united([query.text for query in queries], segment.sources[0].keys)
    values = [value for query in queries for value in (*query.values, limit)]
    if len(queries) > 1:
        values.append(limit)
    found = db.conn.execute(text, values).fetchall()
    return [(row[0], *segment.constants, *row[1:]) for row in found]


def _query(source: Source, question: _Question, bound: Sequence[Any] | None) -> Sql:
    keys = source.keys
    columns = ", ".join(f"{key.expression.text} as sort{i}" for i, key in enumerate(keys))
    holds = [condition_sql(condition, source.run) for condition in question.conditions]
    holds += question.scope
    after = Sql("true") if bound is None else _after(keys, bound)
    text = f"""
        select * from (
            select r.run_number, {columns}
            {source.sql.text} {"".join(f" and {where.text}" for where in holds)}
        )
        where {after.text}
        order by {_order(keys)}
        limit ?
    """
    values = [value for key in keys for value in key.expression.values]
    values += [*source.sql.values, *(value for where in holds for value in where.values)]
    return Sql(text, (*values, *after.values))


def _united(texts: list[str], keys: list[SortKey]) -> str:
    if len(texts) == 1:
        return texts[0]
    parts = " union all ".join(f"select * from ({text})" for text in texts)
    return f"select * from ({parts}) order by {_order(keys)} limit ?"


def _order(keys: list[SortKey]) -> str:
    return ", ".join(
        (f"sort{i} is null, " if key.is_nullable else "")
        + f"sort{i} {'asc' if key.ascending else 'desc'}"
        for i, key in enumerate(keys)
    )


def _after(keys: list[SortKey], last: Sequence[Any]) -> Sql:
    """Sorted behind the given values: later in one key, equal in all before it."""
    choices: list[str] = []
    values: list[Any] = []
    for i, (key, value) in enumerate(zip(keys, last, strict=True)):
        if value is None:
            continue  # Nothing of this key comes after null.
        later = f"sort{i} {'>' if key.ascending else '<'} ?"
        if key.is_nullable:
            later = f"({later} or sort{i} is null)"
        choices.append(" and ".join([*(f"sort{j} is ?" for j in range(i)), later]))
        values += [*last[:i], value]
    text = " or ".join(f"({choice})" for choice in choices) or "false"
    if not keys[0].is_nullable:
        # Says nothing new, but lets the index begin there.
        text = f"sort0 {'>=' if keys[0].ascending else '<='} ? and ({text})"
        values.insert(0, last[0])
    return Sql(f"({text})", tuple(values))


def _read_token(token: str, width: int) -> list[Any]:
    try:
        values = json.loads(token)
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != width or not all(map(_is_sortable, values)):
        raise InvalidValue(f"'{token[:80]}' is not a page token of this search")
    return values


def _is_sortable(value: object) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, (str, float))
