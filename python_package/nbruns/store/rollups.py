"""Blocks of 256 points of a history: first, last, smallest, largest and one NaN of each.

Kept while logging, so that a chart of a million points reads some four thousand rows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from nbruns.store.database import Database

BLOCK = 256

Row = tuple[int, int, float, int]  # step, at_ms, value, is_nan

_TAIL = """
select m.step, m.at_ms, m.value, m.is_nan
from metrics m
where m.run_number = ?1 and m.key_number = ?2 and (m.step, m.at_ms) > (
    select rolled_step, rolled_at_ms
    from histories
    where run_number = ?1 and key_number = ?2
)
order by m.step, m.at_ms, m.value, m.is_nan
"""


def roll_up(db: Database, run_number: int, key_number: int) -> int:
    """Make blocks of what is complete; returns how many rows stay unrolled."""
    with db.atomic():
        rows: list[Row] = db.conn.execute(_TAIL, (run_number, key_number)).fetchall()
        start = 0
        while len(rows) - start >= BLOCK:
            end = _end_of_block(rows, start)
            _insert_block(db, run_number, key_number, rows[start:end])
            start = end
        if start:
            _advance(db, run_number, key_number, rows[:start])
        return len(rows) - start


def _end_of_block(rows: list[Row], start: int) -> int:
    """Where a block ends: rows of one step and time are never parted."""
    end = start + BLOCK
    while end < len(rows) and rows[end][:2] == rows[end - 1][:2]:
        end += 1
    return end


def _insert_block(db: Database, run_number: int, key_number: int, rows: list[Row]) -> None:
    numbers = [row for row in rows if not row[3]]
    smallest: Any = min(numbers, key=_value, default=(None,) * 4)
    largest: Any = max(numbers, key=_value, default=(None,) * 4)
    nan: Any = next((row for row in rows if row[3]), (None,) * 4)
    first, last = rows[0], rows[-1]
    db.conn.execute(
        f"insert into metric_blocks values ({', '.join('?' * 16)})",
        (
            run_number,
            key_number,
            *(first[0], first[1], _plain(first)),
            *(last[0], last[1], _plain(last)),
            *(smallest[2], smallest[0], smallest[1]),
            *(largest[2], largest[0], largest[1]),
            *(nan[0], nan[1]),
        ),
    )


def _value(row: Row) -> float:
    return row[2]


def _plain(row: Row) -> float | None:
    return None if row[3] else row[2]


def _advance(db: Database, run_number: int, key_number: int, rows: list[Row]) -> None:
    """Say how far the blocks reach, and whether time ever ran against the steps."""
    times = [row[1] for row in rows]
    tangled = any(later < earlier for earlier, later in pairwise(times))
    db.conn.execute(
        """
        update histories
        set is_tangled = is_tangled or ? or rolled_at_ms > ?, rolled_step = ?, rolled_at_ms = ?
        where run_number = ? and key_number = ?
        """,
        (tangled, times[0], rows[-1][0], rows[-1][1], run_number, key_number),
    )


_BLOCK_OF_LATE = """
select first_step, first_at_ms
from metric_blocks
where run_number = ?1 and key_number = ?2 and (
    (first_step, first_at_ms) <= (?3, ?4)
    or (first_step, first_at_ms) = (
        select first_step, first_at_ms
        from metric_blocks
        where run_number = ?1 and key_number = ?2
        order by first_step, first_at_ms
        limit 1
    )
)
order by first_step desc, first_at_ms desc
limit 1
"""

_ADD_LATE = """
update metric_blocks
set first_value = iif((?3, ?4) < (first_step, first_at_ms), ?5, first_value),
    last_value = iif((?3, ?4) > (last_step, last_at_ms), ?5, last_value),
    last_step = iif((?3, ?4) > (last_step, last_at_ms), ?3, last_step),
    last_at_ms = iif((?3, ?4) > (last_step, last_at_ms), ?4, last_at_ms),
    smallest_step = iif(?5 < coalesce(smallest, 9e999), ?3, smallest_step),
    smallest_at_ms = iif(?5 < coalesce(smallest, 9e999), ?4, smallest_at_ms),
    smallest = iif(?5 < coalesce(smallest, 9e999), ?5, smallest),
    largest_step = iif(?5 > coalesce(largest, -9e999), ?3, largest_step),
    largest_at_ms = iif(?5 > coalesce(largest, -9e999), ?4, largest_at_ms),
    largest = iif(?5 > coalesce(largest, -9e999), ?5, largest),
    nan_step = iif(?5 is null, coalesce(nan_step, ?3), nan_step),
    nan_at_ms = iif(?5 is null, coalesce(nan_at_ms, ?4), nan_at_ms),
    first_step = iif((?3, ?4) < (first_step, first_at_ms), ?3, first_step),
    first_at_ms = iif((?3, ?4) < (first_step, first_at_ms), ?4, first_at_ms)
where run_number = ?1 and key_number = ?2 and first_step = ?6 and first_at_ms = ?7
"""


def add_late(db: Database, run_number: int, key_number: int, row: Row) -> None:
    """Take a point that came out of order into the block whose range it falls in."""
    at = (run_number, key_number, row[0], row[1])
    block = db.conn.execute(_BLOCK_OF_LATE, at).fetchone()
    db.conn.execute(_ADD_LATE, (*at, _plain(row), *block))
    db.conn.execute(
        "update histories set is_tangled = 1 where run_number = ? and key_number = ?", at[:2]
    )
