"""Settings and runs to the figures of the chart panel, with the words beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbruns.charts.groups import Group, groups_by
from nbruns.charts.values import column, label
from nbruns.errors import InvalidValue
from nbruns.panel.chart_settings import ChartSettings
from nbruns.records import MetricPoint, Run

if TYPE_CHECKING:
    import plotly.graph_objects as go

Histories = Mapping[str, Mapping[str, Sequence[MetricPoint]]]
_BAR_PX, _AROUND_BARS_PX, _HIGHEST_PX = 24, 56, 520


@dataclass(frozen=True, slots=True)
class Drawing:
    """Figures by key (a metric, or the kind), or words in their place; names and colours of
    groups; a remark on what is not to be seen."""

    figures: Mapping[str, go.Figure]
    instead: str = ""
    remark: str = ""
    legend: tuple[tuple[str, str], ...] = ()


def draw(
    settings: ChartSettings,
    runs: Sequence[Run],
    *,
    metrics: Sequence[str],
    histories: Histories,
    colours: Mapping[str, str],
) -> Drawing:
    """Draw runs as the settings say; `metrics` are those of curves and bars, in their order."""
    groups = groups_by(runs, settings.group) if settings.group else []
    legend = tuple((group.label, group.colour) for group in groups)
    if settings.kind in ("curves", "bar"):
        if not metrics:
            return Drawing({}, "These runs have no metrics yet.")
        figures = {
            metric: _of_metric(
                settings, runs, metric, histories.get(metric, {}), colours=colours, groups=groups
            )
            for metric in metrics
        }
        return Drawing(figures, legend=legend)
    try:
        figure = _of_columns(settings, runs, colours, groups)
    except InvalidValue as error:
        return Drawing({}, f"{error}.")
    figure.update_layout(uirevision=_revision(settings))
    shown = legend if settings.kind == "scatter" else ()
    return Drawing({settings.kind: figure}, remark=_left_out(settings, runs), legend=shown)


def _of_metric(
    settings: ChartSettings,
    runs: Sequence[Run],
    metric: str,
    histories: Mapping[str, Sequence[MetricPoint]],
    *,
    colours: Mapping[str, str],
    groups: Sequence[Group],
) -> go.Figure:
    from nbruns.charts.bar_figure import bar_figure
    from nbruns.charts.curve_figure import curve_figure

    long = any(len(points) > 1 for points in histories.values())
    if settings.kind == "curves" and long:
        figure = curve_figure(
            runs,
            histories,
            metric,
            colours=colours,
            over=settings.over,
            log_x=settings.log_x,
            log_y=settings.log_y,
            smoothing=settings.smoothing,
            groups=groups,
            spread=settings.spread,
        )
        figure.update_xaxes(uirevision=f"{metric} {settings.over} {settings.log_x}")
        return figure.update_yaxes(uirevision=f"{metric} {settings.log_y}")
    kept = [run for run in runs if any(point.key == metric for point in run.metrics)]
    figure = bar_figure(
        kept, f"metrics.{metric}", colours=colours, log=settings.log_x, groups=groups
    )
    count = len(groups) or len(kept)
    return figure.update_layout(
        height=min(_AROUND_BARS_PX + _BAR_PX * count, _HIGHEST_PX), uirevision=metric
    )


def _of_columns(
    settings: ChartSettings,
    runs: Sequence[Run],
    colours: Mapping[str, str],
    groups: Sequence[Group],
) -> go.Figure:
    if settings.kind == "scatter":
        from nbruns.charts.scatter_figure import scatter_figure

        _demand(settings.x, "a parameter or metric for the x axis")
        _demand(settings.y, "a parameter or metric for the y axis")
        return scatter_figure(
            runs,
            settings.x,
            settings.y,
            colours=colours,
            log_x=settings.log_x,
            log_y=settings.log_y,
            groups=groups,
        )
    if settings.kind == "parallel":
        from nbruns.charts.parallel_figure import parallel_figure

        if len(settings.axes) < 2:
            raise InvalidValue("Parallel coordinates need two columns: choose them above")
        colour_by = next((n for n in reversed(settings.axes) if n.startswith("metrics.")), "")
        return parallel_figure(runs, settings.axes, brush=settings.brush, colour_by=colour_by)
    if settings.kind == "contour":
        from nbruns.charts.contour_figure import contour_figure

        for name in (settings.x, settings.y):
            _demand(name, "two parameters that are numbers and differ between these runs")
        _demand(settings.z, "a metric")
        return contour_figure(
            runs,
            settings.x,
            settings.y,
            settings.z,
            log_x=settings.log_x,
            log_y=settings.log_y,
        )
    from nbruns.charts.box_figure import box_figure

    _demand(settings.by, "a parameter or tag that several of these runs share")
    _demand(settings.z, "a metric")
    return box_figure(runs, settings.z, settings.by, colours=colours, log_y=settings.log_y)


def _demand(name: str, what: str) -> None:
    if not name:
        raise InvalidValue(f"This chart needs {what}")


def _revision(settings: ChartSettings) -> str:
    names = (settings.x, settings.y, settings.z, settings.by, *settings.axes)
    return f"{settings.kind} {' '.join(names)} {settings.log_x} {settings.log_y}"


def _left_out(settings: ChartSettings, runs: Sequence[Run]) -> str:
    needed = {
        "scatter": (settings.x, settings.y),
        "parallel": settings.axes,
        "contour": (settings.x, settings.y, settings.z),
        "box": (settings.z,),
    }.get(settings.kind, ())
    read = [column(runs, name) for name in needed]
    count = sum(any(of.values[place] is None for of in read) for place in range(len(runs)))
    if not count:
        return ""
    lacking = " or ".join(label(of.name) for of in read if None in of.values)
    return f"{count} of {len(runs)} runs left out: no {lacking}."
