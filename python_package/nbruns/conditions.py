"""A search as plain data: what must hold, and in which order.

`protocol/filters.py` makes these from filter text, `store/search.py` turns them
into SQL; neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nbruns.name_patterns import NameSight
from nbruns.records import Aggregate

Field = Literal["attribute", "param", "metric", "tag", "dataset"]
Comparator = Literal[
    "=", "!=", ">", ">=", "<", "<=", "like", "ilike", "in", "not in", "is null", "is not null"
]
Value = str | float | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison, e.g. metric 'acc' > 0.9; `value` is None for the null tests."""

    field: Field
    key: str
    comparator: Comparator
    value: Value = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One ordering term; missing values always come last."""

    field: Field
    key: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None
    aggregate: Aggregate = "last"


@dataclass(frozen=True, slots=True)
class Search:
    """All conditions hold (AND); orders apply from the first to the last.

    What lies out of the reader's `sight` by its name is not found.
    """

    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = ()
    sight: NameSight | None = None
