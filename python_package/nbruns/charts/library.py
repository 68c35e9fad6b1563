"""The functions of `nbruns.charts`, as users call them.

Plotly is imported with the first figure, MLflow with the first question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbruns.charts.groups import SPREADS, Group, Spread, groups_by
from nbruns.charts.palette import colours_for
from nbruns.charts.reading import read_histories, read_runs
from nbruns.charts.series import OVERS, Over
from nbruns.charts.values import column, columns, label, resolve
from nbruns.errors import InvalidValue
from nbruns.records import Run

if TYPE_CHECKING:
    import plotly.graph_objects as go


def curves(
    runs: Any,
    metric: str,
    *,
    x: Over = "step",
    smoothing: float = 0.0,
    log_x: bool = False,
    log_y: bool = False,
    group_by: str | None = None,
    spread: Spread = "range",
) -> go.Figure:
    """Draw a metric over its history, one line per run.

    `x` is "step", "time" (UTC) or "relative" (to the start of each run). `smoothing` from 0 to
    below 1 is the weight of a debiased, time-weighted exponential moving average; a faint line
    behind shows the points as they were logged. With `group_by`, a parameter or tag, each group
    is one line: the mean of its runs, with a band from the smallest to the largest
    (`spread="range"`) or one standard deviation to either side (`spread="std"`).

    Histories of more than 2,000 points are thinned, extremes kept. Raises InvalidValue (or
    NotFound, for a run id) with the value that is wrong.

        nbruns.charts.curves(mlflow.search_runs(), "loss", smoothing=0.6, log_y=True)
        nbruns.charts.curves([run.info.run_id, other.info.run_id], "loss", x="relative")
    """
    _demand("x", x, OVERS)
    _demand("spread", spread, SPREADS)
    if not 0 <= smoothing < 1:
        raise InvalidValue(f"smoothing '{smoothing}' must lie between 0 and 1, 1 excluded")
    records = read_runs(runs)
    groups = _groups(records, group_by)
    histories = read_histories(records, metric.removeprefix("metrics."))
    from nbruns.charts.curve_figure import curve_figure

    return curve_figure(
        records,
        histories,
        metric.removeprefix("metrics."),
        colours=_colours(records),
        over=x,
        log_x=log_x,
        log_y=log_y,
        smoothing=smoothing,
        groups=groups,
        spread=spread,
    )


def bar(runs: Any, metric: str, *, log: bool = False, group_by: str | None = None) -> go.Figure:
    """Draw the newest value of a metric, one bar per run.

    With `group_by`, a parameter or tag, one bar per group: its mean and standard deviation.

        nbruns.charts.bar(mlflow.search_runs(), "accuracy", group_by="params.model")
    """
    records = read_runs(runs)
    name = _numbers(records, metric)
    from nbruns.charts.bar_figure import bar_figure

    return bar_figure(
        records, name, colours=_colours(records), log=log, groups=_groups(records, group_by)
    )


def scatter(
    runs: Any,
    x: str,
    y: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    group_by: str | None = None,
) -> go.Figure:
    """Draw one column of the runs against another, one point per run.

    `x` and `y` are parameters, metrics, tags, "attributes.start_time" or "attributes.duration":
    "params.lr", or just "lr" where nothing else has that name. With `group_by`, runs of one
    group share a colour.

        nbruns.charts.scatter(mlflow.search_runs(), "lr", "metrics.accuracy", log_x=True)
    """
    records = read_runs(runs)
    across, up = resolve(records, x), resolve(records, y)
    from nbruns.charts.scatter_figure import scatter_figure

    return scatter_figure(
        records,
        across,
        up,
        colours=_colours(records),
        log_x=log_x,
        log_y=log_y,
        groups=_groups(records, group_by),
    )


def parallel(
    runs: Any, columns: Sequence[str] | None = None, *, colour_by: str | None = None
) -> go.Figure:
    """Draw every run as a line through several columns.

    Without `columns`, those parameters that differ, then `colour_by` or the first metric. Runs
    that lack one of the columns are left out.

        nbruns.charts.parallel(mlflow.search_runs(), ["lr", "depth"], colour_by="accuracy")
    """
    records = read_runs(runs)
    chosen = [resolve(records, name) for name in columns] if columns else _differing(records)
    colour = resolve(records, colour_by) if colour_by else _first_metric(records)
    if colour and colour not in chosen and (not columns or colour_by):
        chosen = [*chosen, colour]
    if len(chosen) < 2:
        raise InvalidValue(f"Parallel coordinates need two columns, got {chosen!r}")
    from nbruns.charts.parallel_figure import parallel_figure

    return parallel_figure(records, chosen, colour_by=colour)


def contour(
    runs: Any, x: str, y: str, z: str, *, log_x: bool = False, log_y: bool = False
) -> go.Figure:
    """Draw a map of `z` over two parameters that are numbers, with the runs on it.

    nbruns.charts.contour(mlflow.search_runs(), "lr", "depth", "accuracy", log_x=True)
    """
    records = read_runs(runs)
    across, up, height = (resolve(records, name) for name in (x, y, z))
    from nbruns.charts.contour_figure import contour_figure

    return contour_figure(records, across, up, height, log_x=log_x, log_y=log_y)


def box(runs: Any, metric: str, by: str, *, log_y: bool = False) -> go.Figure:
    """Draw how a metric lies within each value of a parameter or tag.

    nbruns.charts.box(mlflow.search_runs(), "accuracy", by="params.model")
    """
    records = read_runs(runs)
    name, of = _numbers(records, metric), resolve(records, by)
    from nbruns.charts.box_figure import box_figure

    return box_figure(records, name, of, log_y=log_y)


def _demand(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidValue(f"{name} '{value}' must be one of {', '.join(allowed)}")


def _numbers(runs: Sequence[Run], name: str) -> str:
    """The full name of a metric, or of another column of numbers."""
    metric = f"metrics.{name.removeprefix('metrics.')}"
    known = columns(runs)
    found = metric if metric in known else resolve(runs, name)
    if not column(runs, found).is_number:
        raise InvalidValue(f"'{label(found)}' is no number in these runs: it cannot be drawn")
    return found


def _groups(runs: Sequence[Run], group_by: str | None) -> list[Group]:
    return groups_by(runs, resolve(runs, group_by)) if group_by else []


def _colours(runs: Sequence[Run]) -> dict[str, str]:
    return colours_for([run.run_id for run in runs], {})


def _differing(runs: Sequence[Run]) -> list[str]:
    names = sorted({key for run in runs for key in run.params})
    return [f"params.{key}" for key in names if len({run.params.get(key) for run in runs}) > 1]


def _first_metric(runs: Sequence[Run]) -> str:
    names = sorted({point.key for run in runs for point in run.metrics})
    return f"metrics.{names[0]}" if names else ""
