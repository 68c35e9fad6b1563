"""Reading whole histories in the order MLflow gives them: by time, step and value."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from nbruns.errors import InvalidValue
from nbruns.store.database import Database
from nbruns.store.rollups import recent_rows

HistoryRow = tuple[int, int, float, int]  # at_ms, step, value, is_nan

_ALL = """
select at_ms, step, value, is_nan
from metrics
where run_number = ? and key_number = ?
order by step, at_ms, value, is_nan
"""
# By time as well as by step: the rows lie in this order already.
_PAGE_BY_STEP = """
select at_ms, step, value, is_nan
from {}
where run_number = ? and key_number = ? and (step, at_ms, value, is_nan) > (?, ?, ?, ?)
order by step, key_number, at_ms, value, is_nan
limit ?
"""
_PAGE_BY_TIME = """
select * from (
    select at_ms, step, value, is_nan
    from metrics
    where run_number = ?1 and key_number = ?2
    union all
    select at_ms, step, value, is_nan
    from recent_metrics
    where run_number = ?1 and key_number = ?2
)
where (at_ms, step, value, is_nan) > (?3, ?4, ?5, ?6)
order by at_ms, step, value, is_nan
limit ?7
"""
_ROLLED = """
select is_tangled, rolled_at_ms
from histories
where run_number = ? and key_number = ?
"""
_BEGINNING = (-(2**63), -(2**63), -9e999, -1)


def read_history(
    db: Database,
    run_number: int,
    key_number: int,
    *,
    limit: int | None,
    token: str | None = None,
) -> tuple[list[HistoryRow], str | None]:
    """The rows of one metric after a token, at most `limit`, and the token for the next."""
    series = (run_number, key_number)
    if limit is None and token is None:
        rows: list[HistoryRow] = db.conn.execute(_ALL, series).fetchall()
        rows += [(at_ms, step, value, nan) for step, at_ms, value, nan in recent_rows(db, *series)]
        # Nearly always in order already, which sorting notices in a tenth of a second a million.
        rows.sort()
        return rows, None
    after = _read_token(token) if token else _BEGINNING
    most = -1 if limit is None else limit + 1
    if _is_tangled(db, series):
        rows = db.conn.execute(_PAGE_BY_TIME, (*series, *after, most)).fetchall()
    else:
        rows = _by_step(db, series, after, most)
    more = limit is not None and len(rows) > limit
    page = rows[:limit]
    return page, json.dumps(page[-1]) if more and page else None


def _by_step(db: Database, series: tuple[int, int], after: Any, most: int) -> list[HistoryRow]:
    at_ms, step, value, is_nan = after
    bounds = (*series, step, at_ms, value, is_nan)
    rows = db.conn.execute(_PAGE_BY_STEP.format("metrics"), (*bounds, most)).fetchall()
    if most < 0 or len(rows) < most:
        room = most - len(rows) if most >= 0 else -1
        rows += db.conn.execute(_PAGE_BY_STEP.format("recent_metrics"), (*bounds, room)).fetchall()
    return rows


def _is_tangled(db: Database, series: tuple[int, int]) -> bool:
    """Whether some later step was logged at an earlier time."""
    row = db.conn.execute(_ROLLED, series).fetchone()
    if row is None or row[0]:
        return row is not None
    times = [row[1], *(recent[1] for recent in recent_rows(db, *series))]
    return any(later < earlier for earlier, later in pairwise(times))


def _read_token(token: str) -> Any:
    try:
        at_ms, step, value, is_nan = json.loads(token)
        return int(at_ms), int(step), float(value), int(is_nan)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"'{token[:80]}' is not a page token nbruns gave out") from error
