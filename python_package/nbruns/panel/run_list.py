"""The list of runs: rows stay in Python, the browser holds the few in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from nbruns.charts.palette import COLOURS
from nbruns.panel.browser_side import plotly_wanted, script
from nbruns.panel.heard import Heard
from nbruns.panel.list_rows import Surroundings, row_of
from nbruns.panel.pictures import changes, whole
from nbruns.panel.run_window import RunWindow
from nbruns.panel.selection import Selection
from nbruns.panel.sight import Later, Sight
from nbruns.panel.toolbar import sort_by

FIRST_LOOK = 40
_MOST_LOOKED_AT = 200

Act = Callable[[str, str, dict[str, Any]], None]

_PARTS = (
    "sight",
    "wishes",
    "plotly",
    "nearness",
    "popup",
    "row_cells",
    "row_menu",
    "run_row",
    "list_heads",
    "list_notes",
    "pictures",
    "run_list",
)


class RunList(anywidget.AnyWidget):
    """One row per run; ticking a row adds the run to the selection.

    `on_act` hears what is to be done with a run, by name; `on_look` that the reader scrolled;
    `on_near` once that a page's reader has come near, and may soon compare runs.
    """

    _esm = script(*_PARTS)

    # A page that opens takes it from here; one that shows the list is told what changed in it.
    window: t.Dict[str, Any] = t.Dict(
        {"version": 0, "first": 0, "total": None, "rows": [], "colours": {}, "expanded": []}
    ).tag(sync=True)
    columns = t.List(t.Dict()).tag(sync=True)
    palette = t.List(t.Unicode(), list(COLOURS)).tag(sync=True)
    order = t.Unicode().tag(sync=True)
    note = t.Dict().tag(sync=True)
    snack = t.Dict().tag(sync=True)
    can = t.Dict({"open": False}).tag(sync=True)
    plotly: t.Dict[str, str] = t.Dict().tag(sync=True)
    # The place the page scrolls to, and how often one was named.
    brought: t.Dict[str, int] = t.Dict({"place": 0, "number": 0}).tag(sync=True)

    seen = t.Bool(True)

    def __init__(
        self,
        selection: Selection,
        *,
        on_act: Act,
        on_look: Callable[[], None],
        on_near: Callable[[], None] = lambda: None,
        plotly_base: str = "",
        later: Later | None = None,
    ) -> None:
        super().__init__(plotly=plotly_wanted(plotly_base))
        self.add_class("nbruns-list")
        self.selection = selection
        self._on_act, self._on_look, self._on_near = on_act, on_look, on_near
        self._window, self._around = RunWindow(), Surroundings()
        self._heard = Heard()
        self._first, self._count = 0, FIRST_LOOK
        self._sight = Sight(self._turn, later=later)
        self.on_msg(self._hear)
        selection.observe(lambda _: self._send_window(), ["ticked", "expanded"])
        # The rows come in the new order when they were fetched.
        t.link((selection, "order"), (self, "order"))

    @property
    def can_open(self) -> bool:
        """Whether somebody can open revisions: only then is there a button for it."""
        return bool(self.can["open"])

    @can_open.setter
    def can_open(self, can: bool) -> None:
        self.can = {"open": can}

    @property
    def looking_at(self) -> tuple[int, int]:
        """The first place and the number of the rows that the reader wants to see."""
        return self._first, self._count

    def look_from_top(self) -> None:
        """Have the reader look at the first rows."""
        self._first = 0

    def bring(self, place: int) -> None:
        """Have the row at a place in sight."""
        self.brought = {"place": place, "number": self.brought["number"] + 1}

    def show(self, window: RunWindow, around: Surroundings, *, moved: int = 0) -> None:
        """Show the rows of a window; `moved` says how many places down those before have gone."""
        self._window, self._around = window, around
        self.columns = [column.to_browser() for column in around.columns]
        self.note = {}
        self._send_window(moved if self._first else 0)

    def say(self, title: str, text: str = "", **more: str) -> None:
        """Show words in place of rows; `code`, `icon`, `action` and what it `does` go with them."""
        self._window = RunWindow(total=0)
        self._send_window()
        self.note = {"title": title, "text": text, **more}

    def wait(self) -> None:
        """Show that rows are about to come."""
        self.look_from_top()
        self._window = RunWindow()
        self.note = {}
        self._send_window()

    def offer_undo(self, text: str, token: str) -> None:
        """Say for some seconds what was done, and that it can be undone."""
        self.snack = {"text": text, "action": "Undo", "token": token}

    def close(self) -> None:
        """Leave every page, and wait for no word from them."""
        self._sight.close()
        super().close()

    def _send_window(self, moved: int = 0) -> None:
        total, rows = self._window.total, []
        if total is not None:
            self._first = max(0, min(self._first, total - 1))
            rows = self._window.between(self._first, self._count)
        before = self.window
        self.window = {
            "version": before["version"] + 1,
            "first": self._first,
            "total": total,
            "moved": moved,
            "rows": [row and row_of(row, self._around) for row in rows],
            "colours": dict(self.selection.colours),
            "expanded": list(self.selection.expanded),
            "heard": self._heard.to_browser(),
        }
        self.send(changes(before, self.window))

    def _should_send_property(self, key: str, value: Any) -> bool:
        return key != "window" and bool(super()._should_send_property(key, value))

    def _turn(self, is_seen: bool) -> None:
        self.seen = is_seen

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        is_wish, version = self._heard.note(message), self.window["version"]
        try:
            self._take(message)
        finally:
            # A wish that changed nothing is answered too.
            if is_wish and self.window["version"] == version:
                self._send_window()

    def _take(self, message: dict[str, Any]) -> None:
        kind, run_id = message.get("type"), str(message.get("run_id", ""))
        if kind == "ready":
            if message.get("version") != self.window["version"]:
                self.send(whole(self.window))
        elif kind == "near":
            self._on_near()
        elif kind == "look":
            self._first = max(0, int(message["first"]))
            self._count = max(1, min(int(message["count"]), _MOST_LOOKED_AT))
            self._on_look()
        elif kind == "seen":
            self._sight.hear(str(message["view"]), bool(message["seen"]))
        elif kind == "tick":
            self.selection.tick(run_id, ticked=bool(message["ticked"]))
        elif kind == "only":
            self.selection.only(run_id)
        elif kind == "clear":
            self.selection.clear()
        elif kind == "expand":
            self.selection.expand(run_id, expanded=bool(message["expanded"]))
        elif kind == "sort":
            sort_by(self.selection, str(message["column"]))
        elif kind == "act":
            self._on_act(str(message["name"]), run_id, message)
