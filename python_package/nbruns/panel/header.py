"""The panel's first line: whose runs these are, how they stand, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script, style
from nbruns.records import Run


class Header(anywidget.AnyWidget):
    """Title, counts by status, and a line with a way out while the server is away."""

    _esm = script("header")
    _css = style()

    about = t.Dict({"title": "Runs", "path": "", "counts": {}, "more": False, "trouble": ""}).tag(
        sync=True
    )

    def __init__(self, *, on_retry: Callable[[], None]) -> None:
        super().__init__()
        self._on_retry = on_retry
        self.on_msg(self._hear)

    def show(self, title: str, path: str, runs: Iterable[Run] = (), *, more: bool = False) -> None:
        """Name what is shown and count its runs; `more` says that not all were fetched."""
        counts = dict(Counter(run.status for run in runs))
        self.about = {**self.about, "title": title, "path": path, "counts": counts, "more": more}

    def complain(self, trouble: str) -> None:
        """Say what is wrong; empty when all is well again."""
        self.about = {**self.about, "trouble": trouble}

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "retry":
            self._on_retry()
