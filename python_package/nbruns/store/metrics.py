"""The shelf of metric histories.

`log` is the hottest path of the house: one prepared statement, committed by itself,
that writes one row and so one page. Whatever makes a point special (a new key, a
settled history, a step out of order, NaN) takes the longer way through `append`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from nbruns.records import MetricPoint, Page
from nbruns.rules import check_point
from nbruns.store.afterwards import changing_run
from nbruns.store.database import Database
from nbruns.store.histories import LARGEST_FLOAT, newest, stored
from nbruns.store.late_points import add_late
from nbruns.store.metric_history import HistoryRow, read_history
from nbruns.store.rollups import BATCH, Row, roll_up
from nbruns.store.run_numbers import number_of_run, numbers_of_runs
from nbruns.store.sampling import sample

_APPEND_NEWER = """
insert or ignore into recent_metrics (run_number, key_number, step, at_ms, value, is_nan)
select run_number, key_number, ?1, ?2, ?3, ?4
from histories
where run_number = ?5 and key_number = ?6 and not is_settled
and (rolled_step < ?1 or (rolled_step = ?1 and rolled_at_ms < ?2))
"""
_UNSETTLE = """
insert into histories (run_number, key_number)
values (?, ?)
on conflict do update set is_settled = 0 where is_settled
"""
_ROLLED = """
select rolled_step, rolled_at_ms
from histories
where run_number = ? and key_number = ?
"""
_APPEND = """
insert or ignore into recent_metrics (run_number, key_number, step, at_ms, value, is_nan)
values (?, ?, ?, ?, ?, ?)
"""
_INT64 = 2**63
_REMEMBERED = 50_000


class Series:
    """What this process remembers of one metric of one run."""

    __slots__ = ("key_number", "run_number", "unrolled")

    def __init__(self, run_number: int, key_number: int, unrolled: int = 0) -> None:
        self.run_number = run_number
        self.key_number = key_number
        self.unrolled = unrolled


Prepared = tuple[list[Any], list[Series]]


class Metrics:
    """The shelf of metric histories."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._series: dict[tuple[str, str], Series] = {}

    def log(self, run_id: str, key: str, value: float, step: int, at_ms: int) -> None:
        """Add one point: what `append` does, in the shortest way."""
        series = self._series.get((run_id, key))
        if (
            series is not None
            and value.__class__ is float
            and step.__class__ is int
            and at_ms.__class__ is int
            and at_ms >= 0
            and -LARGEST_FLOAT <= value <= LARGEST_FLOAT
        ):
            try:
                with self.db.lock:
                    done = self.db.conn.execute(
                        _APPEND_NEWER,
                        (step, at_ms, value, 0, series.run_number, series.key_number),
                    ).rowcount
            except OverflowError:
                done = 0
            if done:
                self._count((series,))
                return
        self.append(run_id, (MetricPoint(key, value, step, at_ms),))

    def append(self, run_id: str, points: Iterable[MetricPoint]) -> None:
        """Add points to a run's histories: all of them, or none."""
        points = list(points)
        ready = self.prepare(run_id, points)
        with self.db.atomic():
            number = changing_run(self.db, run_id, metric=(p.key for p in points))
            self.write(run_id, number, points, ready)

    def prepare(self, run_id: str, points: Iterable[MetricPoint]) -> Prepared | None:
        """Check points; what it returns lets plain ones of known series be written quickly."""
        prepared = self._prepare(run_id, points)
        if prepared is None:
            for point in points:
                check_point(point.key, point.value, point.step, point.at_ms)
        return prepared

    def _prepare(self, run_id: str, points: Iterable[MetricPoint]) -> Prepared | None:
        known, rows, touched = self._series, [], []
        for point in points:
            value, step, at_ms = point.value, point.step, point.at_ms
            series = known.get((run_id, point.key))
            if (
                series is None
                or point.model_id
                or value.__class__ is not float
                or not -LARGEST_FLOAT <= value <= LARGEST_FLOAT
                or at_ms.__class__ is not int
                or not 0 <= at_ms < _INT64
                or step.__class__ is not int
                or not -_INT64 <= step < _INT64
            ):
                return None
            touched.append(series)
            rows.append((step, at_ms, value, 0, series.run_number, series.key_number))
        return rows, touched

    def write(
        self,
        run_id: str,
        run_number: int,
        points: Sequence[MetricPoint],
        ready: Prepared | None,
    ) -> None:
        """Add checked points inside the caller's transaction."""
        if ready is None or not self._write_newer(*ready):
            self._write_any(run_id, run_number, points)

    def _write_newer(self, rows: list[Any], touched: list[Series]) -> bool:
        """The short way, for points that each are the newest of their series."""
        if self.db.conn.executemany(_APPEND_NEWER, rows).rowcount < len(rows):
            return False  # What did get in is ignored as a duplicate on the long way.
        self._count(touched)
        return True

    def _count(self, touched: Iterable[Series], more: int = 1) -> None:
        """Note that series of one run have grown, and roll them up when it is time."""
        is_time = False
        for series in touched:
            series.unrolled += more
            is_time |= series.unrolled > BATCH
        if is_time:
            roll_up(self.db, series.run_number)
            for series in touched:
                series.unrolled = 0

    def _write_any(self, run_id: str, run_number: int, points: Sequence[MetricPoint]) -> None:
        by_key: dict[str, list[Row]] = {}
        for point in points:
            row = (int(point.step), int(point.at_ms), *stored(point.value))
            by_key.setdefault(point.key, []).append(row)
        for key, rows in by_key.items():
            self._write_series(self._series_of(run_id, run_number, key), rows)
        of_models = [replace(p, run_id=run_id) for p in points if p.model_id]
        if of_models:
            from nbruns.store.models import append_model_metrics

            append_model_metrics(self.db, of_models)

    def latest(self, run_id: str) -> list[MetricPoint]:
        """The newest point of each metric: of the highest step, then time, then value."""
        number = number_of_run(self.db, run_id)
        return newest(self.db, [number]).get(number, [])

    def history(
        self, run_id: str, key: str, *, limit: int | None = None, token: str | None = None
    ) -> Page[MetricPoint]:
        """All points of one metric by time, step and value."""
        rows, next_token = self.history_rows(run_id, key, limit=limit, token=token)
        return Page(_points(key, rows), next_token)

    def history_rows(
        self, run_id: str, key: str, *, limit: int | None = None, token: str | None = None
    ) -> tuple[list[HistoryRow], str | None]:
        """The same as bare rows, for millions of points, and the token for the next page."""
        number = number_of_run(self.db, run_id)
        with self.db.lock:
            return read_history(self.db, number, self._find_key(key), limit=limit, token=token)

    def histories(
        self, run_ids: Iterable[str], key: str, *, limit: int | None = None
    ) -> list[MetricPoint]:
        """The points of one metric of several runs: by run id, then time, step and value."""
        found: list[MetricPoint] = []
        numbers = numbers_of_runs(self.db, run_ids)
        for run_id in sorted(numbers):
            room = None if limit is None else limit - len(found)
            if room is not None and room <= 0:
                break
            with self.db.lock:
                rows, _ = read_history(self.db, numbers[run_id], self._find_key(key), limit=room)
            found += _points(key, rows, run_id)
        return found

    def sampled(
        self,
        run_ids: Iterable[str],
        key: str,
        *,
        points: int,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> list[MetricPoint]:
        """Per run at most `points` points of one metric by step, its extremes and newest kept."""
        key_number = self._find_key(key)
        found: list[MetricPoint] = []
        for run_id in run_ids:
            rows = sample(
                self.db,
                number_of_run(self.db, run_id),
                key_number,
                points=max(1, points),
                start_step=start_step,
                end_step=end_step,
            )
            found += _points(key, [(at_ms, step, v, nan) for step, at_ms, v, nan in rows], run_id)
        return found

    def _write_series(self, series: Series, rows: list[Row]) -> None:
        numbers = (series.run_number, series.key_number)
        self.db.conn.execute(_UNSETTLE, numbers)
        rolled = self.db.conn.execute(_ROLLED, numbers).fetchone()
        newer = [(*numbers, *row) for row in rows if row[:2] > rolled]
        self.db.conn.executemany(_APPEND, newer)
        for row in rows:
            if row[:2] <= rolled:
                add_late(self.db, *numbers, row)
        self._count((series,), len(newer))

    def _series_of(self, run_id: str, run_number: int, key: str) -> Series:
        """The series, remembered only once what it names is committed."""
        known = self._series.get((run_id, key))
        if known is not None:
            return known
        self.db.conn.execute("insert or ignore into metric_keys (key) values (?)", (key,))
        series = Series(run_number, self._find_key(key))
        self.db.after_commit(lambda: self._remember(run_id, key, series))
        return series

    def _remember(self, run_id: str, key: str, series: Series) -> None:
        if len(self._series) >= _REMEMBERED:
            self._series.clear()
        self._series[run_id, key] = series

    def _find_key(self, key: str) -> int:
        """The number of a metric key; 0, which none has, for one never logged."""
        with self.db.lock:
            row = self.db.conn.execute(
                "select key_number from metric_keys where key = ?", (key,)
            ).fetchone()
        return int(row[0]) if row else 0


def _points(key: str, rows: Iterable[HistoryRow], run_id: str | None = None) -> list[MetricPoint]:
    return [
        MetricPoint(key, math.nan if is_nan else value, step, at_ms, run_id=run_id)
        for at_ms, step, value, is_nan in rows
    ]
