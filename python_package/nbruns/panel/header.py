"""The panel's first lines: whose runs these are, how they stand, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script, style
from nbruns.panel.heard import Answering
from nbruns.panel.run_filter import status_in, with_status
from nbruns.panel.selection import Selection
from nbruns.records import RunCounts


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The experiment a notebook logs to while the runs of another one are shown."""

    experiment_id: str
    name: str


class Header(Answering, anywidget.AnyWidget):
    """Title, counts by status that filter, and lines with a way on, back or out."""

    _esm = script("wishes", "popup", "header")
    _css = style()

    about: t.Dict[str, Any] = t.Dict(
        {"title": "Runs", "path": "", "counts": {}, "trouble": ""}
    ).tag(sync=True)
    status = t.Unicode("").tag(sync=True)
    # A page of JupyterLab opens tabs and takes links; a cell's output has neither.
    has_page = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        selection: Selection,
        *,
        on_retry: Callable[[], None],
        on_menu: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.selection = selection
        self._on_retry, self._on_menu = on_retry, on_menu
        self.on_msg(self._hear)
        selection.observe(self._follow, ["filter_text"])
        self._follow(None)

    def show(
        self,
        title: str,
        path: str,
        counts: RunCounts | None = None,
        *,
        way_back: bool = False,
        elsewhere: Elsewhere | None = None,
        is_trash: bool = False,
    ) -> None:
        """Name what is shown and say how all its runs stand.

        `way_back` offers the notebook's own runs, `elsewhere` those it logs now.
        """
        counts = counts or RunCounts()
        self.about = {
            **self.about,
            "title": title,
            "path": path,
            "counts": dict(counts.by_status),
            "deleted": counts.deleted,
            "way_back": way_back,
            "elsewhere": asdict(elsewhere) if elsewhere else None,
            "trash": is_trash,
        }

    def complain(self, trouble: str) -> None:
        """Say what is wrong; empty when all is well again."""
        self.about = {**self.about, "trouble": trouble}

    def _follow(self, _: object) -> None:
        self.status = status_in(self.selection.filter_text) or ""

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        with self.answering(message):
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        kind, selection = message.get("type"), self.selection
        if kind == "retry":
            self._on_retry()
        elif kind == "status":
            chosen = str(message["status"]) or None
            selection.filter_text = with_status(selection.filter_text, chosen)
        elif kind == "back":
            selection.experiment_id = None
        elif kind == "elsewhere":
            selection.experiment_id = str(message["experiment_id"])
        elif kind == "menu":
            self._on_menu(str(message["name"]))
        elif kind == "leave-trash":
            selection.trash = False
