"""Several columns side by side, one line a run through them; and which runs a brush keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbruns.charts.canvas import go, shortened
from nbruns.charts.palette import SCALE
from nbruns.charts.scatter_figure import complete
from nbruns.charts.values import Column, column
from nbruns.records import Run

Ranges = Mapping[str, Sequence[Sequence[float]]]
_MOST_TICKS = 12
# A range over three powers of ten is read by its powers.
_WIDE = 1000.0


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column as heights on an axis: numbers, their logarithms, or places of words."""

    name: str
    label: str
    heights: tuple[float | None, ...]
    ticks: tuple[tuple[float, str], ...] = ()


def parallel_figure(
    runs: Sequence[Run], names: Sequence[str], *, brush: Ranges | None = None, colour_by: str = ""
) -> go.Figure:
    """Draw the runs that have all the columns; coloured by one of numbers.

    `brush` maps columns to the ranges of heights that are kept, as drawn on their axes.
    """
    columns = [column(runs, name) for name in names]
    kept = complete(columns, runs)
    drawn = [dimension(each) for each in columns]
    figure = go.Figure()
    figure.add_parcoords(
        dimensions=[_wire(each, kept, (brush or {}).get(each.name)) for each in drawn],
        line=_line(drawn, kept, colour_by),
        labelangle=-20 if len(drawn) > 4 else 0,
    )
    return figure


def dimension(of: Column) -> Dimension:
    """A column's heights: words stand in their order, wide positive numbers by their powers."""
    if not of.is_number:
        words = of.words
        places = {word: float(place) for place, word in enumerate(words)}
        heights = tuple(None if v is None else places[str(v)] for v in of.values)
        pace = math.ceil(len(words) / _MOST_TICKS) or 1
        ticks = tuple((places[word], word) for word in words[::pace])
        return Dimension(of.name, of.label, heights, ticks)
    numbers = [value for value in of.values if isinstance(value, float)]
    if min(numbers) > 0 and max(numbers) / min(numbers) >= _WIDE:
        heights = tuple(math.log10(v) if isinstance(v, float) else None for v in of.values)
        powers = range(
            math.floor(math.log10(min(numbers))), math.ceil(math.log10(max(numbers))) + 1
        )
        return Dimension(of.name, of.label, heights, tuple((float(p), f"1e{p}") for p in powers))
    return Dimension(
        of.name, of.label, tuple(v if isinstance(v, float) else None for v in of.values)
    )


def brushed(runs: Sequence[Run], brush: Ranges) -> list[Run]:
    """The runs that a brush keeps: within one of the ranges on every brushed axis."""
    axes = [name for name, ranges in brush.items() if ranges]
    heights = {name: dimension(column(runs, name)).heights for name in axes}
    return [
        run
        for place, run in enumerate(runs)
        if all(_within(heights[name][place], brush[name]) for name in heights)
    ]


def _within(height: float | None, ranges: Sequence[Sequence[float]]) -> bool:
    return height is not None and any(low <= height <= high for low, high in ranges)


def _wire(
    of: Dimension, kept: Sequence[int], ranges: Sequence[Sequence[float]] | None
) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "label": shortened(of.label, 22),
        "name": of.name,
        "values": [of.heights[place] for place in kept],
    }
    if of.ticks:
        wire["tickvals"] = [height for height, _ in of.ticks]
        wire["ticktext"] = [shortened(words, 14) for _, words in of.ticks]
    if ranges:
        several = [list(each) for each in ranges]
        wire["constraintrange"] = several if len(several) > 1 else several[0]
    return wire


def _line(drawn: Sequence[Dimension], kept: Sequence[int], colour_by: str) -> dict[str, Any]:
    of = next((each for each in drawn if each.name == colour_by), None)
    if of is None:
        return {}
    return {
        "color": [of.heights[place] for place in kept],
        "colorscale": SCALE,
        "showscale": True,
        "colorbar": {"thickness": 8, "outlinewidth": 0, "tickformat": ".3~g"},
    }
