"""Draws Plotly figures in the browser with one plotly.js for the whole page.

A FigureWidget brings 5 MB of script with each figure; this sends a figure's data and
layout, and only the new points when a curve has grown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import packed_plotly, plotly_wanted, script

if TYPE_CHECKING:
    import plotly.graph_objects as go

Trace = dict[str, Any]
Wire = dict[str, Any]
Hear = Callable[[dict[str, Any]], None]


class ChartView(anywidget.AnyWidget):
    """Some figures, and the controls of what they show.

    `on_ask` hears what the reader does: a message of type "set" (settings), "metric", "pick"
    (a run), "menu" (of a point's runs), "register" (a run), "brush", "zoom" or "close".
    """

    _esm = script(
        *("wishes", "plotly", "popup", "menu", "download", "point_menu"),
        *("chart_theme", "chart_downloads", "chart_controls", "chart_view"),
    )

    controls: t.Dict[str, Any] = t.Dict().tag(sync=True)
    caption = t.Unicode("").tag(sync=True)
    plotly: t.Dict[str, str] = t.Dict().tag(sync=True)

    def __init__(self, *, plotly_base: str, on_ask: Hear) -> None:
        super().__init__(plotly=plotly_wanted(plotly_base))
        self.add_class("nbruns-chart")
        self._on_ask = on_ask
        self._shown: dict[str, Wire] = {}
        self.on_msg(self._hear)

    def show(self, figures: Mapping[str, go.Figure]) -> None:
        """Draw figures by their keys; one that only has more points than before sends those."""
        wanted = {key: plain(figure) for key, figure in figures.items()}
        before, self._shown = self._shown, wanted
        self.caption = ""
        grown = {
            key: points
            for key, figure in wanted.items()
            if key in before and (points := new_points(before[key], figure)) is not None
        }
        whole = {key: figure for key, figure in wanted.items() if key not in grown}
        if whole or list(before) != list(wanted):
            self.send({"type": "figures", "order": list(wanted), "figures": whole})
        gained = {key: tails for key, tails in grown.items() if any(x for x, _ in tails)}
        if gained:
            self.send({"type": "extend", "points": gained})

    def say(self, caption: str) -> None:
        """Show words in place of figures."""
        if self._shown:
            self._shown = {}
            self.send({"type": "figures", "order": [], "figures": {}})
        self.caption = caption

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "ready":
            figures = self._shown
            self.send({"type": "figures", "order": list(figures), "figures": figures})
        elif message.get("type") == "plotly":
            self.send({"type": "plotly"}, buffers=[packed_plotly()])
        else:
            self._on_ask(message)


def plain(figure: go.Figure) -> Wire:
    """A figure as JSON's own types, without the 7 kB template: the browser has the theme."""
    said = figure.to_plotly_json()
    layout = {key: value for key, value in said["layout"].items() if key != "template"}
    traces = [
        {key: list(value) if isinstance(value, tuple) else value for key, value in trace.items()}
        for trace in said["data"]
    ]
    return {"data": traces, "layout": layout}


def new_points(before: Wire, after: Wire) -> list[list[list[Any]]] | None:
    """What each trace gained at its end, as [x, y]; None when anything else changed."""
    old, new = before["data"], after["data"]
    if before["layout"] != after["layout"] or len(old) != len(new):
        return None
    gained = [_tail(one, other) for one, other in zip(old, new, strict=True)]
    return None if None in gained else [tail for tail in gained if tail is not None]


def _tail(old: Trace, new: Trace) -> list[list[Any]] | None:
    def rest(trace: Trace) -> Trace:
        return {key: value for key, value in trace.items() if key not in ("x", "y")}

    if rest(old) != rest(new):
        return None
    known, xs, ys = len(old.get("x", ())), new.get("x", []), new.get("y", [])
    if xs[:known] != old.get("x", []) or ys[:known] != old.get("y", []):
        return None
    return [xs[known:], ys[known:]]
