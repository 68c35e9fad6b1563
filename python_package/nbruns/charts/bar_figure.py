"""A metric's newest value: one bar a run, or one a group with its deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbruns.charts.canvas import axis, go, shortened, text
from nbruns.charts.groups import Group, mean_and_deviation
from nbruns.charts.values import label, value_of
from nbruns.records import Run


def bar_figure(
    runs: Sequence[Run],
    name: str,
    *,
    colours: Mapping[str, str],
    log: bool = False,
    groups: Sequence[Group] = (),
) -> go.Figure:
    """Draw a column of numbers as bars; a run without a value has an empty place."""
    figure = go.Figure(layout={"xaxis": axis(label(name), log=log), "bargap": 0.35})
    if groups:
        return _of_groups(figure, name, groups)
    # By id, not by name: two runs may share one.
    for run in runs:
        figure.add_bar(
            x=[_number(run, name)],
            y=[run.run_id],
            name=text(run.name),
            orientation="h",
            marker={"color": colours.get(run.run_id)},
            hovertemplate="%{x}",
            meta=run.run_id,
        )
    return _labelled(figure, {run.run_id: run.name for run in runs})


def _of_groups(figure: go.Figure, name: str, groups: Sequence[Group]) -> go.Figure:
    for group in groups:
        values = [value for run in group.runs if (value := _number(run, name)) is not None]
        mean, deviation = mean_and_deviation(values) if values else (None, None)
        figure.add_bar(
            x=[mean],
            y=[group.name],
            error_x={"type": "data", "array": [deviation], "visible": len(values) > 1},
            name=text(group.label),
            orientation="h",
            marker={"color": group.colour},
            hovertemplate="%{x:.4~g}",
            meta=group.name,
        )
    return _labelled(figure, {group.name: group.label for group in groups})


def _labelled(figure: go.Figure, names: Mapping[str, str]) -> go.Figure:
    figure.update_layout(showlegend=False)
    return figure.update_yaxes(
        autorange="reversed",
        type="category",
        tickvals=list(names),
        ticktext=[shortened(name) for name in names.values()],
    )


def _number(run: Run, name: str) -> float | None:
    value = value_of(run, name)
    return value if isinstance(value, float) else None
