"""Draws Plotly figures in the browser with one plotly.js for the whole page.

A FigureWidget brings 5 MB of script with each figure; this sends a figure's data and
layout, and only the new points when a curve has grown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import plotly_wanted, script

if TYPE_CHECKING:
    import plotly.graph_objects as go

Trace = dict[str, Any]


class ChartView(anywidget.AnyWidget):
    """One figure, and the choice of the metric it shows."""

    _esm = script("plotly", "chart_view")

    metrics = t.List(t.Unicode()).tag(sync=True)
    metric = t.Unicode(None, allow_none=True).tag(sync=True)
    caption = t.Unicode("").tag(sync=True)
    plotly: t.Dict[str, str] = t.Dict().tag(sync=True)

    def __init__(self, *, plotly_base: str, on_metric: Callable[[str], None]) -> None:
        super().__init__(plotly=plotly_wanted(plotly_base))
        self.add_class("nbruns-chart")
        self._on_metric = on_metric
        self._shown: dict[str, Any] | None = None
        self.on_msg(self._hear)

    def choose_from(self, metrics: Sequence[str], metric: str | None) -> None:
        """Offer these metrics, this one chosen."""
        self.metrics, self.metric = list(metrics), metric

    def show(self, figure: go.Figure) -> None:
        """Draw a figure; one that only has more points than the last sends just those."""
        wanted = plain(figure)
        before, self._shown = self._shown, wanted
        self.caption = ""
        if before == wanted:
            return
        points = None if before is None else new_points(before, wanted)
        if points is None:
            self._send_whole()
        else:
            self.send({"type": "extend", "points": points})

    def say(self, caption: str) -> None:
        """Show words in place of the figure."""
        self.caption = caption

    def _send_whole(self) -> None:
        if self._shown is not None:
            self.send({"type": "figure", "figure": self._shown})

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "ready":
            self._send_whole()
        elif message.get("type") == "metric":
            self._on_metric(str(message["metric"]))


def plain(figure: go.Figure) -> dict[str, Any]:
    """A figure as JSON's own types, without the 7 kB template: the browser has the theme."""
    said = figure.to_plotly_json()
    layout = {key: value for key, value in said["layout"].items() if key != "template"}
    traces = [
        {key: list(value) if key in ("x", "y") else value for key, value in trace.items()}
        for trace in said["data"]
    ]
    return {"data": traces, "layout": layout}


def new_points(before: dict[str, Any], after: dict[str, Any]) -> list[list[list[Any]]] | None:
    """What each trace gained at its end, as [x, y]; None when anything else changed."""
    old, new = before["data"], after["data"]
    if before["layout"] != after["layout"] or len(old) != len(new):
        return None
    gained = [_tail(one, other) for one, other in zip(old, new, strict=True)]
    return None if None in gained else [tail for tail in gained if tail is not None]


def _tail(old: Trace, new: Trace) -> list[list[Any]] | None:
    def rest(trace: Trace) -> Trace:
        return {key: value for key, value in trace.items() if key not in ("x", "y")}

    known = len(old["x"])
    grown = new["x"][:known] == old["x"] and new["y"][:known] == old["y"]
    if not grown or rest(old) != rest(new):
        return None
    return [new["x"][known:], new["y"][known:]]
