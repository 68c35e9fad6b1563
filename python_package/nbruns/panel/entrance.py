"""The way from the runs into the Models view and back.

The view is imported and made when it is first entered: most panels never show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from nbruns.panel.browser import Browser
from nbruns.panel.connection import Connection
from nbruns.panel.models.place import MODELS, Place
from nbruns.panel.selection import Selection

if TYPE_CHECKING:
    from nbruns.panel.models.registry_view import RegistryView

_INSIDE = "nbruns-inRegistry"


class Entrance:
    """Puts the Models view in place of the runs while `selection.registry` names a place."""

    def __init__(
        self,
        panel: w.VBox,
        selection: Selection,
        connection: Connection,
        *,
        browser: Callable[[], Browser | None],
        show_runs: Callable[[str, Mapping[str, Any]], None],
        on_leave: Callable[[], None],
        on_retry: Callable[[], None],
    ) -> None:
        self.view: RegistryView | None = None
        self._panel, self._selection, self._connection = panel, selection, connection
        self._browser, self._show_runs = browser, show_runs
        self._on_leave, self._on_retry = on_leave, on_retry
        # Who looked at the run of a version goes on where the version is.
        self._left = MODELS
        selection.observe(self._turn, ["registry"])
        if self.is_inside:
            self._enter()

    @property
    def is_inside(self) -> bool:
        """Whether the Models view stands in place of the runs."""
        return self._selection.registry is not None

    @property
    def title(self) -> str:
        """What stands in place of the runs; empty while they are shown."""
        place = self._selection.registry
        return "" if place is None else Place.read(place).title

    def go(self, place: str | None) -> None:
        """Show a place of the view; without one, the view where it was left."""
        if place is not None:
            self._selection.registry = Place.read(place).text
        elif not self.is_inside:
            self._selection.registry = self._left

    def meet(self) -> None:
        """The panel shows in a page of JupyterLab from now on."""
        if self.view is not None:
            self.view.nav.refresh()
            self.view.changed()

    def changed(self) -> None:
        """The store has changed."""
        if self.view is not None:
            self.view.changed()

    def tell(self, trouble: str) -> None:
        """Say what keeps news away; empty when all is well again."""
        if self.view is not None:
            self.view.nav.trouble = trouble

    def close(self) -> None:
        """Close the view, where there is one."""
        if self.view is not None:
            self.view.close_all()

    def _turn(self, change: Mapping[str, Any]) -> None:
        if self.is_inside:
            self._enter()
        else:
            self._left = change["old"] or MODELS
            self._panel.remove_class(_INSIDE)
            self._on_leave()

    def _enter(self) -> None:
        if self.view is None:
            from nbruns.panel.models.registry_view import RegistryView

            self.view = RegistryView(
                self._selection,
                self._connection,
                browser=self._browser,
                show_runs=self._show_runs,
                on_retry=self._on_retry,
            )
            self._panel.children = (*self._panel.children, self.view)
            self.view.changed()
        self._panel.add_class(_INSIDE)
