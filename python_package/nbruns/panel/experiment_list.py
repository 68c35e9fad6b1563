"""The list of experiments: every notebook's and the others, to choose one from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.records import ExperimentAtAGlance

Hear = Callable[[str, dict[str, Any]], None]
# What a row may ask for, and the fields it says with it.
ASKED = ("search", "more", "choose", "rename", "describe", "delete", "restore", "trash", "back")


class ExperimentList(anywidget.AnyWidget):
    """One line per experiment; `on_ask` hears what the reader wants, with the fields of it."""

    _esm = script("wishes", "experiment_list")

    lines = t.List(t.Dict()).tag(sync=True)
    about: t.Dict[str, Any] = t.Dict(
        {
            "current": "",
            "text": "",
            "trash": False,
            "more": False,
            "said": "",
            "way_back": True,
            "title": "",
        }
    ).tag(sync=True)

    def __init__(self, on_ask: Hear) -> None:
        super().__init__()
        self.add_class("nbruns-experiments")
        self._on_ask = on_ask
        self.on_msg(self._hear)

    def show(self, found: Sequence[ExperimentAtAGlance], **about: Any) -> None:
        """Show experiments in this order, and what `about` says of the list."""
        self.lines = [_line(one) for one in found]
        self.tell(**about)

    def tell(self, **about: Any) -> None:
        """Change what is said about the list."""
        self.about = {**self.about, **about}

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        kind = message.get("type")
        if kind in ASKED:
            self._on_ask(kind, {name: message[name] for name in message if name != "type"})


def _line(one: ExperimentAtAGlance) -> dict[str, Any]:
    return {
        "id": one.experiment_id,
        "name": one.name,
        "path": one.path or "",
        "is_gone": one.is_gone,
        "runs": one.runs,
        "running": one.running,
        "newest_ms": one.newest_ms,
        "note": one.note,
    }
