"""A metric over two parameters, as a map with the runs on it."""

from __future__ import annotations

from collections.abc import Sequence

from nbruns.charts.canvas import go, text
from nbruns.charts.palette import SCALE
from nbruns.charts.scatter_figure import column_axis
from nbruns.charts.values import Column, column, complete
from nbruns.errors import InvalidValue
from nbruns.records import Run


def contour_figure(
    runs: Sequence[Run], x: str, y: str, z: str, *, log_x: bool = False, log_y: bool = False
) -> go.Figure:
    """Draw z over x and y, all numbers; between the runs it is interpolated.

    Raises InvalidValue where there is no map to draw: words, or one value only.
    """
    across, up, height = (column(runs, name) for name in (x, y, z))
    kept = complete([across, up, height], runs)
    for each in (across, up):
        _demand_two(each, kept)
    if not height.is_number:
        raise InvalidValue(f"'{height.label}' holds words: a contour needs numbers")
    figure = go.Figure(
        layout={
            "xaxis": column_axis(across, log=log_x),
            "yaxis": column_axis(up, log=log_y),
            "hovermode": "closest",
        }
    )
    xs, ys, zs = _averaged(across, up, height, kept)
    figure.add_contour(
        x=xs,
        y=ys,
        z=zs,
        connectgaps=True,
        colorscale=SCALE,
        line={"width": 0.5, "smoothing": 0.6},
        colorbar={"thickness": 8, "outlinewidth": 0, "tickformat": ".3~g"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[across.values[place] for place in kept],
        y=[up.values[place] for place in kept],
        mode="markers",
        marker={"size": 7, "color": "#ffffff", "line": {"width": 1.2, "color": "#222222"}},
        hovertext=[text(runs[place].name) for place in kept],
        text=[height.values[place] for place in kept],
        hovertemplate=(
            f"<b>%{{hovertext}}</b><br>{text(height.label)}: %{{text:.4~g}}"
            f"<br>{text(across.label)}: %{{x}}<br>{text(up.label)}: %{{y}}<extra></extra>"
        ),
        customdata=[runs[place].run_id for place in kept],
        showlegend=False,
    )
    return figure


def _demand_two(of: Column, kept: Sequence[int]) -> None:
    if not of.is_number:
        raise InvalidValue(f"'{of.label}' holds words: a contour needs numbers")
    if len({of.values[place] for place in kept}) < 2:
        raise InvalidValue(
            f"'{of.label}' is the same in all these runs: a contour needs two values"
        )


def _averaged(
    across: Column, up: Column, height: Column, kept: Sequence[int]
) -> tuple[list[object], list[object], list[float]]:
    """One height for each place of the map: the mean where runs share it."""
    found: dict[tuple[object, object], list[float]] = {}
    for place in kept:
        value = height.values[place]
        if isinstance(value, float):
            found.setdefault((across.values[place], up.values[place]), []).append(value)
    means = [sum(values) / len(values) for values in found.values()]
    return [x for x, _ in found], [y for _, y in found], means
