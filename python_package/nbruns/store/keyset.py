"""Conditions and orders over one table → SQL, and pages that continue after the last row.

Used by the searches of the registry: the columns a search may name come from a dict,
every value is bound. A page token is the JSON of the last row's sort values, so pages
stay right while rows are added.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbruns.conditions import Comparator, Condition
from nbruns.errors import InvalidValue
from nbruns.name_patterns import NameSight
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database

_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the values bound in it."""

    text: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """What rows are sorted by; null comes last either way."""

    expression: Sql
    ascending: bool = True


def compare(expression: str, comparator: Comparator, value: Any) -> Sql:
    """`expression comparator value`; LIKE minds the case, ILIKE does not."""
    match comparator:
        case "is null" | "is not null":
            return Sql(f"{expression} {comparator}")
        case "in" | "not in":
            values = json.dumps(list(value))
            return Sql(f"{expression} {comparator} (select value from json_each(?))", (values,))
        case "like":
            # SQLite's own LIKE takes 'A' for 'a'; its GLOB does not.
            return Sql(f"{expression} glob ?", (_glob(str(value)),))
        case "ilike":
            return Sql(f"lower({expression}) glob lower(?)", (_glob(str(value)),))
        case _:
            return Sql(f"{expression} {comparator} ?", (value,))


def has(table: str, joined: str, key: str, compared: Sql) -> Sql:
    """Whether a row of a key-value table, joined as said, meets a comparison."""
    text = f"exists (select 1 from {table} kv where {joined} and kv.key = ? and {compared.text})"
    return Sql(text, (key, *compared.values))


def in_sight(name: str, sight: NameSight | None) -> Sql:
    """Whether a name, given as an expression, lies in somebody's sight; None sees all."""
    if sight is None:
        return Sql("true")
    # Of these only the bracket means something to GLOB that it does not mean in our patterns.
    whens = [(pattern.replace("[", "[[]"), int(shown)) for pattern, shown in sight.patterns]
    text = "".join(f" when {name} glob ? then ?" for _ in whens)
    values = (*(value for when in whens for value in when), int(sight.otherwise))
    return Sql(f"case{text} else ? end" if whens else "?", values)


def attribute(condition: Condition, columns: Mapping[str, str]) -> Sql:
    """A comparison of one of the allowed columns."""
    return compare(column(condition.key, columns), condition.comparator, condition.value)


def as_kept(condition: Condition, location: str, artifacts: Artifacts) -> Condition:
    """A condition on the attribute that is a location, as the database spells locations."""
    is_location = (condition.field, condition.key) == ("attribute", location)
    if not is_location or condition.comparator not in ("=", "!="):
        return condition
    uri = artifacts.canonical(str(condition.value))
    return Condition("attribute", location, condition.comparator, uri)


def column(key: str, columns: Mapping[str, str]) -> str:
    """The column of an attribute; InvalidValue for one that is not among the allowed."""
    if key not in columns:
        raise InvalidValue(f"Invalid attribute '{key}'; valid ones are {', '.join(columns)}")
    return columns[key]


def fetch_page(
    db: Database,
    select: str,
    wheres: Iterable[Sql],
    terms: Sequence[Term],
    *,
    limit: int,
    token: str | None,
) -> tuple[list[tuple[Any, ...]], str | None]:
    """Up to `limit` rows of a select, sorted, after the row a token names; and the next token.

    The terms must end with what is unique, or rows that tie at a page's end get lost.
    """
    sorts = [f"sort{i}" for i in range(len(terms))]
    sort_columns = ", ".join(
        f"{t.expression.text} as {sort}" for t, sort in zip(terms, sorts, strict=True)
    )
    conditions = list(wheres)
    where = " and ".join(f"({c.text})" for c in conditions) or "true"
    after = _after(terms, _read_token(token, len(terms))) if token else Sql("true")
    order = ", ".join(
        f"{sort} is null, {sort} {'asc' if term.ascending else 'desc'}"
        for term, sort in zip(terms, sorts, strict=True)
    )
    text = f"""
        select * from (select {sort_columns}, {select} where {where})
        where {after.text}
        order by {order}
        limit ?
    """
    values = [v for t in terms for v in t.expression.values]
    values += [v for c in conditions for v in c.values]
    with db.lock:
        rows = db.conn.execute(text, (*values, *after.values, limit + 1)).fetchall()
    more = len(rows) > limit
    page, width = rows[:limit], len(terms)
    next_token = json.dumps(page[-1][:width]) if more and page else None
    return [row[width:] for row in page], next_token


def _after(terms: Sequence[Term], last: Sequence[Any]) -> Sql:
    """Rows sorted behind the given values: later in one term, equal in all before it."""
    choices: list[str] = []
    values: list[Any] = []
    for i, value in enumerate(last):
        if value is None:
            continue  # Nothing of this term comes after null.
        equal = [f"sort{j} is ?" for j in range(i)]
        later = f"(sort{i} {'>' if terms[i].ascending else '<'} ? or sort{i} is null)"
        choices.append(" and ".join([*equal, later]))
        values += [*last[:i], value]
    return Sql(" or ".join(f"({choice})" for choice in choices) or "false", tuple(values))


def _read_token(token: str, width: int) -> list[Any]:
    try:
        values = json.loads(token)
    except ValueError as error:
        raise InvalidValue(f"'{token[:80]}' is not a page token nbruns gave out") from error
    if not isinstance(values, list) or len(values) != width or not all(map(_is_bindable, values)):
        raise InvalidValue(f"'{token[:80]}' is not a page token of this search")
    return values


def _is_bindable(value: object) -> bool:
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return value is None or isinstance(value, str) or _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, float) and not math.isnan(value)


_GLOBS: dict[str, str] = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


def _glob(pattern: str) -> str:
    """A LIKE pattern as GLOB spells it."""
    return "".join(_GLOBS.get(character, character) for character in pattern)


def by_key(db: Database, query: str, keys: Iterable[Any]) -> dict[Any, list[tuple[Any, ...]]]:
    """Rows of a query over many keys (`json_each(?)`), gathered by their first column."""
    gathered: dict[Any, list[tuple[Any, ...]]] = {}
    with db.lock:
        for key, *rest in db.conn.execute(query, (json.dumps(list(keys)),)):
            gathered.setdefault(key, []).append(tuple(rest))
    return gathered
