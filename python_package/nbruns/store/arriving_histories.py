"""Whole histories at once: written where logging would have moved them by now.

A million points take the short way to `metrics` and its blocks; only the newest of them
lie among the recent ones, where searches and later logging look.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from nbruns.errors import InvalidValue
from nbruns.store.database import Database
from nbruns.store.histories import LARGEST_FLOAT
from nbruns.store.rollups import BATCH, Row, add_blocks, movable

Point = tuple[int, int, float]  # step, at_ms, value

_INSERT = """
insert into {} (run_number, key_number, step, at_ms, value, is_nan)
values (?, ?, ?, ?, ?, ?)
"""


def add_history(db: Database, run_number: int, key: str, points: Sequence[Point]) -> None:
    """Write the first points of a metric, in any order; twice the same is once."""
    rows = sorted(set(_rows(key, points)))
    series = (run_number, _key_number(db, key))
    db.conn.execute("insert into histories (run_number, key_number) values (?, ?)", series)
    count = movable(rows)
    count = count if count >= BATCH else 0
    db.conn.executemany(_INSERT.format("metrics"), ((*series, *row) for row in rows[:count]))
    if count:
        add_blocks(db, series, rows[:count])
    db.conn.executemany(_INSERT.format("recent_metrics"), ((*series, *row) for row in rows[count:]))


def _rows(key: str, points: Sequence[Point]) -> Iterable[Row]:
    """Points as they are kept, by the rule of `histories.stored`."""
    largest = LARGEST_FLOAT
    for step, at_ms, value in points:
        if at_ms < 0:
            raise InvalidValue(f"The metric '{key}' has a point of the time {at_ms}")
        if -largest <= value <= largest:
            yield step, at_ms, value, 0
        elif math.isnan(value):
            yield step, at_ms, 0.0, 1
        else:
            yield step, at_ms, largest if value > 0 else -largest, 0


def _key_number(db: Database, key: str) -> int:
    db.conn.execute("insert or ignore into metric_keys (key) values (?)", (key,))
    row = db.conn.execute("select key_number from metric_keys where key = ?", (key,)).fetchone()
    return int(row[0])
