"""Histories as a few dozen values, for curves no larger than a word.

Cheaper than a sample for a chart: of a history that has blocks, only they are read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nbruns.store.database import Database

Spark = list[float]

# From here on the first, smallest, largest and last value of each block are enough.
_FEW_BLOCKS = 8
_BLOCKS = """
select first_step, first_value, smallest_step, smallest, largest_step, largest,
    last_step, last_value
from metric_blocks
where run_number = ? and key_number = ?
order by first_step, first_at_ms
"""
_ROWS = """
select step, value
from {}
where run_number = ? and key_number = ? and not is_nan
order by step, at_ms
"""
_SERIES = """
select n.value, k.key_number, k.key
from json_each(?) n
cross join json_each(?) wanted
cross join metric_keys k on k.key = wanted.value
cross join histories h on h.run_number = n.value and h.key_number = k.key_number
"""


def sparks(
    db: Database, run_numbers: Sequence[int], keys: Sequence[str], *, points: int
) -> dict[int, dict[str, Spark]]:
    """Per run and metric at most `points` values by step; without those that have one or none."""
    found: dict[int, dict[str, Spark]] = {}
    asked = (json.dumps(list(run_numbers)), json.dumps(list(keys)))
    with db.lock:
        for number, key_number, key in db.conn.execute(_SERIES, asked).fetchall():
            spark = thinned(_values(db, (number, key_number)), points)
            if len(spark) > 1:
                found.setdefault(number, {})[key] = spark
    return found


def _values(db: Database, series: tuple[int, int]) -> Spark:
    blocks: list[Any] = db.conn.execute(_BLOCKS, series).fetchall()
    recent = db.conn.execute(_ROWS.format("recent_metrics"), series).fetchall()
    if len(blocks) < _FEW_BLOCKS:
        rolled = db.conn.execute(_ROWS.format("metrics"), series).fetchall()
        return [value for _, value in (*rolled, *recent)]
    ends = [pair for block in blocks for pair in sorted(_pairs(block))]
    return [value for _, value in (*ends, *recent)]


def _pairs(block: Sequence[Any]) -> set[tuple[int, float]]:
    return {(block[i], block[i + 1]) for i in (0, 2, 4, 6) if block[i + 1] is not None}


def thinned(values: Spark, points: int) -> Spark:
    """At most so many values, extremes among them: of each stretch the smallest and largest."""
    if len(values) <= points:
        return values
    stretches = max(1, (points - 2) // 2)
    kept = {0, len(values) - 1}
    for i in range(stretches):
        start = i * len(values) // stretches
        places = range(start, (i + 1) * len(values) // stretches)
        kept |= {min(places, key=values.__getitem__), max(places, key=values.__getitem__)}
    return [values[place] for place in sorted(kept)]
