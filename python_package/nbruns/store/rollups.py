"""From recent points to histories and blocks: what keeps long histories quick to draw.

A block holds the first, last, smallest and largest value and one NaN of some 256 points.
They are kept while logging, so that a chart of a million points reads four thousand rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from nbruns.store.database import Database

BATCH = 64
BLOCK = 256

Row = tuple[int, int, float, int]  # step, at_ms, value, is_nan

_RECENT = """
select step, at_ms, value, is_nan
from recent_metrics
where run_number = ? and key_number = ?
order by step, key_number, at_ms, value, is_nan
"""
_RECENT_OF_RUN = """
select key_number, step, at_ms, value, is_nan
from recent_metrics
where run_number = ?1 and key_number in (
    select key_number
    from recent_metrics
    where run_number = ?1
    group by key_number
    having count(*) > ?2
)
order by step, key_number, at_ms, value, is_nan
"""
_IS_ROLLED = """
m.run_number = ? and exists (
    select 1
    from histories h
    where h.run_number = m.run_number and h.key_number = m.key_number
    and (m.step, m.at_ms) <= (h.rolled_step, h.rolled_at_ms)
)
"""
_MOVE = f"""
insert into metrics (run_number, key_number, step, at_ms, value, is_nan)
select run_number, key_number, step, at_ms, value, is_nan
from recent_metrics m
where {_IS_ROLLED}
order by key_number, step, at_ms, value, is_nan
"""
_FORGET = f"delete from recent_metrics as m where {_IS_ROLLED}"
_LAST_BLOCK = """
select first_step, first_at_ms, first_value, last_step, last_at_ms, last_value,
    smallest, smallest_step, smallest_at_ms, largest, largest_step, largest_at_ms,
    nan_step, nan_at_ms, point_count
from metric_blocks
where run_number = ? and key_number = ?
order by first_step desc, first_at_ms desc
limit 1
"""


def recent_rows(db: Database, run_number: int, key_number: int) -> list[Row]:
    """The points of a history that are not rolled up, by step, time and value."""
    return db.conn.execute(_RECENT, (run_number, key_number)).fetchall()


def roll_up(db: Database, run_number: int) -> None:
    """Move the recent points of a run on, of each metric that has enough of them."""
    with db.atomic():
        by_key: dict[int, list[Row]] = {}
        rows: list[Row]
        for key_number, step, at_ms, value, is_nan in db.conn.execute(
            _RECENT_OF_RUN, (run_number, BATCH)
        ):
            by_key.setdefault(key_number, []).append((step, at_ms, value, is_nan))
        for key_number, rows in by_key.items():
            if (count := movable(rows)) >= BATCH:
                add_blocks(db, (run_number, key_number), rows[:count])
        db.conn.execute(_MOVE, (run_number,))
        db.conn.execute(_FORGET, (run_number,))


def movable(rows: list[Row]) -> int:
    """How many rows can move: those of one step and time stay together, and the newest stays."""
    count = len(rows) - 1
    while count > 0 and rows[count][:2] == rows[count - 1][:2]:
        count -= 1
    return count


def add_blocks(db: Database, series: tuple[int, int], rows: list[Row]) -> None:
    """Sum up rows that come after all that is summed up."""
    start = _fill_last_block(db, series, rows)
    while start < len(rows):
        end = _end_of_block(rows, start, BLOCK)
        _put_block(db, series, _block(rows[start:end]))
        start = end
    _advance(db, series, rows)


def _fill_last_block(db: Database, series: tuple[int, int], rows: list[Row]) -> int:
    """Put rows into the newest block as long as it has room; returns how many went in."""
    last = db.conn.execute(_LAST_BLOCK, series).fetchone()
    if last is None or last[-1] >= BLOCK:
        return 0
    end = _end_of_block(rows, 0, BLOCK - last[-1])
    _put_block(db, series, _merged(last, _block(rows[:end])))
    return end


def _end_of_block(rows: list[Row], start: int, size: int) -> int:
    """Where a block ends: rows of one step and time are never parted."""
    end = min(start + size, len(rows))
    while end < len(rows) and rows[end][:2] == rows[end - 1][:2]:
        end += 1
    return end


def _put_block(db: Database, series: tuple[int, int], block: Sequence[Any]) -> None:
    db.conn.execute(
        f"insert or replace into metric_blocks values ({', '.join('?' * 17)})", (*series, *block)
    )


def _block(rows: list[Row]) -> tuple[Any, ...]:
    numbers = [row for row in rows if not row[3]]
    smallest: Any = min(numbers, key=_value, default=(None,) * 4)
    largest: Any = max(numbers, key=_value, default=(None,) * 4)
    nan: Any = next((row for row in rows if row[3]), (None,) * 4)
    first, last = rows[0], rows[-1]
    return (
        *(first[0], first[1], _plain(first)),
        *(last[0], last[1], _plain(last)),
        *(smallest[2], smallest[0], smallest[1]),
        *(largest[2], largest[0], largest[1]),
        *(nan[0], nan[1]),
        len(rows),
    )


def _merged(block: Sequence[Any], more: Sequence[Any]) -> tuple[Any, ...]:
    """A block and the one right after it as one."""
    smallest = min((block[6:9], more[6:9]), key=lambda v: (v[0] is None, v[0] or 0))
    largest = max((block[9:12], more[9:12]), key=lambda v: (v[0] is not None, v[0] or 0))
    nan = block[12:14] if block[12] is not None else more[12:14]
    return (*block[0:3], *more[3:6], *smallest, *largest, *nan, block[14] + more[14])


def _value(row: Row) -> float:
    return row[2]


def _plain(row: Row) -> float | None:
    return None if row[3] else row[2]


def _advance(db: Database, series: tuple[int, int], rows: list[Row]) -> None:
    """Say how far the blocks reach, and whether time ever ran against the steps."""
    is_tangled = any(later[1] < earlier[1] for earlier, later in pairwise(rows))
    db.conn.execute(
        """
        update histories
        set is_tangled = is_tangled or ? or rolled_at_ms > ?, rolled_step = ?, rolled_at_ms = ?
        where run_number = ? and key_number = ?
        """,
        (is_tangled, rows[0][1], rows[-1][0], rows[-1][1], *series),
    )
