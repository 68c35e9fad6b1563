"""Several columns side by side, one line a run through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbruns.charts.canvas import go, shortened
from nbruns.charts.dimensions import Dimension, Ranges, dimension
from nbruns.charts.palette import SCALE
from nbruns.charts.values import column, complete
from nbruns.records import Run


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
