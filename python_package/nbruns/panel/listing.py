"""What the list shows and when it is fetched: the notebook's runs, or those of any experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from nbruns.panel.client import Client
from nbruns.panel.connection import Unreachable
from nbruns.panel.feed import Feed
from nbruns.panel.header import Elsewhere, Header
from nbruns.panel.list_rows import Surroundings
from nbruns.panel.list_settings import settings_of, take_settings
from nbruns.panel.run_client import RunClient
from nbruns.panel.run_filter import UnreadableFilter
from nbruns.panel.run_list import RunList
from nbruns.panel.selection import Selection, showing
from nbruns.panel.toolbar import Toolbar
from nbruns.protocol.names import LIST_TAG

# What makes it another list, and what only shows the same one otherwise.
OTHER_LIST = ["order", "filter_text", "brushed", "trash"]
SAME_LIST = ["columns", "aggregates", "directions", "expanded"]


class Listing:
    """Keeps header, toolbar and list true to what is selected; `feed` is what it fetched."""

    def __init__(
        self,
        client: Client,
        selection: Selection,
        *,
        header: Header,
        toolbar: Toolbar,
        runs: RunList,
        on_shown: Callable[[], None],
    ) -> None:
        self.feed = Feed(client)
        self.path: str | None = None
        self.selection = selection
        self.header, self.toolbar, self.list = header, toolbar, runs
        self._on_shown = on_shown
        self._left: dict[str, dict[str, Any]] = {}
        self._elsewhere: Elsewhere | None = None
        self._turned_to: str | None = None
        self._sought: str | None = None

    def seek(self, run_id: str) -> None:
        """Scroll to a run as soon as it is ticked and its list is there."""
        self._sought = run_id

    def follow(self, path: str | None) -> None:
        """Turn to the notebook at this path; what was picked of the former is kept for later."""
        had_notebook, self.path = self.path is not None, path
        if self.feed.experiment_id is not None:
            self._left[self.feed.experiment_id] = self.selection.listed_state()
        if had_notebook or self.selection.experiment_id is None:
            self._turned_to = None
            self.selection.turn_to({})
        self._begin_anew()

    def turn(self) -> None:
        """Show the experiment that is selected now, or the notebook's own again."""
        wanted = self.selection.experiment_id
        if wanted == self._turned_to:
            return
        self._turned_to = wanted
        if self.feed.experiment_id is not None:
            self._left[self.feed.experiment_id] = {
                **self.selection.listed_state(),
                "experiment_id": None,
            }
        self.selection.turn_to({"experiment_id": wanted})
        self._begin_anew()

    def show_elsewhere(self) -> None:
        """Show the runs that the notebook logs now, wherever they go."""
        if self._elsewhere is not None:
            self.selection.experiment_id = self._elsewhere.experiment_id

    def reorder(self) -> None:
        """Begin at the top again: it is another list."""
        self.list.look_from_top()

    async def renew(self) -> None:
        """Fetch what is in sight anew, and show it."""
        path, feed, selection = self.path, self.feed, self.selection
        if path is None and selection.experiment_id is None:
            self.header.show("Runs", "")
            self.toolbar.show(feed, is_shown=False)
            self.list.say("No notebook in front", "Open a notebook to see its runs.")
            return
        is_new = feed.experiment_id is None
        await self._locate(feed, path)
        if feed is not self.feed:
            return
        try:
            moved = await feed.refresh(
                selection, *self.list.looking_at, show=lambda: self._show_first(feed)
            )
        except UnreadableFilter as error:
            self._refuse(error)
            return
        if feed is self.feed:
            if is_new and feed.experiment_id is not None:
                self._take_up_again(feed.experiment_id)
            self._show(moved)
            if feed.count and not feed.window.covers(*self.list.looking_at):
                # The reader has scrolled on meanwhile.
                await self.look()
            await self._bring(feed)

    async def look(self) -> None:
        """Show what the reader scrolled to, fetched where it was not yet."""
        feed = self.feed
        first, count = self.list.looking_at
        self._show_rows()
        if feed.wanted.experiment_id and not feed.window.covers(first, count):
            await feed.reach(first, count)
            if feed is self.feed:
                self._show_rows()

    async def pick(self, run_id: str) -> None:
        """Tick a run alone, in the list of its experiment; raises NotFound."""
        run = await RunClient(self.feed.client.connection).get(run_id)
        await self.choose_in(run.experiment_id, showing(run))
        self.seek(run_id)

    async def choose_in(self, experiment_id: str, chosen: Mapping[str, Any]) -> None:
        """Show the list of an experiment with this chosen in it, as `Selection` has it."""
        notebook = await self.feed.client.find_notebook(self.path) if self.path else None
        if self.feed.experiment_id == experiment_id:
            self.selection.take_up({**self.selection.listed_state(), **chosen})
            return
        # Ticks are for runs that the list can find: these wait until it is that one.
        former = self._left.get(experiment_id, {})
        self._left[experiment_id] = {**former, **chosen}
        is_own = notebook is not None and notebook.experiment_id == experiment_id
        self.selection.experiment_id = None if is_own else experiment_id

    async def fetch_choices(self) -> None:
        """Fetch all that a column could show and a filter could name."""
        feed = self.feed
        if feed.experiment_id is not None:
            self.toolbar.offer(await feed.lists.keys(feed.experiment_id))

    async def fetch_values(self, kind: str, key: str) -> None:
        """Fetch the values a filter could ask for."""
        feed = self.feed
        if feed.experiment_id is not None:
            self.toolbar.suggest(kind, key, await feed.lists.values(feed.experiment_id, kind, key))

    async def keep_settings(self) -> None:
        """Keep the columns with the experiment, for the next time and for others."""
        feed = self.feed
        if feed.experiment_id is not None:
            text = settings_of(self.selection)
            await feed.client.set_experiment_tag(feed.experiment_id, LIST_TAG, text)

    def complain(self, error: Exception) -> None:
        """Say what went wrong: over the rows, or in their place where there are none."""
        sentence = str(error) or type(error).__name__
        if isinstance(error, Unreachable) and not self.feed.window.rows:
            self.list.say("The server does not answer", sentence, action="Retry", icon="unplugged")
        else:
            self.header.complain(sentence)

    async def _bring(self, feed: Feed) -> None:
        """Scroll to the run that was sought, once."""
        run_id = self._sought
        if run_id is None or run_id not in self.selection.ticked or not feed.is_of(self.selection):
            return
        self._sought = None
        place = await feed.place_of(run_id)
        if place is not None and feed is self.feed:
            self.list.bring(place)

    def _begin_anew(self) -> None:
        self.feed = Feed(self.feed.client)
        self._elsewhere = None
        self.list.wait()

    async def _locate(self, feed: Feed, path: str | None) -> None:
        """Learn which experiment is to be shown, and where the notebook logs meanwhile."""
        if path is not None and feed.experiment_id is None:
            await feed.find_notebook(path)
        own = feed.notebook.experiment_id if feed.notebook else None
        wanted = self.selection.experiment_id or own
        if wanted is not None and wanted != feed.experiment_id:
            experiment = await feed.look_up(wanted)
            if feed is self.feed:
                take_settings(self.selection, experiment.tags)
        if feed.notebook is not None:
            found = await feed.lists.logging(feed.notebook.notebook_id)
            if feed is self.feed:
                run, name = found or (None, "")
                self._elsewhere = (
                    Elsewhere(run.experiment_id, name)
                    if run is not None and run.experiment_id != wanted
                    else None
                )

    def _take_up_again(self, experiment_id: str) -> None:
        """Pick what was picked when this experiment was last in front."""
        left = self._left.pop(experiment_id, None)
        if left is not None and not self.selection.ticked:
            self.selection.take_up(left)

    def _refuse(self, error: UnreadableFilter) -> None:
        """Say which part of the filter cannot be read; rows of another filter would mislead."""
        self.toolbar.refuse(error)
        if not self.feed.window.rows:
            self.list.say(
                "The filter cannot be read", str(error), action="Clear filter", does="clear-filter"
            )

    def _show(self, moved: int) -> None:
        feed = self.feed
        title = feed.title or PurePosixPath(self.path or "Runs").stem
        own = feed.notebook is not None and feed.notebook.experiment_id == feed.experiment_id
        self.header.show(
            title,
            (self.path or "") if own or feed.experiment_id is None else "",
            feed.counts,
            way_back=self.selection.experiment_id is not None and self.path is not None,
            elsewhere=self._elsewhere,
            is_trash=self.selection.trash,
        )
        self.toolbar.show(feed, is_shown=bool(feed.counts.by_status or feed.counts.deleted))
        if feed.count:
            self._show_rows(moved)
        else:
            self._say_why_empty()
        self._on_shown()

    def _show_first(self, feed: Feed) -> None:
        """Show the first rows of another list, and clear what was said in place of the former's."""
        if feed is self.feed and feed.window.rows:
            self._show_rows()

    def _show_rows(self, moved: int = 0) -> None:
        feed = self.feed
        around = Surroundings(
            feed.columns,
            feed.versions,
            feed.sparks,
            feed.best,
            feed.wanted.order,
            feed.wanted.is_folded,
            feed.wanted.is_trash,
        )
        self.list.show(feed.window, around, moved=moved)

    def _say_why_empty(self) -> None:
        selection = self.selection
        if selection.filter_text or selection.brushed is not None:
            self.list.say(
                "No run matches",
                selection.filter_text or "No run lies within the brush.",
                action="Clear filter",
                does="clear-filter",
                icon="search",
            )
        elif selection.trash:
            self.list.say(
                "The trash is empty", "Deleted runs wait here.", action="Back", does="leave-trash"
            )
        elif self._elsewhere is not None:
            self.list.say(
                "No runs here",
                f"This notebook's runs go to “{self._elsewhere.name}”.",
                action="Show them",
                does="show-elsewhere",
            )
        else:
            self.list.say(
                "No runs yet",
                "Run a cell that fits a model, or start one yourself:",
                code="mlflow.start_run()",
            )
