"""The first lines of the Models view: its pages, the way back, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser import Browser
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.place import MODELS, TITLES, VERSION, Place
from nbruns.panel.selection import Selection
from nbruns.panel.sight import Sight


class Nav(anywidget.AnyWidget):
    """Links to the pages that have parts, and the steps that lead to the one in front."""

    _esm = script("sight", "section", "popup", "menu", "registry_nav")
    _css = own_style("registry")

    about: t.Dict[str, Any] = t.Dict({"pages": [], "page": "", "steps": []}).tag(sync=True)
    counts: t.Dict[str, int] = t.Dict().tag(sync=True)
    trouble = t.Unicode("").tag(sync=True)

    seen = t.Bool(True)

    def __init__(
        self,
        selection: Selection,
        *,
        pages: Sequence[str],
        on_retry: Callable[[], None],
        browser: Callable[[], Browser | None] = lambda: None,
    ) -> None:
        super().__init__()
        self.add_class("nbruns-registryNav")
        self.selection = selection
        self._pages = [page for page in TITLES if page in pages]
        self._on_retry, self._browser = on_retry, browser
        self._sight = Sight(self._turn)
        self.on_msg(self._hear)
        selection.observe(self._follow, ["registry"])
        self._follow(None)

    def refresh(self) -> None:
        """Say anew where the reader is, and in what kind of page."""
        self._follow(None)

    def count(self, page: str, number: int) -> None:
        """Say beside a page's name how many wait there; 0 says nothing."""
        if self.counts.get(page, 0) != number:
            self.counts = {**self.counts, page: number}

    def close(self) -> None:
        """Leave every page of the browser, and wait for no word from them."""
        self._sight.close()
        super().close()

    def _follow(self, _: object) -> None:
        if self.selection.registry is None:
            return
        place = Place.read(self.selection.registry)
        self.trouble = ""
        self.about = {
            "pages": [{"to": page, "title": TITLES[page]} for page in self._pages],
            "page": place.kind if place.kind in TITLES else MODELS,
            "steps": _steps(place),
            "has_page": self._browser() is not None,
        }

    def _turn(self, is_seen: bool) -> None:
        self.seen = is_seen

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        kind = message.get("type")
        if kind == "go":
            self.selection.registry = Place.read(str(message["to"])).text
        elif kind == "leave":
            self.selection.registry = None
        elif kind == "retry":
            self._on_retry()
        elif kind == "seen":
            self._sight.hear(str(message["view"]), bool(message["seen"]))
        elif kind in ("open-tab", "copy-link"):
            self._command(str(kind))

    def _command(self, name: str) -> None:
        browser, place = self._browser(), Place.read(self.selection.registry or "")
        if browser is not None:
            # A tab of its own is no notebook's: behind its models lie the experiments.
            state = {"experiments": True, "registry": place.text}
            browser.command(f"nbruns:{name}", state=state, title=place.title)


def _steps(place: Place) -> list[dict[str, str]]:
    """The way from the list of models to a place within it; none for the other pages."""
    if not place.name:
        return []
    steps = [
        {"to": MODELS, "title": TITLES[MODELS]},
        {"to": Place.of_model(place.name).text, "title": place.name},
    ]
    if place.kind == VERSION:
        steps.append({"to": place.text, "title": f"version {place.version}"})
    return steps
