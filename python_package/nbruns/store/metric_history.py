"""Reading whole histories in the order MLflow gives them: by time, step and value."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from nbruns.errors import InvalidValue
from nbruns.store.database import Database

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
from metrics
where run_number = ? and key_number = ? and (step, at_ms, value, is_nan) > (?, ?, ?, ?)
order by step, at_ms, value, is_nan
limit ?
"""
_PAGE_BY_TIME = """
select at_ms, step, value, is_nan
from metrics
where run_number = ? and key_number = ? and (at_ms, step, value, is_nan) > (?, ?, ?, ?)
order by at_ms, step, value, is_nan
limit ?
"""
_TANGLED = """
select h.is_tangled or exists (
    select 1
    from metrics m
    where m.run_number = h.run_number and m.key_number = h.key_number
    and m.step >= h.rolled_step and m.at_ms < h.rolled_at_ms
), h.rolled_step, h.rolled_at_ms
from histories h
where h.run_number = ? and h.key_number = ?
"""
_TAIL_TIMES = """
select at_ms
from metrics
where run_number = ? and key_number = ? and (step, at_ms) > (?, ?)
order by step, at_ms
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
        # Nearly always in order already, which sorting notices in a tenth of a second a million.
        rows.sort()
        return rows, None
    at_ms, step, value, is_nan = _read_token(token) if token else _BEGINNING
    most = -1 if limit is None else limit + 1
    if _is_tangled(db, series):
        rows = db.conn.execute(
            _PAGE_BY_TIME, (*series, at_ms, step, value, is_nan, most)
        ).fetchall()
    else:
        rows = db.conn.execute(
            _PAGE_BY_STEP, (*series, step, at_ms, value, is_nan, most)
        ).fetchall()
    more = limit is not None and len(rows) > limit
    page = rows[:limit]
    return page, json.dumps(page[-1]) if more and page else None


def _is_tangled(db: Database, series: tuple[int, int]) -> bool:
    """Whether some later step was logged at an earlier time."""
    row = db.conn.execute(_TANGLED, series).fetchone()
    if row is None:
        return False
    tangled, *rolled = row
    if tangled:
        return True
    times = [at for (at,) in db.conn.execute(_TAIL_TIMES, (*series, *rolled))]
    return any(later < earlier for earlier, later in pairwise(times))


def _read_token(token: str) -> Any:
    try:
        at_ms, step, value, is_nan = json.loads(token)
        return int(at_ms), int(step), float(value), int(is_nan)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"'{token[:80]}' is not a page token nbruns gave out") from error
