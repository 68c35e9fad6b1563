"""The Models view: the registry's pages, in place of the runs.

It is imported at its first opening, by `panel/entrance.py`. Each page is made of parts. To add
one: write a subclass of `Part` in a module of its own, with the pages it stands on in
`shown_on`, its script and style (`_esm = script("my_part")`, `_css = own_style("my_part")`,
files in `panel/frontend/`), its calls in a client of its family, and name it in `PARTS` below:
on a page, parts stand under each other in that order. A page that has a part has its link.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable

import ipywidgets as w

from nbruns.errors import NbrunsError
from nbruns.panel.connection import Connection
from nbruns.panel.errands import Errands
from nbruns.panel.models.activity_log import ActivityLog
from nbruns.panel.models.model_head import ModelHead
from nbruns.panel.models.model_list import ModelList
from nbruns.panel.models.move_client import MoveClient
from nbruns.panel.models.moves import Moves
from nbruns.panel.models.nav import Nav
from nbruns.panel.models.part import Page, Part, ShowRuns
from nbruns.panel.models.place import KINDS, MODELS, REQUESTS, Place
from nbruns.panel.models.request_list import RequestList
from nbruns.panel.models.score_box import ScoreBox
from nbruns.panel.models.serve_box import ServeBox
from nbruns.panel.models.version_detail import VersionDetail
from nbruns.panel.models.version_files import VersionFiles
from nbruns.panel.models.version_head import VersionHead
from nbruns.panel.models.version_table import VersionTable
from nbruns.panel.pulse import Pulse
from nbruns.panel.selection import Selection

PARTS: tuple[type[Part], ...] = (
    ModelList,
    ModelHead,
    VersionHead,
    Moves,
    RequestList,
    VersionTable,
    VersionDetail,
    ServeBox,
    ScoreBox,
    VersionFiles,
    ActivityLog,
)


class RegistryView(w.VBox):  # type: ignore[misc]
    """Holds the navigation and the parts, and renews those of the page in front."""

    def __init__(
        self,
        selection: Selection,
        connection: Connection,
        *,
        browser: Page,
        show_runs: ShowRuns,
        on_retry: Callable[[], None],
        parts: tuple[type[Part], ...] | None = None,
    ) -> None:
        self.selection, self.connection = selection, connection
        self.errands = Errands(self.complain)
        self.pulse = Pulse(self.renew, failed=self.complain)
        self.parts = tuple(
            kind(
                *(selection, connection),
                do=self.errands.do,
                browser=browser,
                go=self.go,
                show_runs=show_runs,
            )
            for kind in (PARTS if parts is None else parts)
        )
        pages = {page for part in self.parts for page in part.shown_on}
        self.nav = Nav(selection, pages=tuple({MODELS, *pages}), on_retry=on_retry, browser=browser)
        beside = [part for part in self.parts if part.stands_beside]
        self.page = w.VBox([part for part in self.parts if not part.stands_beside])
        self.page.add_class("nbruns-registryPage")
        super().__init__([self.nav, *beside, self.page])
        self.add_class("nbruns-registry")
        self._stand()
        selection.observe(self._move, ["registry"])
        self.nav.observe(lambda _: self.changed(), ["seen"])

    def go(self, place: str) -> None:
        """Move to a place."""
        self.selection.registry = Place.read(place).text

    def changed(self) -> None:
        """The store has changed: show it, when anybody looks."""
        if self.selection.registry is not None and self.nav.seen:
            self.pulse.ask()

    async def renew(self) -> None:
        """Fetch anew what the parts in place show."""
        work = [part.renew() for part in self.parts if part.is_here]
        if any(REQUESTS in part.shown_on for part in self.parts):
            work.append(self._count_requests())
        failures = [
            outcome
            for outcome in await asyncio.gather(*work, return_exceptions=True)
            if isinstance(outcome, BaseException)
        ]
        if failures:
            raise failures[0]
        self.nav.trouble = ""

    async def _count_requests(self) -> None:
        waiting, _ = await MoveClient(self.connection).waiting()
        self.nav.count(REQUESTS, waiting)

    def complain(self, error: Exception) -> None:
        """Say over the page what failed."""
        if not isinstance(error, NbrunsError):
            traceback.print_exception(error, file=sys.stderr)
        self.nav.trouble = str(error) or type(error).__name__

    def close_all(self) -> None:
        """Leave every page of the browser and fetch no more."""
        self.pulse.close()
        self.errands.close()
        for view in (*self.parts, self.nav, self.page, self):
            view.close()

    def _move(self, _: object) -> None:
        if self.selection.registry is not None:
            self._stand()
            self.pulse.hurry()

    def _stand(self) -> None:
        """Have the style know which page is in front."""
        kind = Place.read(self.selection.registry or MODELS).kind
        for other in KINDS:
            (self.add_class if other == kind else self.remove_class)(f"nbruns-on-{other}")
