"""The list of all models: a tree that folds, a search, and where each one's versions stand."""

from __future__ import annotations

from typing import Any

import traitlets as t

from nbruns.errors import InvalidValue
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.model_client import ModelClient, ModelLine
from nbruns.panel.models.model_filter import as_filter
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import MODEL, MODELS, VERSION, Place
from nbruns.panel.sight import Sight

FIRST_LOOK, _MOST_LOOKED_AT = 60, 400


class ModelList(Part):
    """The lines in sight; on the page of a model it stands beside it, where there is room."""

    shown_on = (MODELS, MODEL, VERSION)
    stands_beside = True
    _esm = script("sight", "section", "models", "standing_chips", "model_row", "model_list")
    _css = own_style("model_list")

    window: t.Dict[str, Any] = t.Dict().tag(sync=True)
    about: t.Dict[str, Any] = t.Dict().tag(sync=True)

    def __init__(self, *where: Any, **how: Any) -> None:
        self.text = ""
        self._looked_at = (0, FIRST_LOOK)
        self._opened: set[str] = set()
        self._closed: set[str] = set()
        # On the page of a model only a wide panel has room for the list, as the browser says.
        self._is_seen = False
        super().__init__(*where, **how)
        self.client = ModelClient(self.connection)
        self._sight = Sight(self._turn)
        self.add_class("nbruns-modelList")
        self.add_class("nbruns-partBeside")
        self.selection.observe(self._mark, ["registry"])
        self._tell()

    async def renew(self) -> None:
        """Fetch the lines in sight anew."""
        if self.place.kind != MODELS and not self._is_seen:
            return
        asked = self._asked()
        first, count = self._looked_at
        try:
            found = await self.client.lines(
                as_filter(self.text),
                opened=sorted(self._opened),
                closed=sorted(self._closed),
                first=first,
                count=count,
            )
        except InvalidValue as error:
            self._tell(trouble=str(error))
            return
        if asked != self._asked():
            # Whatever was asked for meanwhile is being fetched.
            return
        with self.hold_sync():
            self._tell()
            self.window = {
                "first": found.first,
                "total": found.total,
                "models": found.models,
                "text": self.text,
                "lines": [_shown(line) for line in found.lines],
            }

    def hear(self, message: dict[str, Any]) -> None:
        """The reader looks on, searches, unfolds, or goes to a model."""
        kind = message.get("type")
        if kind == "look":
            count = max(1, min(int(message["count"]), _MOST_LOOKED_AT))
            self._looked_at = (max(0, int(message["first"])), count)
        elif kind == "search":
            self.text = str(message["text"])
            self._looked_at = (0, FIRST_LOOK)
        elif kind == "fold":
            self._fold(str(message["path"]), bool(message["open"]))
        else:
            self._do_other(str(kind), message)
            return
        self.do(self.renew())

    def close(self) -> None:
        """Leave every page, and wait for no word from them."""
        if hasattr(self, "_sight"):
            self._sight.close()
        super().close()

    def _do_other(self, kind: str, message: dict[str, Any]) -> None:
        browser = self.browser()
        if kind == "go":
            self.go(Place.of_model(str(message["name"])).text)
        elif kind == "seen":
            self._sight.hear(str(message["view"]), bool(message["seen"]))
        elif kind == "insert" and browser is not None:
            browser.command("nbruns:insert-cell", source=str(message["text"]))

    def _fold(self, path: str, is_open: bool) -> None:
        (self._opened if is_open else self._closed).add(path)
        (self._closed if is_open else self._opened).discard(path)

    def _asked(self) -> tuple[Any, ...]:
        return self.text, self._looked_at, len(self._opened), len(self._closed)

    def _turn(self, is_seen: bool) -> None:
        was, self._is_seen = self._is_seen, is_seen
        if is_seen and not was and self.is_here:
            self.do(self.renew())

    def _mark(self, _: object) -> None:
        self._tell()

    def _tell(self, trouble: str = "") -> None:
        self.about = {
            "current": self.place.name if self.is_here else "",
            "in_lab": self.browser() is not None,
            "trouble": trouble,
        }


def _shown(line: ModelLine) -> dict[str, Any]:
    told: dict[str, Any] = {"path": line.path, "label": line.label, "depth": line.depth}
    model = line.model
    if line.models:
        return told | {"models": line.models, "is_open": line.is_open}
    if model is None:
        return told
    return told | {
        "newest": model.newest,
        "versions": model.versions,
        "aliases": sorted(model.aliases.items(), key=lambda held: (-held[1], held[0])),
        "stages": list(model.stages.items()),
        "pending": model.pending,
        "changed_ms": model.changed_ms,
        "changed_by": model.changed_by,
    }
