"""Points that arrive out of order, after later ones have been rolled up."""

from __future__ import annotations

from nbruns.store.database import Database
from nbruns.store.rollups import Row

_BLOCK_OF = """
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

# Each assignment sees the values from before the update.
_WIDEN = """
update metric_blocks
set first_step = iif((?3, ?4) < (first_step, first_at_ms), ?3, first_step),
    first_at_ms = iif((?3, ?4) < (first_step, first_at_ms), ?4, first_at_ms),
    first_value = iif((?3, ?4) < (first_step, first_at_ms), ?5, first_value),
    last_step = iif((?3, ?4) > (last_step, last_at_ms), ?3, last_step),
    last_at_ms = iif((?3, ?4) > (last_step, last_at_ms), ?4, last_at_ms),
    last_value = iif((?3, ?4) > (last_step, last_at_ms), ?5, last_value),
    smallest = iif(?5 < coalesce(smallest, 9e999), ?5, smallest),
    smallest_step = iif(?5 < coalesce(smallest, 9e999), ?3, smallest_step),
    smallest_at_ms = iif(?5 < coalesce(smallest, 9e999), ?4, smallest_at_ms),
    largest = iif(?5 > coalesce(largest, -9e999), ?5, largest),
    largest_step = iif(?5 > coalesce(largest, -9e999), ?3, largest_step),
    largest_at_ms = iif(?5 > coalesce(largest, -9e999), ?4, largest_at_ms),
    nan_step = iif(?5 is null, coalesce(nan_step, ?3), nan_step),
    nan_at_ms = iif(?5 is null, coalesce(nan_at_ms, ?4), nan_at_ms),
    point_count = point_count + 1
where run_number = ?1 and key_number = ?2 and first_step = ?6 and first_at_ms = ?7
"""


def add_late(db: Database, run_number: int, key_number: int, row: Row) -> None:
    """Take a point into the history and the block whose range it falls in; twice is once."""
    series = (run_number, key_number)
    is_new = db.conn.execute(
        "insert or ignore into metrics values (?, ?, ?, ?, ?, ?)", (*series, *row)
    ).rowcount
    if not is_new:
        return
    at = (*series, row[0], row[1])
    block = db.conn.execute(_BLOCK_OF, at).fetchone()
    db.conn.execute(_WIDEN, (*at, None if row[3] else row[2], *block))
    db.conn.execute(
        "update histories set is_tangled = 1 where run_number = ? and key_number = ?", series
    )
