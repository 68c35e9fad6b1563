"""The page a panel shows in, as far as the panel may ask something of it.

Only JupyterLab's side of nbruns can open a notebook or write to the clipboard; a panel in
a notebook's cell has nobody to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nbruns.protocol.names import REVISION_TAG
from nbruns.records import Run

# What JupyterLab does with the revision of a run, by the names menus have for it.
REVISION_COMMANDS = {
    "open": "nbruns:open-revision",
    "diff": "nbruns:diff-revision",
    "restore-revision": "nbruns:restore-revision",
    "copy-revision": "nbruns:copy-revision",
}

Send = Callable[[dict[str, Any]], None]


class Browser:
    """Says over a tab's control comm what the page is to do."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def command(self, name: str, **args: Any) -> None:
        """Have one of our commands executed, such as `nbruns:open-revision`."""
        self._send({"type": "command", "id": name, "args": args})

    def with_revision(self, name: str, run: Run, **more: str) -> None:
        """Have something done with the notebook as a run had it; nothing where none was kept."""
        revision = run.tags.get(REVISION_TAG)
        if revision is not None:
            self.command(REVISION_COMMANDS[name], revisionId=revision, title=run.name, **more)

    def remember(self, state: Mapping[str, Any], title: str) -> None:
        """Tell what the panel shows now, for a reload of the page and a new kernel."""
        self._send({"type": "state", "state": dict(state), "title": title})

    def complain(self, text: str) -> None:
        """Have a sentence stand over the panel until the reader dismisses it."""
        self._send({"type": "error", "text": text})
