"""The panel kernel's program: one panel per browser tab, reached over a control comm.

A tab opens the comm `nbruns.panel` with its id, the notebook in front and what it showed
last, and is told which widget to show. It keeps its panel, state and all, over a reload
of the page. The side bar and each further place of a page count as tabs of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import comm
from comm.base_comm import BaseComm

from nbruns.panel.browser import Browser
from nbruns.panel.connection import Connection, find_address
from nbruns.panel.events import Events
from nbruns.panel.run_panel import RunPanel

TARGET = "nbruns.panel"
MOST_TABS = 12

__all__ = ["App", "RunPanel", "start"]


class App:
    """The panels of all tabs, sharing one connection and one stream of changes."""

    def __init__(self) -> None:
        self.tabs: OrderedDict[str, RunPanel] = OrderedDict()
        self.connection: Connection | None = None
        self.events: Events | None = None

    def open_tab(self, control: BaseComm, message: dict[str, Any]) -> None:
        """A tab has opened its control comm: give it its panel."""
        try:
            asked = message["content"]["data"]
            tab = str(asked["tab"])
            panel = self.panel_of(tab, asked.get("path"), asked.get("state"))
        except Exception as error:
            # The tab waits for an answer: it gets this one, and the log the traceback.
            control.send({"type": "error", "text": str(error) or type(error).__name__})
            raise
        panel.meet(Browser(control.send))
        control.on_msg(lambda said: self._hear(tab, said["content"]["data"]))
        control.send({"type": "ready", "model_id": panel.model_id})

    def panel_of(
        self, tab: str, path: str | None, state: Mapping[str, Any] | None = None
    ) -> RunPanel:
        """A tab's panel, made on first need; the one unused for longest makes room.

        A new panel begins with what `state` says; one that is known goes on as it was.
        """
        panel = self.tabs.pop(tab, None)
        if panel is None:
            panel = self._make(path, state)
        self.tabs[tab] = panel
        panel.follow(path)
        while len(self.tabs) > MOST_TABS:
            _, oldest = self.tabs.popitem(last=False)
            oldest.close_all()
        return panel

    def _make(self, path: str | None, state: Mapping[str, Any] | None) -> RunPanel:
        if self.connection is None:
            self.connection = Connection(find_address())
            self.events = Events(self.connection)
        return RunPanel(path, connection=self.connection, events=self.events, state=state)

    def _hear(self, tab: str, said: dict[str, Any]) -> None:
        panel = self.tabs.get(tab)
        if panel is None:
            return
        if said.get("type") == "notebook":
            panel.follow(said.get("path"))
        elif said.get("type") == "pick":
            panel.pick(str(said.get("run_id")))
        elif said.get("type") == "go":
            panel.entrance.go(said.get("place"))
        elif said.get("type") == "close":
            del self.tabs[tab]
            panel.close_all()


def start() -> App:
    """Answer tabs from now on."""
    app = App()
    comm.get_comm_manager().register_target(TARGET, app.open_tab)
    return app
