"""How a metric lies within each value of a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbruns.charts.canvas import axis, go, shortened, text
from nbruns.charts.groups import groups_by
from nbruns.charts.palette import QUIET
from nbruns.charts.values import column, label
from nbruns.records import Run


def box_figure(
    runs: Sequence[Run],
    y: str,
    by: str,
    *,
    colours: Mapping[str, str] | None = None,
    log_y: bool = False,
) -> go.Figure:
    """Draw one box per value of a column, with every run as a point beside it.

    A point's customdata is its run's id; runs in `colours` wear theirs.
    """
    groups = groups_by(runs, by)
    values = dict(zip((run.run_id for run in runs), column(runs, y).values, strict=True))
    figure = go.Figure(
        layout={
            "xaxis": {
                **axis(label(by)),
                "type": "category",
                "categoryarray": [group.name for group in groups],
                "tickvals": [group.name for group in groups],
                "ticktext": [shortened(group.name) for group in groups],
            },
            "yaxis": axis(label(y), log=log_y),
            "hovermode": "closest",
            "showlegend": False,
        }
    )
    for group in groups:
        kept = [run for run in group.runs if isinstance(values[run.run_id], float)]
        figure.add_box(
            x=[group.name] * len(kept),
            y=[values[run.run_id] for run in kept],
            name=text(group.label),
            boxpoints="all",
            jitter=0.4,
            pointpos=0,
            # Beside runs in colours of their own, boxes in colours would read as runs.
            line={"color": QUIET if colours else group.colour, "width": 1.5},
            marker={"size": 5, "opacity": 0.75},
            hoveron="points",
            hovertext=[text(run.name) for run in kept],
            hovertemplate="<b>%{hovertext}</b><br>%{y:.4~g}<extra></extra>",
            customdata=[run.run_id for run in kept],
        )
    _mark(figure, runs, values, by, colours or {})
    return figure


def _mark(
    figure: go.Figure,
    runs: Sequence[Run],
    values: Mapping[str, object],
    by: str,
    colours: Mapping[str, str],
) -> None:
    """Put a larger point where a run has a colour of its own."""
    places = {run.run_id: group.name for group in groups_by(runs, by) for run in group.runs}
    for run in runs:
        if run.run_id in colours and isinstance(values[run.run_id], float):
            figure.add_scatter(
                x=[places[run.run_id]],
                y=[values[run.run_id]],
                mode="markers",
                name=text(run.name),
                marker={"size": 10, "color": colours[run.run_id], "line": {"width": 1}},
                hovertemplate="<b>%{fullData.name}</b><br>%{y:.4~g}<extra></extra>",
                customdata=[run.run_id],
            )
