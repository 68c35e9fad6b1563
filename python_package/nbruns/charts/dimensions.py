"""Columns as heights on parallel axes, and which runs a brush over them keeps.

Without plotly: the panel filters its list with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbruns.charts.values import Column, column
from nbruns.records import Run

Ranges = Mapping[str, Sequence[Sequence[float]]]
_MOST_TICKS = 12
# So few different numbers of a parameter are read one by one, and brushed one by one.
_FEW = 6
# A range over three powers of ten is read by its powers.
_WIDE = 1000.0


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column as heights on an axis: numbers, their logarithms, or places of words."""

    name: str
    label: str
    heights: tuple[float | None, ...]
    ticks: tuple[tuple[float, str], ...] = ()


def dimension(of: Column) -> Dimension:
    """A column's heights: words stand in their order, wide positive numbers by their powers."""
    if not of.is_number:
        return _of_words(of)
    numbers = [value for value in of.values if isinstance(value, float)]
    if min(numbers) > 0 and max(numbers) / min(numbers) >= _WIDE:
        heights = tuple(math.log10(v) if isinstance(v, float) else None for v in of.values)
        low, high = math.log10(min(numbers)), math.log10(max(numbers))
        powers = range(math.floor(low), math.ceil(high) + 1)
        ticks = tuple((float(p), f"1e{p}") for p in powers if low <= p <= high)
        return Dimension(of.name, of.label, heights, ticks)
    heights = tuple(value if isinstance(value, float) else None for value in of.values)
    few = sorted(set(numbers)) if of.name.startswith("params.") else []
    ticks = tuple((value, f"{value:g}") for value in few) if len(few) <= _FEW else ()
    return Dimension(of.name, of.label, heights, ticks)


def brushed(runs: Sequence[Run], brush: Ranges) -> list[Run]:
    """The runs that a brush keeps: within one of the ranges on every brushed axis."""
    axes = [name for name, ranges in brush.items() if ranges]
    heights = {name: dimension(column(runs, name)).heights for name in axes}
    return [
        run
        for place, run in enumerate(runs)
        if all(_within(heights[name][place], brush[name]) for name in heights)
    ]


def _of_words(of: Column) -> Dimension:
    words = of.words
    places = {word: float(place) for place, word in enumerate(words)}
    heights = tuple(None if value is None else places[str(value)] for value in of.values)
    pace = math.ceil(len(words) / _MOST_TICKS) or 1
    return Dimension(of.name, of.label, heights, tuple((places[w], w) for w in words[::pace]))


def _within(height: float | None, ranges: Sequence[Sequence[float]]) -> bool:
    return height is not None and any(low <= height <= high for low, high in ranges)
