"""What the list shows and when it is fetched: the notebook's runs, in the order asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from nbruns.panel.client import Client
from nbruns.panel.connection import Unreachable
from nbruns.panel.feed import Feed
from nbruns.panel.header import Header
from nbruns.panel.run_list import RunList
from nbruns.panel.run_pages import RunPages
from nbruns.panel.selection import NOTHING_PICKED, Picked, Selection


class Listing:
    """Keeps header and list true to the notebook in front; `feed` is what it fetched."""

    def __init__(
        self,
        client: Client,
        selection: Selection,
        header: Header,
        runs: RunList,
        *,
        on_shown: Callable[[], None],
    ) -> None:
        self.feed = Feed(client)
        self.path: str | None = None
        self.selection = selection
        self.header = header
        self.list = runs
        self._on_shown = on_shown
        self._left: dict[str, Picked] = {}

    def follow(self, path: str | None) -> None:
        """Turn to the notebook at this path; what was picked of the former is kept for later."""
        self.path = path
        if self.feed.experiment_id is not None:
            self._left[self.feed.experiment_id] = self.selection.picked
        self.selection.picked = NOTHING_PICKED
        self.feed = Feed(self.feed.client)

    def reorder(self) -> None:
        """Begin at the top again: the pages fetched so far were of another order."""
        self.list.looking_from = 0
        self.feed.pages = RunPages()

    async def renew(self) -> None:
        """Fetch what is in sight anew, and show it."""
        path, feed = self.path, self.feed
        if path is None:
            self.header.show("Runs", "")
            self.list.say("No notebook in front", "Open a notebook to see its runs.")
            return
        is_new = feed.experiment_id is None
        if not is_new or await feed.find_experiment(path):
            if is_new and feed is self.feed:
                self._take_up_again(feed)
            looking = self.list.looking_from
            await feed.refresh(self.selection.order, self.list.visible_ids(), looking)
        if feed is self.feed:
            self._show(path)

    async def extend(self) -> None:
        """Fetch the page after the last one, and show it."""
        feed, before = self.feed, len(self.feed.pages.runs)
        await feed.extend(self.selection.order)
        if feed is self.feed and len(feed.pages.runs) > before and self.path is not None:
            self._show(self.path)

    def complain(self, error: Exception) -> None:
        """Say what went wrong: over the rows, or in their place where there are none."""
        sentence = str(error) or type(error).__name__
        if isinstance(error, Unreachable) and not self.feed.pages.runs:
            self.list.say("The server does not answer", sentence, action="Retry", icon="unplugged")
        else:
            self.header.complain(sentence)

    def _take_up_again(self, feed: Feed) -> None:
        """Pick what was picked when this notebook was last in front, by whatever name."""
        picked = self._left.pop(feed.experiment_id or "", None)
        if picked is not None and not self.selection.ticked:
            self.selection.picked = picked

    def _show(self, path: str) -> None:
        pages = self.feed.pages
        title = self.feed.title or PurePosixPath(path).stem
        if pages.runs:
            self.header.show(title, path, pages.runs, more=pages.has_more)
            self.list.show(pages.runs, self.feed.versions, more=pages.has_more)
        else:
            self.header.show(title, path)
            self.list.say(
                "No runs yet",
                "Run a cell that fits a model, or start one yourself:",
                code="mlflow.start_run()",
            )
        self._on_shown()
