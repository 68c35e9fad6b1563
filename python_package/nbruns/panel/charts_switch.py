"""The line under the list that opens charts of all its runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script


class ChartsSwitch(anywidget.AnyWidget):
    """Offers the charts of the list while no runs are compared."""

    _esm = script("charts_switch")

    words = t.Unicode("").tag(sync=True)

    def __init__(self, *, on_open: Callable[[], None]) -> None:
        super().__init__()
        self.add_class("nbruns-chartsSwitch")
        self._on_open = on_open
        self.on_msg(self._hear)

    def offer(self, count: int, *, more: bool) -> None:
        """Say of how many runs charts can be drawn."""
        self.words = f"Charts of {count}{'+' if more else ''} listed runs"

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "open":
            self._on_open()
