"""What was done to registered models: a page of all in sight, and a section of each one's own."""

from __future__ import annotations

from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.activity_words import ACTIONS, csv_of, told
from nbruns.panel.models.move_client import MoveClient
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import ACTIVITY, MODEL, VERSION, Place
from nbruns.records import Activity

PAGE, MOST_SHOWN = 50, 1_000
MOST_SAVED, _SAVED_AT_ONCE = 100_000, 1_000
_FILTERS = ("model", "user", "action", "since_ms", "until_ms")


class ActivityLog(Part):
    """The log, newest first, also of what is gone; and who held an alias on a day."""

    shown_on = (MODEL, VERSION, ACTIVITY)
    _esm = script("section", "combobox", "suggest_field", "download", "activity_log")
    _css = own_style("requests", "activity")

    rows: t.List[dict[str, Any]] = t.List(t.Dict()).tag(sync=True)
    about: t.Dict[str, Any] = t.Dict().tag(sync=True)
    turned: t.List[str] = t.List().tag(sync=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.client = MoveClient(self.connection)
        self._wanted: dict[str, Any] = {}
        self._size = PAGE
        self.selection.observe(self._forget, ["registry"])

    async def renew(self) -> None:
        """Fetch the log of the page in front, as its filter says."""
        asked = (self.place, self._wanted, self._size)
        page = await self.client.activity(**self._query(), max_results=self._size)
        if asked != (self.place, self._wanted, self._size):
            return
        self.rows = [told(one) for one in page.items]
        self.about = {
            "is_page": self.place.kind == ACTIVITY,
            "name": self.place.name,
            "version": self.place.version,
            "actions": list(ACTIONS),
            "filtered": self._wanted,
            "more": page.next_token is not None and self._size < MOST_SHOWN,
            "targets": _targets(page.items),
        }

    def hear(self, message: dict[str, Any]) -> None:
        """Others are to be listed or saved, a holder is asked for, or a model is to be shown."""
        kind = message.get("type")
        if kind == "filter":
            self._wanted = {name: message[name] for name in _FILTERS if message.get(name)}
            self._size = PAGE
            self.do(self.renew())
        elif kind == "more":
            self._size = min(self._size + PAGE, MOST_SHOWN)
            self.do(self.renew())
        elif kind == "csv":
            self.do(self._save())
        elif kind == "holder":
            self.do(self._tell_holder(message))
        elif kind == "go":
            name, version = str(message["name"]), int(message.get("version", 0))
            place = Place.of_version(name, version) if version else Place.of_model(name)
            self.go(place.text)

    @property
    def _model(self) -> str | None:
        return self.place.name or self._wanted.get("model")

    def _query(self) -> dict[str, Any]:
        version = self.place.version or None
        return {**self._wanted, "model": self._model, "version": version}

    def _forget(self, _: object) -> None:
        self._wanted, self._size = {}, PAGE
        self.about, self.rows = {}, []

    async def _save(self) -> None:
        """Hand all that the filter leaves to the browser, as CSV."""
        found: list[Activity] = []
        token: str | None = None
        while len(found) < MOST_SAVED:
            page = await self.client.activity(
                **self._query(), max_results=_SAVED_AT_ONCE, page_token=token
            )
            found += page.items
            token = page.next_token
            if token is None:
                break
        self.send({"type": "csv", "text": csv_of(found), "name": self._model or "models"})

    async def _tell_holder(self, message: dict[str, Any]) -> None:
        """Say who stood at a target when a day began, and when it ended."""
        target, said = str(message.get("target", "")).strip(), {"type": "holder"}
        ends = int(message["begins_ms"]) - 1, int(message["ends_ms"])
        try:
            before, after = [
                await self.client.holders(self._model or "", target, at_ms) for at_ms in ends
            ]
        except NbrunsError as error:
            self.send(said | {"trouble": str(error)})
        else:
            self.send(said | {"target": target, "before": before, "after": after})


def _targets(rows: list[Activity]) -> list[str]:
    """The aliases and stages that are told of, the last one first."""
    return list(dict.fromkeys(one.target for one in rows if one.target))
