"""The run panel: joins the views to one selection, one feed and the server's changes."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

import ipywidgets as w

from nbruns.errors import NbrunsError
from nbruns.panel.client import Client
from nbruns.panel.compare import Compare
from nbruns.panel.connection import Connection, Unreachable, find_address
from nbruns.panel.events import Events
from nbruns.panel.feed import Feed
from nbruns.panel.header import Header
from nbruns.panel.pulse import Pulse
from nbruns.panel.registry import RegisterForm, Request, source_of
from nbruns.panel.run_card import RunCard
from nbruns.panel.run_list import RunList
from nbruns.panel.run_pages import RunPages
from nbruns.panel.selection import NOTHING_PICKED, Picked, Selection
from nbruns.protocol.names import REVISION_TAG
from nbruns.records import Run

OpenRevision = Callable[[str, Run], None]

_LOST = "No connection to the Jupyter server. Trying again…"


class RunPanel(w.VBox):  # type: ignore[misc]
    """The runs of one notebook, live; shows in the side panel and in a notebook's cell alike."""

    def __init__(
        self,
        path: str | None = None,
        *,
        connection: Connection | None = None,
        events: Events | None = None,
    ) -> None:
        self.connection = connection or Connection(find_address())
        self.events = events or Events(self.connection)
        self.feed = Feed(Client(self.connection))
        self._opener: OpenRevision | None = None
        self.selection = Selection()
        self._path = path
        self._left: dict[str, Picked] = {}
        self._stop_listening: Callable[[], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._renew = Pulse(self._renew_list, failed=self._complain)
        self._detail = Pulse(self._renew_detail, failed=self._complain, pause_s=0.03)
        self._make_views()
        super().__init__([self.header, self.list, self.detail])
        self.add_class("nbruns-panel")
        self.selection.observe(self._selected, ["ticked", "metric"])
        self.selection.observe(self._reordered, ["order"])
        self.list.observe(lambda _: self._on_change(), ["seen"])
        self._start()

    def _make_views(self) -> None:
        self.header = Header(on_retry=self.retry)
        self.list = RunList(
            self.selection,
            on_open=self.open_revision,
            on_register=self.register,
            on_end=lambda: self._do(self._extend()),
            on_retry=self.retry,
        )
        self.form = RegisterForm(
            on_submit=lambda asked: self._do(self._submit(asked)), on_cancel=self.form_done
        )
        base = self.connection.address.url
        self.card = RunCard(plotly_base=base, on_open=self.open_revision, on_register=self.register)
        self.compare = Compare(self.selection, plotly_base=base)
        self.detail = w.VBox([self.form])
        self.detail.add_class("nbruns-detail")
        self.detail.add_class("nbruns-empty")

    # -- what the outside asks

    def follow(self, path: str | None) -> None:
        """Show the runs of the notebook at this path; of none, when there is no notebook."""
        if path == self._path:
            return
        self._path = path
        if self.feed.experiment_id is not None:
            self._left[self.feed.experiment_id] = self.selection.picked
        self.selection.picked = NOTHING_PICKED
        self.feed = Feed(self.feed.client)
        self._renew.ask()

    def retry(self) -> None:
        """Try the server again at once."""
        self.events.retry_now()
        self._renew.ask()

    def open_revisions_with(self, opener: OpenRevision) -> None:
        """Offer to open revisions, and call this when the reader asks for one."""
        self._opener = opener
        self.list.can_open = self.card.can_open = True

    def open_revision(self, run_id: str) -> None:
        """Have the notebook opened as it was when a run started."""
        run = self.feed.pages.find(run_id)
        if run is not None and REVISION_TAG in run.tags and self._opener is not None:
            self._opener(run.tags[REVISION_TAG], run)

    def register(self, run_id: str) -> None:
        """Open the form that registers a run's model."""
        if run_id not in self.selection.ticked:
            self.selection.only(run_id)
        self.selection.registering = run_id
        self._do(self._ask_for_name(run_id))

    def form_done(self) -> None:
        """Put the form away."""
        self.selection.registering = None
        self.form.close_form()

    def close_all(self) -> None:
        """End the panel: it listens no more and its views leave every page."""
        if self._stop_listening is not None:
            self._stop_listening()
        for task in self._tasks:
            task.cancel()
        self._renew.close()
        self._detail.close()
        parts = (self.header, self.list, self.form, self.card, self.compare.chart)
        for part in (*parts, self.compare.differences, self.compare, self.detail, self):
            part.close()

    # -- what happens

    def _start(self) -> None:
        self._stop_listening = self.events.listen(self._on_change, self._on_turn)
        self._renew.ask()

    def _on_change(self) -> None:
        if self.list.seen:
            self._renew.ask()

    def _on_turn(self) -> None:
        self.header.complain("" if self.events.connected else _LOST)

    def _selected(self, change: dict[str, Any]) -> None:
        if change["name"] == "ticked" and self.selection.registering is None:
            self.form.close_form()
        self._detail.ask()

    def _reordered(self, _: object) -> None:
        self.list.looking_from = 0
        self.feed.pages = RunPages()
        self._renew.ask()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that the reader asked for; what fails is shown."""

        async def watched() -> None:
            try:
                await work
            except Exception as error:
                # The work is nobody's to await: unseen, its failure would be lost.
                self._complain(error)

        task = asyncio.get_running_loop().create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _complain(self, error: Exception) -> None:
        if not isinstance(error, NbrunsError):
            traceback.print_exception(error, file=sys.stderr)
        sentence = str(error) or type(error).__name__
        if isinstance(error, Unreachable) and not self.feed.pages.runs:
            self.list.say("The server does not answer", sentence, action="Retry", icon="unplugged")
        else:
            self.header.complain(sentence)

    # -- what is fetched and shown

    async def _renew_list(self) -> None:
        path, feed = self._path, self.feed
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
            self._show_list(path)
            self._detail.ask()

    def _take_up_again(self, feed: Feed) -> None:
        """Pick what was picked when this notebook was last in front, by whatever name."""
        picked = self._left.pop(feed.experiment_id or "", None)
        if picked is not None and not self.selection.ticked:
            self.selection.picked = picked

    def _show_list(self, path: str) -> None:
        pages = self.feed.pages
        if self.events.connected:
            self.header.complain("")
        if not pages.runs:
            self._show_nothing_yet(path)
            return
        self.header.show(self.feed.title or _stem(path), path, pages.runs, more=pages.has_more)
        self.list.show(pages.runs, self.feed.versions, more=pages.has_more)

    def _show_nothing_yet(self, path: str) -> None:
        self.header.show(self.feed.title or _stem(path), path)
        self.list.say(
            "No runs yet",
            "Run a cell that fits a model, or start one yourself:",
            code="mlflow.start_run()",
        )

    async def _extend(self) -> None:
        feed, before = self.feed, len(self.feed.pages.runs)
        await feed.extend(self.selection.order)
        if feed is self.feed and len(feed.pages.runs) > before and self._path is not None:
            self._show_list(self._path)

    async def _renew_detail(self) -> None:
        ticked, feed = self.selection.ticked, self.feed
        runs = await feed.picked(ticked)
        if ticked != self.selection.ticked:
            return
        gone = set(ticked) - {run.run_id for run in runs}
        if gone:
            self.selection.forget(gone)
        shown: list[w.Widget] = [self.form]
        if len(runs) == 1:
            self.card.show(runs[0], versions=feed.versions.get(runs[0].run_id, ()))
            shown.append(self.card)
        elif runs:
            shown.append(self.compare)
        self._show_detail(shown)
        if len(runs) == 1:
            await self._fill_card(runs[0])
        elif runs:
            await self._fill_chart(runs)

    def _show_detail(self, shown: list[w.Widget]) -> None:
        if list(self.detail.children) != shown:
            self.detail.children = shown
        is_empty = len(shown) == 1
        (self.detail.add_class if is_empty else self.detail.remove_class)("nbruns-empty")

    async def _fill_card(self, run: Run) -> None:
        # The chart of a second ticked run must not wait for plotly's 0.2 s.
        asyncio.get_running_loop().call_later(0.3, import_module, "nbruns.panel.charts")
        models = await self.feed.models_of(run)
        signatures = await self.feed.signatures_of(models)
        if self.selection.ticked == (run.run_id,):
            versions = self.feed.versions.get(run.run_id, ())
            self.card.show(run, models, signatures, versions)

    async def _fill_chart(self, runs: list[Run]) -> None:
        metric = self.compare.show(runs)
        if metric is not None:
            self.compare.draw(runs, metric, await self.feed.histories(runs, metric))

    # -- registering

    async def _ask_for_name(self, run_id: str) -> None:
        runs = await self.feed.picked([run_id])
        if not runs:
            return
        models = await self.feed.models_of(runs[0])
        names = await self.feed.client.registered_models()
        if self.selection.registering == run_id:
            self.form.ask(runs[0], models, names)

    async def _submit(self, asked: Request) -> None:
        self.form.busy()
        client, model = self.feed.client, asked.model
        try:
            version = await client.register(
                asked.name,
                source=source_of(asked),
                run_id=asked.run.run_id,
                model_id=model.model_id,
            )
        except NbrunsError as error:
            self.form.refuse("name" if "name" in str(error).lower() else "form", str(error))
            return
        trouble = ""
        if asked.alias:
            try:
                await client.set_alias(version, asked.alias)
            except NbrunsError as error:
                trouble = f"The alias was refused: {error}"
        self.form.report(version, "" if trouble else asked.alias, trouble)
        self._renew.ask()


def _stem(path: str) -> str:
    return PurePosixPath(path).stem
