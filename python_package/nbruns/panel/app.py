"""The panel kernel's program: one panel per browser tab, reached over a control comm.

A tab opens the comm `nbruns.panel` with its id and the notebook in front, and is told
which widget to show. It keeps its panel, state and all, over a reload of the page.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import comm
from comm.base_comm import BaseComm

from nbruns.panel.connection import Connection, find_address
from nbruns.panel.events import Events
from nbruns.panel.run_panel import OpenRevision, RunPanel
from nbruns.records import Run

TARGET = "nbruns.panel"
MOST_TABS = 8

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
            panel = self.panel_of(str(asked["tab"]), asked.get("path"))
        except Exception as error:
            # The tab waits for an answer: it gets this one, and the log the traceback.
            control.send({"type": "error", "text": str(error) or type(error).__name__})
            raise
        panel.open_revisions_with(_opener(control))
        control.on_msg(lambda said: _hear(panel, said))
        control.send({"type": "ready", "model_id": panel.model_id})

    def panel_of(self, tab: str, path: str | None) -> RunPanel:
        """A tab's panel, made on first need; the one unused for longest makes room."""
        panel = self.tabs.pop(tab, None)
        if panel is None:
            panel = self._make(path)
        self.tabs[tab] = panel
        panel.follow(path)
        while len(self.tabs) > MOST_TABS:
            _, oldest = self.tabs.popitem(last=False)
            oldest.close_all()
        return panel

    def _make(self, path: str | None) -> RunPanel:
        if self.connection is None:
            self.connection = Connection(find_address())
            self.events = Events(self.connection)
        return RunPanel(path, connection=self.connection, events=self.events)


def _opener(control: BaseComm) -> OpenRevision:
    def open_revision(revision_id: str, run: Run) -> None:
        control.send(
            {
                "type": "open-revision",
                "revision_id": revision_id,
                "run_id": run.run_id,
                "title": run.name,
            }
        )

    return open_revision


def _hear(panel: RunPanel, message: dict[str, Any]) -> None:
    said = message["content"]["data"]
    if said.get("type") == "notebook":
        panel.follow(said.get("path"))


def start() -> App:
    """Answer tabs from now on."""
    app = App()
    comm.get_comm_manager().register_target(TARGET, app.open_tab)
    return app
