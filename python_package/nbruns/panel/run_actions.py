"""What can be done with a run from its row: the menu's entries, each by its name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from nbruns.panel.browser import REVISION_COMMANDS, Browser
from nbruns.panel.feed import Feed
from nbruns.panel.run_client import RunClient
from nbruns.panel.run_list import RunList
from nbruns.panel.selection import Selection
from nbruns.records import Run

_MOST_UNDONE = 20


class RunActions:
    """Does what is asked for on a row; `changed` has the list fetched again."""

    def __init__(
        self,
        selection: Selection,
        *,
        feed: Callable[[], Feed],
        runs: RunList,
        browser: Callable[[], Browser | None],
        changed: Callable[[], None],
    ) -> None:
        self.selection = selection
        self.list = runs
        self._feed, self._browser, self._changed = feed, browser, changed
        self._deleted: dict[str, list[str]] = {}

    def plain(self, name: str, run_id: str) -> bool:
        """Do at once what needs no server; whether that was all."""
        run = self._feed().window.find(run_id)
        if name in REVISION_COMMANDS and run is not None:
            self._with_revision(name, run)
        elif name == "copy-link":
            self._copy_link(run_id)
        elif name == "clear-filter":
            self.selection.brushed = None
            self.selection.filter_text = ""
        elif name == "leave-trash":
            self.selection.trash = False
        elif name == "details":
            self.selection.only(run_id)
        else:
            return False
        return True

    async def carry_out(self, name: str, run_id: str, message: dict[str, Any]) -> None:
        """Do what the server has to do."""
        lists = self._feed().lists
        if name in REVISION_COMMANDS:
            # Ticked, and then scrolled away from.
            for run in await self._feed().picked([run_id]):
                self._with_revision(name, run)
            return
        if name == "rename":
            text = str(message["text"])
            # The page shows it already: what is said of the run meanwhile calls it so too.
            self._feed().window.rename(run_id, text)
            await RunClient(lists.connection).rename(run_id, text)
        elif name == "delete":
            await self.delete(run_id)
        elif name == "undo":
            await lists.restore(self._deleted.pop(str(message["token"]), []) or [run_id])
        elif name == "restore":
            await lists.restore([run_id])
        elif name == "purge":
            await lists.purge([run_id])
            self.selection.forget([run_id])
        self._changed()

    async def delete(self, run_id: str) -> None:
        """Put a run into the trash with what is nested in it, and offer to undo that."""
        name = self.name_of(run_id)
        gone = await self._feed().lists.delete([run_id])
        token = secrets.token_hex(4)
        self._deleted[token] = gone
        if len(self._deleted) > _MOST_UNDONE:
            self._deleted.pop(next(iter(self._deleted)))
        self.selection.forget(gone)
        nested = len(gone) - 1
        with_nested = f" with {nested} nested {'run' if nested == 1 else 'runs'}" if nested else ""
        self.list.offer_undo(f"{name} deleted{with_nested}", token)

    async def move(self, run_id: str, experiment_id: str) -> None:
        """Put a run, with what is nested in it, into another experiment."""
        await self._feed().lists.move([run_id], experiment_id)
        self.selection.forget([run_id])
        self._changed()

    def name_of(self, run_id: str) -> str:
        """A run's name in quotation marks, for a sentence."""
        run = self._feed().window.find(run_id)
        return f"“{run.name}”" if run is not None and run.name else "Run"

    def _with_revision(self, name: str, run: Run) -> None:
        browser = self._browser()
        if browser is not None:
            browser.with_revision(name, run)

    def _copy_link(self, run_id: str) -> None:
        browser, feed = self._browser(), self._feed()
        if browser is not None:
            state = {"experiment_id": feed.experiment_id, "ticked": [run_id]}
            browser.command("nbruns:copy-link", state=state)
