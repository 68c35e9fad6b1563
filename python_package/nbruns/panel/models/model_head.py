"""The top of a model's page: name, description, tags, the code that loads it; or what became of it.

A name that is nobody's any more keeps its page, for the activity log under it remains.
"""

from __future__ import annotations

import asyncio
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError, NotFound
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.card_content import pairs_of
from nbruns.panel.editing import Result, carry_out, read_edit
from nbruns.panel.models.addresses import ACTIVE_STAGES, addresses
from nbruns.panel.models.model_client import ModelClient
from nbruns.panel.models.model_edits import WrittenModel
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import MODEL, MODELS, Place
from nbruns.records import Activity, RegisteredModel

_LEVELS = ("NONE", "READ", "EDIT", "MANAGE")
# Longer than any description the server takes.
_LONGEST = 100_000


class ModelHead(Part):
    """What a model is, written on in place as far as the reader may."""

    shown_on = (MODEL,)
    _esm = script(
        *("section", "editor", "note", "popup", "menu", "pairs", "models", "host"),
        *("confirmation", "address_box", "model_head"),
    )
    _css = own_style("model_page")

    card: t.Dict[str, Any] = t.Dict().tag(sync=True)
    # The sections that stand otherwise than at the start, kept over other models and reloads.
    turned = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.client = ModelClient(self.connection)
        self._model: RegisteredModel | None = None
        self._refused = ""

    async def renew(self) -> None:
        """Fetch the model, or what became of it."""
        name = self.place.name
        try:
            model, level = await asyncio.gather(self.client.get(name), self.client.level(name))
        except NotFound:
            end = await self.client.end_of(name)
            if name == self.place.name:
                self._model, self.card = None, _gone(name, end)
            return
        if name != self.place.name:
            return
        if self._model is None or self._model.name != name:
            self._refused = ""
        self._model = model
        self._show(model, level)

    def hear(self, message: dict[str, Any]) -> None:
        """The reader writes, deletes, copies, or goes on."""
        kind, name = message.get("type"), str(self.card.get("name", ""))
        if kind == "edit":
            self.do(self._edit(name, message))
        elif kind == "delete":
            self.do(self._delete(name))
        elif kind == "value" and self._model is not None:
            key = str(message.get("name", ""))
            text = self._model.tags.get(key, "")
            self.send({**message, "text": text})
        elif kind == "go":
            self.go(Place.of_model(str(message["name"])).text)
        elif kind == "insert":
            browser = self.browser()
            if browser is not None:
                browser.command("nbruns:insert-cell", source=str(message["text"]))

    def _show(self, model: RegisteredModel, level: str) -> None:
        may = _LEVELS.index(level) if level in _LEVELS else 0
        stages = [one.stage for one in model.latest_versions if one.stage in ACTIVE_STAGES]
        self.card = {
            "id": model.name,
            "name": model.name,
            "created_ms": model.created_ms,
            "updated_ms": model.updated_ms,
            "note": model.description[:_LONGEST],
            "tags": pairs_of(model.tags),
            "may_edit": may >= _LEVELS.index("EDIT"),
            "may_manage": may >= _LEVELS.index("MANAGE"),
            "refused": self._refused,
            "held": [*(f"@{alias}" for alias in model.aliases), *stages],
            "addresses": addresses(model),
            "in_lab": self.browser() is not None,
        }

    async def _edit(self, name: str, message: dict[str, Any]) -> None:
        edit = read_edit(message)
        if edit is None:
            return
        if edit.kind == "name" and not edit.value:
            result = Result("refused", "A model needs a name.")
        else:
            result = await carry_out(WrittenModel(self.client, name), edit)
        told = {"outcome": result.outcome, "text": result.text}
        self.send({"type": "edited", "edit": message.get("edit"), **told})
        if result.outcome == "saved" and edit.kind == "name" and self.place.name == name:
            self.go(Place.of_model(str(edit.value)).text)
        elif self.place.name == name:
            await self.renew()

    async def _delete(self, name: str) -> None:
        try:
            await self.client.delete(name)
        except NbrunsError as error:
            self._refused = str(error)
            self.card = {**self.card, "refused": self._refused}
            return
        if self.place.name == name:
            self.go(MODELS)


def _gone(name: str, end: Activity | None) -> dict[str, Any]:
    """A card of a name that is nobody's: how that came, as far as the log says."""
    told: dict[str, Any] = {"id": name, "name": name, "is_gone": True}
    if end is None:
        return told | {"end": ""}
    new_name = end.after or "" if end.action == "renamed" else ""
    return told | {"end": end.action, "by": end.user, "at_ms": end.at_ms, "new_name": new_name}
