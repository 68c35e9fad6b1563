"""A metric over steps or time: one line a run, or one line and a band a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbruns.charts.canvas import axis, go, text
from nbruns.charts.groups import Group, Spread, band_of
from nbruns.charts.palette import transparent
from nbruns.charts.series import Over, Series, series_of
from nbruns.charts.smoothing import smoothed, step_of
from nbruns.records import MetricPoint, Run

_FEW = 24
_HOVER = "%{y:.4~g}"


def curve_figure(
    runs: Sequence[Run],
    histories: Mapping[str, Sequence[MetricPoint]],
    metric: str,
    *,
    colours: Mapping[str, str],
    over: Over = "step",
    log_x: bool = False,
    log_y: bool = False,
    smoothing: float = 0.0,
    groups: Sequence[Group] = (),
    spread: Spread = "range",
) -> go.Figure:
    """Draw a metric of some runs; `histories` has the points by run id, in their order.

    With `groups` each of them is one line. NaN and infinite values are gaps. Where curves are
    smoothed, a faint line behind shows them as they are.
    """
    curves, x_title = series_of(runs, histories, over)
    figure = go.Figure(layout=_layout(metric, x_title, over=over, log_x=log_x, log_y=log_y))
    step = step_of([curve.xs for curve in curves])
    if groups:
        _add_groups(figure, curves, groups, spread=spread, smoothing=smoothing, step=step)
        return figure
    for curve in curves:
        colour = colours.get(curve.run.run_id)
        if smoothing:
            figure.add_scatter(**_line(curve, curve.ys, colour), **_BEHIND)
        ys = smoothed(curve.xs, curve.ys, smoothing, step=step) if smoothing else curve.ys
        figure.add_scatter(**_line(curve, ys, colour), hovertemplate=_HOVER)
    return figure


_BEHIND = {"opacity": 0.25, "hoverinfo": "skip", "showlegend": False}


def _layout(
    metric: str, x_title: str, *, over: Over, log_x: bool, log_y: bool
) -> dict[str, object]:
    x = axis(x_title, log=log_x and over != "time")
    if over == "time":
        x["type"] = "date"
    if over == "step" and not log_x:
        # Seven steps want ticks at 0, 2, 4, and nothing between.
        x["tickformat"] = "~s"
    return {
        "xaxis": x,
        "yaxis": axis(metric, log=log_y),
        "hovermode": "x unified",
        # Runs log at different steps: each shows its nearest point.
        "hoverdistance": -1,
    }


def _line(curve: Series, ys: Sequence[float | None], colour: str | None) -> dict[str, object]:
    return {
        "x": curve.xs,
        "y": ys,
        "name": text(curve.run.name),
        "mode": "lines" if len(ys) > _FEW else "lines+markers",
        "line": {"color": colour, "width": 2},
        "marker": {"size": 5},
        "meta": curve.run.run_id,
    }


def _add_groups(
    figure: go.Figure,
    curves: Sequence[Series],
    groups: Sequence[Group],
    *,
    spread: Spread,
    smoothing: float,
    step: float,
) -> None:
    by_run = {curve.run.run_id: curve for curve in curves}
    for group in groups:
        own = [by_run[run.run_id] for run in group.runs if run.run_id in by_run]
        if not own:
            continue
        band = band_of(own, spread)
        means: Sequence[float | None] = band.means
        if smoothing:
            means = smoothed(band.xs, band.means, smoothing, step=step)
        if len(own) > 1:
            figure.add_scatter(**_band(band.xs, band.lows, band.highs, group))
        figure.add_scatter(
            x=band.xs,
            y=means,
            name=text(group.label),
            mode="lines" if len(band.xs) > _FEW else "lines+markers",
            line={"color": group.colour, "width": 2},
            marker={"size": 5},
            hovertemplate=_HOVER,
            meta=group.name,
        )


def _band(
    xs: list[float], lows: list[float], highs: list[float], group: Group
) -> dict[str, object]:
    """One closed shape: down along the highs, back along the lows."""
    return {
        "x": [*xs, *reversed(xs)],
        "y": [*highs, *reversed(lows)],
        "fill": "toself",
        "fillcolor": transparent(group.colour, 0.18),
        "mode": "none",
        "name": text(group.name),
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": group.name,
    }
