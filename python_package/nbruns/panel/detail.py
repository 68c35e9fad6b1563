"""What stands under the list: a card for one ticked run, the comparison of several, the form."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module

import ipywidgets as w

from nbruns.panel.card_desk import CardDesk
from nbruns.panel.charts_switch import ChartsSwitch
from nbruns.panel.compare import Compare
from nbruns.panel.comparing import Comparing
from nbruns.panel.feed import Feed
from nbruns.panel.registry import RegisterForm
from nbruns.panel.selection import Selection
from nbruns.records import Run


async def load_figures() -> None:
    """Load what draws curves, beside the loop: a first comparison must not wait for its 0.2 s."""
    await asyncio.to_thread(import_module, "nbruns.charts.curve_figure")


class Detail(w.VBox):  # type: ignore[misc]
    """Fetches what card and comparison show of the ticked runs; `feed` gives the feed of now."""

    def __init__(
        self,
        selection: Selection,
        feed: Callable[[], Feed],
        *,
        form: RegisterForm,
        desk: CardDesk,
        compare: Compare,
    ) -> None:
        self.selection = selection
        self.form, self.desk, self.compare = form, desk, compare
        self.switch = ChartsSwitch(on_open=lambda: compare.set(is_open=True))
        self.comparing = Comparing(selection, feed, compare)
        self._feed = feed
        super().__init__([form])
        self.add_class("nbruns-detail")
        self.add_class("nbruns-empty")

    async def renew(self) -> None:
        """Show the ticked runs as they are now."""
        ticked, feed = self.selection.ticked, self._feed()
        runs = await feed.picked(ticked)
        if ticked != self.selection.ticked:
            return
        gone = set(ticked) - {run.run_id for run in runs}
        if gone:
            self.selection.forget(gone)
        # A brush may leave a list of one run: the chart that was brushed stays.
        charted = feed.count > 1 or self.selection.brushed is not None
        comparing = len(runs) > 1 or (self.compare.settings.is_open and charted)
        if len(runs) == 1:
            self.desk.show(runs[0], versions=feed.versions.get(runs[0].run_id, ()))
            self._show(*([self.compare] if comparing else []), *self.desk.views)
            await self._fill_card(feed, runs[0])
        elif comparing:
            self._show(self.compare)
        else:
            self._offer(feed)
        if comparing:
            await self.comparing.renew(runs)
        else:
            self.comparing.put_away()

    def close_all(self) -> None:
        """Leave every page."""
        self.desk.close()
        self.compare.close_all()
        for part in (self.form, self.switch, self):
            part.close()

    def _offer(self, feed: Feed) -> None:
        """Nothing is ticked: offer the charts of all runs, where there are some."""
        self.switch.offer(feed.count, more=False)
        self._show(*([self.switch] if feed.count > 1 else []))

    def _show(self, *views: w.Widget) -> None:
        shown = (self.form, *views)
        if tuple(self.children) != shown:
            self.children: tuple[w.Widget, ...] = shown
        (self.remove_class if views else self.add_class)("nbruns-empty")
        (self.add_class if views == (self.switch,) else self.remove_class)("nbruns-offering")

    async def _fill_card(self, feed: Feed, run: Run) -> None:
        models = await feed.models_of(run)
        signatures = await feed.signatures_of(models)
        if self.selection.ticked == (run.run_id,):
            versions = feed.versions.get(run.run_id, ())
            self.desk.show(run, models, signatures, versions)
