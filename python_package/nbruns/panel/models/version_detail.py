"""The body of a version's page: its numbers, what it takes and gives, its code and its tags."""

from __future__ import annotations

import json
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError, NotFound
from nbruns.panel.browser_side import script
from nbruns.panel.models.place import Place
from nbruns.panel.models.standing import Sides, Standing, standing_of
from nbruns.panel.models.version_content import detail_of
from nbruns.panel.models.version_feed import Known
from nbruns.panel.models.version_part import VersionPart

_MOST_BYTES = 64 * 1024
_MOST_ROWS, _MOST_COLUMNS = 20, 60


_PARTS = ("section", "editor", "pairs", "models", "data_table", "measures")


class VersionDetail(VersionPart):
    """Shows a version beside the one it is measured against, and what the model itself says."""

    _esm = script(*_PARTS, "version_detail")

    card: t.Dict[str, Any] = t.Dict().tag(sync=True)
    standing: t.Dict[str, Any] = t.Dict().tag(sync=True)
    # What was fetched on request, by its name: requirements, example.
    extras: t.Dict[str, Any] = t.Dict().tag(sync=True)

    def __init__(self, *place: Any, **how: Any) -> None:
        super().__init__(*place, **how)
        self.measure = Standing(self.feed.client)
        self._sides: Sides | None = None

    async def renew(self) -> None:
        """Fetch what may have changed, then the baseline's side of it."""
        await super().renew()
        known = self.feed.known
        if known.place == self.place and known.is_whole:
            await self._measure(known)

    def show(self, known: Known) -> None:
        """Show what is known of the version in front."""
        card = detail_of(known, in_lab=self.in_lab)
        if card.get("id") != self.card.get("id"):
            self.extras, self.standing, self.measure.key = {}, {}, None
        self.card = card

    def hear(self, message: dict[str, Any]) -> None:
        """The reader turns to another baseline, writes, or asks for more."""
        known, kind = self.feed.known, message.get("type")
        if known.place != self.place:
            return
        if kind == "edit":
            self.do(self.edit(message, known.place))
        elif kind == "value":
            self._tell_value(known, message)
        elif kind == "baseline":
            self.measure.key = str(message.get("key"))
            self.do(self._measure(known))
        elif kind == "compare":
            self._compare()
        elif kind == "go":
            self.go(Place.read(str(message["to"])).text)
        elif kind == "insert":
            self._insert(str(message.get("text", "")))
        elif kind in ("requirements", "example"):
            self.do(self._fetch(known, kind))

    async def _measure(self, known: Known) -> None:
        key = self.measure.key
        sides = await self.measure.sides(known)
        self._show(sides, key)
        if not sides.sentence:
            self._show(await self.measure.with_sentence(sides), key)

    def _show(self, sides: Sides, key: str | None) -> None:
        # The reader may have gone on, or turned to another baseline.
        if sides.known.place == self.place and key == self.measure.key:
            self._sides = sides
            self.standing = standing_of(sides, self.selection.directions)

    def _compare(self) -> None:
        sides = self._sides
        if sides is not None and sides.can_open and sides.known.place == self.place:
            pair = sides.pair
            chosen = {"filter_text": "", "trash": False, "ticked": [run.run_id for run in pair]}
            self.show_runs(pair[0].experiment_id, chosen)

    def _insert(self, text: str) -> None:
        browser = self.browser()
        if browser is not None:
            browser.command("nbruns:insert-cell", source=text)

    def _tell_value(self, known: Known, message: dict[str, Any]) -> None:
        name = str(message.get("name", ""))
        text = known.version.tags.get(name, "") if known.version is not None else ""
        self.send(
            {"type": "value", "run": known.place.text, "part": "tags", "name": name, "text": text}
        )

    async def _fetch(self, known: Known, kind: str) -> None:
        """Read a file of the model that was asked for."""
        if known.files is None or known.file is None:
            return
        name = known.file.example if kind == "example" else "requirements.txt"
        try:
            text = await self.feed.client.text(known.files.uri, name, most_bytes=_MOST_BYTES)
            said = example_of(text) if kind == "example" else {"text": text}
        except NbrunsError as error:
            gone = f"The model has no file {name}."
            said = {"trouble": gone if isinstance(error, NotFound) else str(error)}
        if known.place == self.place:
            self.extras = {**self.extras, kind: said}


def example_of(text: str) -> dict[str, Any]:
    """An input example: a table where it was written as one, else its text."""
    try:
        said = json.loads(text)
    except ValueError:
        return {"text": text}
    if isinstance(said, dict) and isinstance(said.get("data"), list):
        heads, rows = said.get("columns"), said["data"]
        if isinstance(heads, list) and all(isinstance(row, list) for row in rows):
            return {
                "heads": [str(head) for head in heads[:_MOST_COLUMNS]],
                "rows": [[_cell(v) for v in row[:_MOST_COLUMNS]] for row in rows[:_MOST_ROWS]],
                "count": len(rows),
            }
    return {"text": json.dumps(said, indent=1, ensure_ascii=False)[:_MOST_BYTES]}


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
