"""Where versions stand, and moving them: aliases and stages of a model, or of one version."""

from __future__ import annotations

import asyncio
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError, NotFound
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.holdings import field_of, holdings, read_move, trouble_with
from nbruns.panel.models.move_client import MoveClient
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import MODEL, VERSION, Place
from nbruns.records import ModelVersion

_MOST_OPEN = 200


class Moves(Part):
    """Each alias and stage with its version; who may moves them here, who may not asks here."""

    shown_on = (MODEL, VERSION)
    _esm = script(
        *("section", "editor", "combobox", "suggest_field", "standing_chips"),
        *("move_form", "moves"),
    )
    _css = own_style("moves")

    about: t.Dict[str, Any] = t.Dict().tag(sync=True)
    turned: t.List[str] = t.List().tag(sync=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.client = MoveClient(self.connection)
        self._typed = ""
        self.selection.observe(self._leave, ["registry"])

    async def renew(self) -> None:
        """Fetch where versions stand and what the reader may do there."""
        place = self.place
        number = place.version or None
        aliases = [self._typed] if self._typed else []
        try:
            rights, open_ones, versions = await asyncio.gather(
                self.client.rights(place.name, version=number, aliases=aliases),
                self.client.requests(
                    name=place.name, version=number, state="pending", max_results=_MOST_OPEN
                ),
                self._versions(place),
            )
        except NotFound:
            # The head of the page says that it is not there.
            self._show(place, {})
        else:
            self._show(place, holdings(place, rights, open_ones.items, versions))

    def hear(self, message: dict[str, Any]) -> None:
        """A form was sent, a name is being typed, or a version is to be shown."""
        kind = message.get("type")
        if kind == "edit":
            self.do(self._carry_out(message))
        elif kind == "rights":
            self._typed = str(message.get("alias", "")).lstrip("@")
            self.do(self.renew())
        elif kind == "go":
            self.go(Place.of_version(self.place.name, int(message["version"])).text)

    def _leave(self, _: object) -> None:
        # What is sent from a form is of the page in front, and of no other.
        self._typed, self.about = "", {}

    async def _versions(self, place: Place) -> list[ModelVersion]:
        if place.version:
            return [await self.client.version(place.name, place.version)]
        return await self.client.newest_versions(place.name)

    def _show(self, place: Place, about: dict[str, Any]) -> None:
        if place == self.place:
            self.about = about

    async def _carry_out(self, message: dict[str, Any]) -> None:
        """Make the move, or ask for it; what is refused stands in the form."""
        move = read_move(self.place, message)
        field, text = trouble_with(move)
        if not text:
            send = self.client.ask_for if message.get("what") == "ask" else self.client.move
            try:
                await send(move)
            except NbrunsError as error:
                field, text = field_of(str(error)), str(error)
            # Also after a refusal: what stood in the form was no longer true.
            await self.renew()
        outcome = "refused" if text else "saved"
        said = {"edit": message.get("edit"), "outcome": outcome, "field": field, "text": text}
        self.send({"type": "edited", **said})
