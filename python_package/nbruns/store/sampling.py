"""A long history thinned to a few points that draw the same curve.

The range is cut into buckets of equal point counts; of each the smallest and the
largest value stay, and of the whole the first and the last. Long stretches are read
from blocks, the newest rows and the ends of a range as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
where run_number = ? and key_number = ? and (step, at_ms) > (?, ?) and (step, at_ms) < (?, ?)
and step between ? and ?
order by step, at_ms, value, is_nan
"""
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
    pieces = [*_pieces_of_rows(head), *map(_piece_of_block, blocks), *_pieces_of_rows(tail)]
    return _thin_pieces(pieces, points)


def _rows(
    db: Database,
    series: tuple[int, int],
    steps: tuple[int, int],
    *,
    after: Sequence[int] = (_ENDS[0], -1),
    before: Sequence[int] = (_ENDS[1], _ENDS[1]),
) -> list[Row]:
    return db.conn.execute(_ROWS, (*series, *after, *before, *steps)).fetchall()


def _piece_of_block(block: Sequence[Any]) -> list[Row]:
    """The rows a block remembers: first, last, smallest, largest, one NaN."""
    kept: list[Row] = [
        (step, at_ms, value, 0)
        for step, at_ms, value in (block[0:3], block[3:6], block[6:9], block[9:12])
        if value is not None
    ]
    if block[12] is not None:
        kept.append((block[12], block[13], 0.0, 1))
    return kept


def _pieces_of_rows(rows: list[Row]) -> list[list[Row]]:
    return [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]


def _thin_pieces(pieces: list[list[Row]], points: int) -> list[Row]:
    """Thin pieces of like size: each bucket is a run of whole pieces."""
    buckets = max(1, (points - 2) // 2)
    size = math.ceil(len(pieces) / buckets)
    groups = [pieces[i : i + size] for i in range(0, len(pieces), size)]
    return _keep_extremes([[row for piece in group for row in piece] for group in groups], points)


def _thin(rows: list[Row], points: int) -> list[Row]:
    if len(rows) <= points:
        return rows
    buckets = max(1, (points - 2) // 2)
    size = math.ceil(len(rows) / buckets)
    return _keep_extremes([rows[i : i + size] for i in range(0, len(rows), size)], points)


def _keep_extremes(buckets: list[list[Row]], points: int) -> list[Row]:
    """The extremes of each bucket and both ends of the whole, never more than asked for."""
    last = max(buckets[-1])
    if points == 1:
        return [last]
    first = min(buckets[0])
    kept = {first, last}
    if points > 3:
        for bucket in buckets:
            kept.add(min(bucket, key=_low))
            kept.add(max(bucket, key=_high))
    room = points - len(kept)
    nans = (row for bucket in buckets for row in bucket if row[3] and row not in kept)
    kept.update(row for row, _ in zip(nans, range(room), strict=False))
    return sorted(kept)


def _low(row: Row) -> tuple[int, float]:
    return row[3], row[2]


def _high(row: Row) -> tuple[int, float]:
    return -row[3], row[2]
