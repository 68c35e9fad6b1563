"""The run panel: joins the views to one selection, one feed and the server's changes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from nbruns.errors import NbrunsError, NotFound
from nbruns.panel.browser import Browser
from nbruns.panel.card_desk import CardDesk
from nbruns.panel.choosing import Choosing
from nbruns.panel.client import Client
from nbruns.panel.compare import Compare
from nbruns.panel.connection import Connection, find_address
from nbruns.panel.detail import Detail, load_figures
from nbruns.panel.elsewhere import Elsewhere
from nbruns.panel.entrance import Entrance
from nbruns.panel.errands import Errands
from nbruns.panel.events import Events
from nbruns.panel.experiment_client import ExperimentClient
from nbruns.panel.feed import Feed
from nbruns.panel.header import Header
from nbruns.panel.listing import OTHER_LIST, SAME_LIST, Listing
from nbruns.panel.pulse import Pulse
from nbruns.panel.register_client import RegisterClient
from nbruns.panel.registering import Registering
from nbruns.panel.registry import RegisterForm, Request
from nbruns.panel.run_actions import RunActions
from nbruns.panel.run_list import RunList
from nbruns.panel.selection import KEPT, Selection
from nbruns.panel.toolbar import Toolbar

_LOST = "No connection to the Jupyter server. Trying again…"


class RunPanel(w.VBox):  # type: ignore[misc]
    """The runs of one notebook, live; shows in the side panel and in a notebook's cell alike."""

    def __init__(
        self,
        path: str | None = None,
        *,
        connection: Connection | None = None,
        events: Events | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self.connection = connection or Connection(find_address())
        self.events = events or Events(self.connection)
        self.selection = Selection()
        self.browser: Browser | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._errands = Errands(self._complain)
        self._do = self._errands.do
        self._make_views()
        self.listing.path = path
        self.selection.restore(state or {})
        for run_id in self.selection.ticked[:1]:
            self.listing.seek(run_id)
        self._renew = Pulse(self.listing.renew, failed=self._complain)
        self._look = Pulse(self.listing.look, failed=self._complain, pause_s=0.0)
        self._detail = Pulse(self.detail.renew, failed=self._complain, pause_s=0.03)
        self._remember = Pulse(self._tell_state, failed=self._complain, pause_s=0.3)
        super().__init__([self.header, self.toolbar, self.list, self.detail, self.choosing.view])
        self.add_class("nbruns-panel")
        self.selection.observe(self._selected, ["ticked", "metric", "charts"])
        self.selection.observe(self._reordered, OTHER_LIST)
        self.selection.observe(lambda _: self._renew.hurry(), SAME_LIST)
        self.selection.observe(self._turned, ["experiment_id"])
        self.selection.observe(lambda _: self._remember.ask(), list(KEPT))
        self.list.observe(lambda _: self._on_change(), ["seen"])
        self._stop_listening = self.events.listen(self._on_change, self._on_turn)
        self._renew.ask()
        self.elsewhere = Elsewhere(
            *(self, self.selection, self.choosing, self.listing),
            on_move=lambda *move: self._do(self.actions.move(*move)),
            on_leave=self._renew.ask,
            failed=self._complain,
        )
        self.entrance = Entrance(
            self,
            self.selection,
            self.connection,
            browser=lambda: self.browser,
            show_runs=lambda *asked: self._do(self._show_runs(*asked)),
            on_leave=self._leave_models,
            on_retry=self.retry,
        )

    def _make_views(self) -> None:
        base = self.connection.address.url
        self.header = Header(self.selection, on_retry=self.retry, on_menu=self._open_menu)
        self.choosing = Choosing(ExperimentClient(self.connection), do=self._do)
        self.toolbar = Toolbar(
            self.selection,
            on_choices=lambda: self._do(self.listing.fetch_choices()),
            on_values=lambda kind, key: self._do(self.listing.fetch_values(kind, key)),
            on_settings=lambda: self._do(self.listing.keep_settings()),
        )
        self.list = RunList(
            self.selection,
            on_act=self._act,
            on_look=self._scrolled,
            on_near=lambda: self._do(load_figures()),
            plotly_base=base,
        )
        self.actions = RunActions(
            self.selection,
            feed=lambda: self.feed,
            runs=self.list,
            browser=lambda: self.browser,
            changed=self._on_change,
        )
        self.form = RegisterForm(
            on_submit=lambda asked: self._do(self._submit(asked)),
            on_cancel=self.put_form_away,
            on_look=lambda name, alias: self._do(self.registering.look(name, alias)),
            on_go=self._go,
        )
        self.desk = CardDesk(
            self.selection,
            self.connection,
            on_open=self.open_revision,
            on_register=self.register,
            do=self._do,
            browser=lambda: self.browser,
            changed=self._on_change,
            failed=self._complain,
            on_delete=lambda run_id: self._act("delete", run_id, {}),
        )
        self.card = self.desk.card
        self.compare = Compare(
            self.selection, plotly_base=base, on_zoom=self._zoom, on_register=self.register
        )
        self.listing = Listing(
            Client(self.connection),
            self.selection,
            header=self.header,
            toolbar=self.toolbar,
            runs=self.list,
            on_shown=self._shown,
        )
        self.registering = Registering(
            self.selection, RegisterClient(self.connection), lambda: self.feed, self.form
        )
        self.detail = Detail(
            self.selection,
            lambda: self.feed,
            form=self.form,
            desk=self.desk,
            compare=self.compare,
        )

    @property
    def feed(self) -> Feed:
        """What was fetched of the notebook in front."""
        return self.listing.feed

    # -- what the outside asks

    def follow(self, path: str | None) -> None:
        """Show the runs of the notebook at this path; of none, when there is no notebook."""
        if path != self.listing.path:
            self.listing.follow(path)
            self._renew.hurry()

    def retry(self) -> None:
        """Try the server again at once."""
        self.events.retry_now()
        self._renew.hurry()
        self.entrance.changed()

    def meet(self, browser: Browser) -> None:
        """Show in a page of JupyterLab, which opens revisions and remembers the panel's state."""
        self.browser = browser
        self.list.can_open = self.card.can_open = self.header.has_page = True
        self.entrance.meet()

    def open_revision(self, run_id: str) -> None:
        """Have the notebook opened as it was when a run started."""
        self._act("open", run_id, {})

    def pick(self, run_id: str) -> None:
        """Show this run among those of its experiment, wherever the list stands now."""
        self._do(self._pick(run_id))

    def register(self, run_id: str) -> None:
        """Open the form that registers a run's model."""
        if run_id not in self.selection.ticked:
            self.selection.only(run_id)
        self.selection.registering = run_id
        self._do(self.registering.ask(run_id))

    def put_form_away(self) -> None:
        """Close the form that registers a model."""
        self.registering.put_away()

    def close_all(self) -> None:
        """End the panel: it listens no more and its views leave every page."""
        if self._stop_listening is not None:
            self._stop_listening()
        for work in (self._errands, self._renew, self._look, self._detail, self._remember):
            work.close()
        self.detail.close_all()
        self.elsewhere.close()
        self.entrance.close()
        for part in (self.header, self.toolbar, self.list, self.choosing.view, self):
            part.close()

    # -- what happens

    def _on_change(self) -> None:
        if self.entrance.is_inside:
            self.entrance.changed()
        elif self.selection.experiments:
            self.elsewhere.changed()
        elif self.list.seen:
            self._renew.ask()

    def _on_turn(self) -> None:
        lost = "" if self.events.connected else _LOST
        self.header.complain(lost)
        self.entrance.tell(lost)

    def _shown(self) -> None:
        if self.events.connected:
            self.header.complain("")
        self._detail.ask()

    def _zoom(self, metric: str, seen: tuple[float, float] | None) -> None:
        self.detail.comparing.zoom(metric, seen)
        self._detail.ask()

    def _selected(self, change: dict[str, Any]) -> None:
        if change["name"] == "ticked" and self.selection.registering is None:
            self.form.close_form()
        self._detail.ask()

    def _reordered(self, _: object) -> None:
        self.listing.reorder()
        self._renew.hurry()

    def _scrolled(self) -> None:
        self._look.hurry()

    def _turned(self, _: object) -> None:
        self.listing.turn()
        self._renew.hurry()

    def _act(self, name: str, run_id: str, message: dict[str, Any]) -> None:
        """Something is to be done with a run, or with the whole list."""
        if name == "retry":
            self.retry()
        elif name == "register":
            self.register(run_id)
        elif name == "move":
            self.elsewhere.begin_move(run_id, self.actions.name_of(run_id))
        elif name == "version":
            self.selection.registry = str(message["place"])
        elif name == "show-elsewhere":
            self.listing.show_elsewhere()
        elif not self.actions.plain(name, run_id):
            self._do(self.actions.carry_out(name, run_id, message))

    def _open_menu(self, name: str) -> None:
        """Do what the title's menu offers."""
        if name == "experiments":
            self.selection.experiments = True
        elif name == "models":
            self.entrance.go(None)
        elif self.browser is not None and name in ("open-tab", "copy-link"):
            view = {**self.selection.state(), "experiment_id": self.feed.experiment_id}
            self.browser.command(f"nbruns:{name}", state=view, title=self.feed.title)

    def _leave_models(self) -> None:
        (self.elsewhere if self.selection.experiments else self._renew).hurry()

    async def _tell_state(self) -> None:
        if self.browser is not None:
            self.browser.remember(self.selection.state(), self.entrance.title or self.feed.title)

    async def _pick(self, run_id: str) -> None:
        try:
            await self.listing.pick(run_id)
            self._renew.hurry()
            self.selection.registry = None
        except NotFound as error:
            if self.browser is None:
                raise
            # Over the list it would be gone with the next change of a run.
            self.browser.complain(str(error))

    async def _show_runs(self, experiment_id: str, chosen: Mapping[str, Any]) -> None:
        await self.listing.choose_in(experiment_id, chosen)
        self.selection.registry = None

    async def _submit(self, asked: Request) -> None:
        await self.registering.submit(asked)
        self._renew.hurry()

    def _go(self, place: str) -> None:
        """Leave the form for a place in the Models view."""
        self.put_form_away()
        self.selection.registry = place

    def _complain(self, error: Exception) -> None:
        if not isinstance(error, NbrunsError):
            traceback.print_exception(error, file=sys.stderr)
        self.listing.complain(error)
