"""A long history thinned to a few points that draw the same curve.

The range is cut into buckets of equal point counts; of each the smallest and the
largest value stay, and of the whole the first and the last. Long stretches are read
from blocks, the newest rows and the ends of a range as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

from nbruns.store.database import Database
from nbruns.store.rollups import BLOCK, Row, recent_rows

# Below this, rows are read one by one: a block keeps too few of them for a smooth curve.
_FEW = 128 * BLOCK

_BLOCKS = """
select first_step, first_at_ms, first_value, last_step, last_at_ms, last_value,
    smallest_step, smallest_at_ms, smallest, largest_step, largest_at_ms, largest,
    nan_step, nan_at_ms
from metric_blocks
where run_number = ? and key_number = ? and first_step >= ? and last_step <= ?
order by first_step, first_at_ms
"""
_ROWS = """
select step, at_ms, value, is_nan
from metrics
where run_number = ? and key_number = ? and step between ? and ?
and (+step, at_ms) > (?, ?) and (+step, at_ms) < (?, ?)
order by step, at_ms, value, is_nan
"""
_smallest, _largest = itemgetter(8), itemgetter(11)
_ENDS = (-(2**63), 2**63 - 1)


def sample(
    db: Database,
    run_number: int,
    key_number: int,
    *,
    points: int,
    start_step: int | None,
    end_step: int | None,
) -> list[Row]:
    """At most `points` rows of a history between two steps, by step, extremes among them."""
    series = (run_number, key_number)
    steps = (
        _ENDS[0] if start_step is None else start_step,
        _ENDS[1] if end_step is None else end_step,
    )
    with db.lock:
        blocks: list[Any] = db.conn.execute(_BLOCKS, (*series, *steps)).fetchall()
        recent = [r for r in recent_rows(db, *series) if steps[0] <= r[0] <= steps[1]]
        if len(blocks) * BLOCK <= max(_FEW, 4 * points):
            return _thin(_rows(db, series, steps) + recent, points)
        head = _rows(db, series, steps, before=blocks[0][:2])
        tail = _rows(db, series, steps, after=blocks[-1][3:5]) + recent
    return _thin_blocks(head, blocks, tail, points)


def _rows(
    db: Database,
    series: tuple[int, int],
    steps: tuple[int, int],
    *,
    after: Sequence[int] = (_ENDS[0], -1),
    before: Sequence[int] = (_ENDS[1], _ENDS[1]),
) -> list[Row]:
    # The steps alone are what SQLite finds by index, on both sides.
    first, last = max(steps[0], after[0]), min(steps[1], before[0])
    return db.conn.execute(_ROWS, (*series, first, last, *after, *before)).fetchall()


def _thin(rows: list[Row], points: int) -> list[Row]:
    """Rows by step, thinned: buckets of as many rows each."""
    if len(rows) <= points:
        return rows
    size = math.ceil(len(rows) / _bucket_count(points))
    extremes = [row for i in range(0, len(rows), size) for row in _extremes(rows[i : i + size])]
    return _kept(extremes, (row for row in rows if row[3]), rows[0], rows[-1], points)


def _thin_blocks(head: list[Row], blocks: list[Any], tail: list[Row], points: int) -> list[Row]:
    """Blocks thinned with the rows before and after them: buckets of as many whole blocks."""
    size = math.ceil((len(blocks) + (len(head) + len(tail)) / BLOCK) / _bucket_count(points))
    extremes = [
        row
        for rows in (head, tail)
        for i in range(0, len(rows), size * BLOCK)
        for row in _extremes(rows[i : i + size * BLOCK])
    ]
    numbers = [block for block in blocks if block[8] is not None]
    for i in range(0, len(numbers), size):
        low = min(numbers[i : i + size], key=_smallest)
        high = max(numbers[i : i + size], key=_largest)
        extremes += ((*low[6:9], 0), (*high[9:12], 0))
    nans = [(block[12], block[13], 0.0, 1) for block in blocks if block[12] is not None]
    nans += [row for rows in (head, tail) for row in rows if row[3]]
    first = head[0] if head else _end(blocks[0][0:3])
    last = tail[-1] if tail else _end(blocks[-1][3:6])
    # A bucket cut short where rows meet blocks may leave a few too many.
    return _thin(_kept(extremes, nans, first, last, points), points)


def _bucket_count(points: int) -> int:
    """How many buckets leave two rows each, besides the first and the last of all."""
    return max(1, (points - 2) // 2)


def _extremes(bucket: list[Row]) -> tuple[Row, Row]:
    return min(bucket, key=_low), max(bucket, key=_high)


def _end(point: Sequence[Any]) -> Row:
    step, at_ms, value = point
    return (step, at_ms, 0.0, 1) if value is None else (step, at_ms, value, 0)


def _kept(
    extremes: list[Row], nans: Iterable[Row], first: Row, last: Row, points: int
) -> list[Row]:
    """By step: the last, the first, the extremes, and NaN as far as there is room."""
    if points == 1:
        return [last]
    kept = {first, last}
    if points > 3:
        kept.update(extremes)
    room = max(0, points - len(kept))
    kept.update(islice((row for row in nans if row not in kept), room))
    return sorted(kept)


def _low(row: Row) -> tuple[int, float]:
    return row[3], row[2]


def _high(row: Row) -> tuple[int, float]:
    return -row[3], row[2]
