"""Runs that share a parameter or a tag, drawn as one: their mean, and how far they spread."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from nbruns.charts.palette import COLOURS
from nbruns.charts.series import Series
from nbruns.charts.values import in_order, value_of
from nbruns.records import Run

Spread = Literal["range", "std"]
SPREADS: tuple[Spread, ...] = ("range", "std")
NO_VALUE = "(none)"
_MOST_POSITIONS = 500


@dataclass(frozen=True, slots=True)
class Group:
    """The runs with one value, under that value as a name."""

    name: str
    colour: str
    runs: tuple[Run, ...]

    @property
    def label(self) -> str:
        """The value, and how many runs have it."""
        return f"{self.name} ({len(self.runs)})"


@dataclass(frozen=True, slots=True)
class Band:
    """A group's mean over x with the spread around it."""

    xs: list[float]
    means: list[float]
    lows: list[float]
    highs: list[float]


def groups_by(runs: Sequence[Run], name: str) -> list[Group]:
    """The runs parted by a column, its values in order; those without one come last."""
    parted: dict[str, list[Run]] = {}
    for run in runs:
        value = value_of(run, name)
        parted.setdefault(NO_VALUE if value is None else str(value), []).append(run)
    names = in_order(set(parted) - {NO_VALUE}) + [NO_VALUE] * (NO_VALUE in parted)
    return [
        Group(name, COLOURS[place % len(COLOURS)], tuple(parted[name]))
        for place, name in enumerate(names)
    ]


def band_of(curves: Sequence[Series], spread: Spread) -> Band:
    """The mean of several curves wherever one of them has points on both sides.

    `spread` is from the smallest to the largest, or one standard deviation to either side.
    """
    band = Band([], [], [], [])
    known = [_known(curve) for curve in curves]
    for x in _positions(known):
        values = [y for xs, ys in known if (y := _between(xs, ys, x)) is not None]
        mean = sum(values) / len(values)
        low, high = _spread(values, mean, spread)
        for column, value in zip(
            (band.xs, band.means, band.lows, band.highs), (x, mean, low, high), strict=True
        ):
            column.append(value)
    return band


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and the standard deviation of a sample (0 for a single value)."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, 0.0
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _spread(values: Sequence[float], mean: float, spread: Spread) -> tuple[float, float]:
    if spread == "range":
        return min(values), max(values)
    deviation = mean_and_deviation(values)[1]
    return mean - deviation, mean + deviation


def _known(curve: Series) -> tuple[list[float], list[float]]:
    pairs = [(x, y) for x, y in zip(curve.xs, curve.ys, strict=True) if y is not None]
    return [x for x, _ in pairs], [y for _, y in pairs]


def _positions(known: Sequence[tuple[list[float], list[float]]]) -> list[float]:
    """Where any curve has a point, thinned evenly where there are very many."""
    every = sorted({x for xs, _ in known for x in xs})
    pace = math.ceil(len(every) / _MOST_POSITIONS)
    return every if pace <= 1 else [*islice(every, 0, len(every) - 1, pace), every[-1]]


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float | None:
    if not xs or not xs[0] <= x <= xs[-1]:
        return None
    after = bisect_right(xs, x)
    if xs[after - 1] == x or after == len(xs):
        return ys[after - 1]
    share = (x - xs[after - 1]) / (xs[after] - xs[after - 1])
    return ys[after - 1] + share * (ys[after] - ys[after - 1])
