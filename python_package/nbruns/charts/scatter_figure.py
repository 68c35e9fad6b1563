"""One column of the runs against another: a point a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbruns.charts.canvas import axis, go, text
from nbruns.charts.groups import Group
from nbruns.charts.palette import QUIET
from nbruns.charts.values import START, Column, column
from nbruns.records import Run


def scatter_figure(
    runs: Sequence[Run],
    x: str,
    y: str,
    *,
    colours: Mapping[str, str],
    log_x: bool = False,
    log_y: bool = False,
    groups: Sequence[Group] = (),
) -> go.Figure:
    """Draw runs as points; runs without a colour are quiet, and behind the others.

    A point's customdata is its run's id. Runs that lack a value are left out.
    """
    across, up = column(runs, x), column(runs, y)
    figure = go.Figure(
        layout={
            "xaxis": column_axis(across, log=log_x),
            "yaxis": column_axis(up, log=log_y),
            "hovermode": "closest",
        }
    )
    parts = [(group.label, group.colour, group.runs, True) for group in groups]
    if not groups:
        parts = [(r.name, colours[r.run_id], (r,), True) for r in runs if r.run_id in colours]
        quiet = tuple(run for run in runs if run.run_id not in colours)
        parts = [("Other runs", QUIET, quiet, False)] * bool(quiet) + parts
    places = {run.run_id: place for place, run in enumerate(runs)}
    for name, colour, members, is_picked in parts:
        chosen = [places[run.run_id] for run in members]
        figure.add_scatter(
            **_points(runs, (across, up), chosen, name=name, colour=colour, is_picked=is_picked)
        )
    return figure


def column_axis(of: Column, *, log: bool = False) -> dict[str, Any]:
    """An axis for a column: of numbers, of words in their order, or of time."""
    if of.name == START:
        return {**axis(of.label), "type": "date"}
    if of.is_number:
        return axis(of.label, log=log)
    order = [text(word) for word in of.words]
    return {**axis(of.label), "type": "category", "categoryarray": order}


def _points(
    runs: Sequence[Run],
    axes: tuple[Column, Column],
    chosen: Sequence[int],
    *,
    name: str,
    colour: str,
    is_picked: bool,
) -> dict[str, Any]:
    across, up = axes
    kept = [p for p in chosen if across.values[p] is not None and up.values[p] is not None]
    return {
        "x": [_drawn(across.values[place]) for place in kept],
        "y": [_drawn(up.values[place]) for place in kept],
        "mode": "markers",
        "name": text(name),
        "marker": {"color": colour, "size": 10 if is_picked else 7, "line": {"width": 1}},
        "opacity": 1.0 if is_picked else 0.7,
        "hovertext": [text(runs[place].name) for place in kept],
        "hovertemplate": (
            f"<b>%{{hovertext}}</b><br>{text(across.label)}: %{{x}}"
            f"<br>{text(up.label)}: %{{y}}<extra></extra>"
        ),
        "customdata": [runs[place].run_id for place in kept],
    }


def _drawn(value: object) -> object:
    return text(value) if isinstance(value, str) else value
