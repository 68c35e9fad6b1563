"""The points of a curve as two columns of numbers, over steps or over time."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nbruns.records import MetricPoint, Run

Over = Literal["step", "time", "relative"]
OVERS: tuple[Over, ...] = ("step", "time", "relative")
_UNITS = ((3 * 3600.0, "hours", 3600.0), (10 * 60.0, "minutes", 60.0), (0.0, "seconds", 1.0))


@dataclass(frozen=True, slots=True)
class Series:
    """One run's curve; `None` is a gap."""

    run: Run
    xs: list[float]
    ys: list[float | None]


def series_of(
    runs: Sequence[Run], histories: Mapping[str, Sequence[MetricPoint]], over: Over
) -> tuple[list[Series], str]:
    """The curves of runs that have points, and what their x axis is called.

    Over time, x is milliseconds since 1970; relative, the time since each run began.
    """
    found = [(run, histories[run.run_id]) for run in runs if histories.get(run.run_id)]
    if over == "step":
        return [_series(run, points, 0, 0.0) for run, points in found], "step"
    if over == "time":
        return [_series(run, points, 0, 1.0) for run, points in found], "time"
    longest = max((points[-1].at_ms - began(run, points) for run, points in found), default=0)
    unit, seconds = next((n, s) for least, n, s in _UNITS if longest / 1000 >= least)
    curves = [_series(run, points, began(run, points), seconds * 1000) for run, points in found]
    return curves, f"{unit} since start"


def began(run: Run, points: Sequence[MetricPoint]) -> int:
    """When a run started; its first point where that came before, by another clock."""
    first = points[0].at_ms
    return first if run.started_ms is None else min(first, run.started_ms)


def _series(run: Run, points: Sequence[MetricPoint], origin: int, unit: float) -> Series:
    # A unit of 0 is the step itself.
    xs: list[float] = (
        [(point.at_ms - origin) / unit for point in points]
        if unit
        else [point.step for point in points]
    )
    return Series(run, xs, [drawable(point.value) for point in points])


def drawable(value: float) -> float | None:
    """A value, or a gap where it is NaN or infinite."""
    # MLflow stores an infinity as the largest double.
    return value if math.isfinite(value) and abs(value) < sys.float_info.max else None
