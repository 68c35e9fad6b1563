"""Requests that versions be moved: a page of all in sight, and a section of each model's own."""

from __future__ import annotations

import asyncio
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.move_client import MoveClient, SeenRequest
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import MODEL, REQUESTS, VERSION, Place
from nbruns.records import Page

PAGE, MOST = 50, 1_000
OPEN = "pending"
_STATES = (OPEN, "approved", "rejected", "cancelled", "overtaken", "all")
_WHOSE = ("all", "to-decide", "mine")
_ACTIONS = ("approve", "reject", "cancel")


class RequestList(Part):
    """Who asks for what, and why; whoever may decides here, and says why."""

    shown_on = (MODEL, VERSION, REQUESTS)
    _esm = script("section", "editor", "standing_chips", "request_list")
    _css = own_style("moves", "requests")

    rows: t.List[dict[str, Any]] = t.List(t.Dict()).tag(sync=True)
    about: t.Dict[str, Any] = t.Dict().tag(sync=True)
    turned: t.List[str] = t.List().tag(sync=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.client = MoveClient(self.connection)
        self._whose, self._state, self._size = "all", OPEN, PAGE
        self.selection.observe(self._forget, ["registry"])

    async def renew(self) -> None:
        """Fetch the requests of the page in front, as its filter says."""
        asked = (self.place, self._whose, self._state, self._size)
        page, (waiting, user) = await asyncio.gather(self._fetch(), self.client.waiting())
        has_past = await self._has_past(len(page.items))
        if asked != (self.place, self._whose, self._state, self._size):
            return
        self.rows = [_row(one, user) for one in page.items]
        self.about = {
            "is_page": self.place.kind == REQUESTS,
            "name": self.place.name,
            "version": self.place.version,
            "whose": self._whose,
            "state": self._state,
            "waiting": waiting,
            "more": page.next_token is not None and self._size < MOST,
            "has_past": has_past,
        }

    def hear(self, message: dict[str, Any]) -> None:
        """Others are to be listed, one is decided, or its version is to be shown."""
        kind = message.get("type")
        if kind == "filter":
            self._filter(str(message.get("whose")), str(message.get("state")))
        elif kind == "more":
            self._size = min(self._size + PAGE, MOST)
            self.do(self.renew())
        elif kind == "edit" and message.get("action") in _ACTIONS:
            self.do(self._decide(message))
        elif kind == "go":
            self.go(Place.of_version(str(message["name"]), int(message["version"])).text)

    def _filter(self, whose: str, state: str) -> None:
        if whose in _WHOSE and state in _STATES:
            self._whose, self._size = whose, PAGE
            # What is decided is nobody's to decide.
            self._state = OPEN if whose == "to-decide" else state
            self.do(self.renew())

    def _forget(self, _: object) -> None:
        self._whose, self._state, self._size = "all", OPEN, PAGE
        self.about, self.rows = {}, []

    async def _fetch(self) -> Page[SeenRequest]:
        return await self.client.requests(
            name=self.place.name or None,
            version=self.place.version or None,
            whose=self._whose,
            state=None if self._state == "all" else self._state,
            max_results=self._size,
        )

    async def _has_past(self, open_ones: int) -> bool:
        """Whether requests of a model were decided; on the page of all it does not matter."""
        place = self.place
        if not place.name or self._state != OPEN:
            return True
        name, version = place.name, place.version or None
        most = min(open_ones + 1, MOST)
        found = await self.client.requests(name=name, version=version, max_results=most)
        return any(one.asked.state != OPEN for one in found.items)

    async def _decide(self, message: dict[str, Any]) -> None:
        text, archives = "", message.get("archives")
        try:
            await self.client.decide(
                str(message["action"]),
                int(message["id"]),
                comment=str(message.get("comment", "")).strip(),
                archives=None if archives is None else bool(archives),
            )
        except NbrunsError as error:
            text = str(error)
        await self.renew()
        outcome = "refused" if text else "saved"
        self.send({"type": "edited", "edit": message.get("edit"), "outcome": outcome, "text": text})


def _row(one: SeenRequest, user: str) -> dict[str, Any]:
    asked = one.asked
    return {
        "id": asked.request_id,
        "name": asked.name,
        "version": asked.version,
        "target": asked.target,
        "removes": asked.removes,
        "archives": asked.archives,
        "by": asked.requester,
        "mine": asked.requester == user,
        "comment": asked.comment,
        "at_ms": asked.asked_ms,
        "state": asked.state,
        "decider": asked.decider or "",
        "decided_ms": asked.decided_ms,
        "decision": asked.decision,
        "may": list(one.may),
        "refusal": one.refusal,
        "deciders": one.deciders,
        "holders": [version for version in one.holders if version != asked.version],
        "stage": one.stage,
    }
