"""Serving a model: what of it is served, starting more, trying it; and the list of all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError, NotFound
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import ENDPOINTS, MODEL, VERSION, Place
from nbruns.panel.models.serving_client import ServingClient

_ACTIONS = ("stop", "restart", "remove")
_MOST_SHOWN = 20_000
_WIDTH = 60
_STAGES = ("Staging", "Production")

Choice = dict[str, Any]


class ServeBox(Part):
    """On the page of a model or version what of it is served; on a page of its own everything."""

    shown_on = (MODEL, VERSION, ENDPOINTS)
    _esm = script("section", "serve_row", "serve_box")
    _css = own_style("serving")

    about: t.Dict[str, Any] = t.Dict().tag(sync=True)
    turned: t.List[str] = t.List().tag(sync=True)
    unfit: t.Dict[str, Any] = t.Dict().tag(sync=True)
    trouble = t.Unicode("").tag(sync=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.client = ServingClient(self.connection)
        self.selection.observe(self._leave, ["registry"])

    async def renew(self) -> None:
        """Fetch what is served, and what could be."""
        place = self.place
        try:
            served, may, choices = await self._fetch(place)
        except NotFound:
            # The head of the page says that it is not there.
            about: dict[str, Any] = {}
        else:
            known = {one["id"] for one in served if one["state"] != "stopped"}
            about = {
                "page": place.kind,
                "name": place.name,
                "served": [_shown(one, place) for one in served if _belongs(one, place, choices)],
                "choices": [one for one in choices if may and one["id"] not in known],
                "may": may,
            }
        if place == self.place:
            self.about = about

    def hear(self, message: dict[str, Any]) -> None:
        """A button was pressed, an input sent, or figures have grown old."""
        kind, served_id = message.get("type"), str(message.get("id", ""))
        if kind == "serve":
            self.do(self._start(message["target"], message.get("environment")))
        elif kind in _ACTIONS:
            self.do(self._control(str(kind), served_id))
        elif kind == "detail":
            self.do(self._tell_detail(served_id))
        elif kind == "logs":
            self.do(self._tell_log(served_id))
        elif kind == "try":
            self.do(self._try(served_id, str(message.get("text", ""))))
        elif kind == "tick" and self.is_here:
            self.do(self.renew())
        elif kind == "forget":
            self.unfit, self.trouble = {}, ""
        elif kind == "go":
            self.go(Place.of_version(str(message["name"]), int(message["version"])).text)

    def _leave(self, _: object) -> None:
        self.about, self.unfit, self.trouble = {}, {}, ""

    async def _fetch(self, place: Place) -> tuple[list[dict[str, Any]], bool, list[Choice]]:
        if place.kind == ENDPOINTS:
            served, _ = await self.client.served()
            return served, False, []
        (served, may), choices = await asyncio.gather(
            self.client.served(place.name), self._choices(place)
        )
        return served, may, choices

    async def _choices(self, place: Place) -> list[Choice]:
        """What of the page can be served: aliases first, for they stay when versions go."""
        if place.kind == VERSION:
            version = await self.client.version(place.name, place.version)
            aliases, stages = dict.fromkeys(version.aliases, version.version), {}
            if version.stage in _STAGES:
                stages = {version.stage: version.version}
            number = place.version
        else:
            aliases, stages, newest = await self.client.holdings(place.name)
            stages = {stage: held for stage, held in stages.items() if stage in _STAGES}
            number = 0 if aliases or stages else newest
        return [*_choices_of(place.name, aliases, stages, number)]

    async def _start(self, target: dict[str, str], environment: str | None) -> None:
        """Serve; where the packages differ and nothing was chosen, say which instead."""
        self.unfit, self.trouble = {}, ""
        try:
            if environment is None:
                found = await self.client.differences(target)
                if found:
                    self.unfit = {"target": target, "differences": found}
                    return
            served_id = await self.client.start(target, environment or "here")
        except NbrunsError as error:
            self.trouble = str(error)
            return
        await self.renew()
        self.send({"type": "started", "id": served_id})

    async def _control(self, action: str, served_id: str) -> None:
        self.trouble = ""
        try:
            await self.client.control(action, served_id)
        except NbrunsError as error:
            self.trouble = str(error)
        await self.renew()

    async def _tell_detail(self, served_id: str) -> None:
        found = await self.client.detail(served_id)
        self.send(
            {
                "type": "detail",
                "id": served_id,
                "example": laid_out(_example(found)),
                "is_made_up": not found["example"],
            }
        )

    async def _tell_log(self, served_id: str) -> None:
        self.send({"type": "logs", "id": served_id, "log": await self.client.log(served_id)})

    async def _try(self, served_id: str, text: str) -> None:
        said: dict[str, Any] = {"type": "tried", "id": served_id}
        try:
            tried = await self.client.try_out(served_id, text)
        except NbrunsError as error:
            self.send({**said, "status": 0, "text": str(error), "took_ms": 0})
            return
        shown = _readable(tried.text, tried.status)
        more = {"status": tried.status, "took_ms": tried.took_ms}
        self.send({**said, **more, "text": shown[:_MOST_SHOWN], "is_cut": len(shown) > _MOST_SHOWN})
        await self.renew()


def _choices_of(
    name: str, aliases: dict[str, int], stages: dict[str, int], number: int
) -> Iterator[Choice]:
    for alias, version in sorted(aliases.items()):
        target = {"name": name, "alias": alias}
        yield _choice(f"{name}@{alias}", f"@{alias}", version, target, True)
    for stage, version in sorted(stages.items()):
        target = {"name": name, "stage": stage}
        yield _choice(f"{name}/{stage}", stage, version, target, True)
    if number:
        target = {"name": name, "version": str(number)}
        yield _choice(f"{name}/{number}", f"version {number}", number, target, False)


def _choice(
    served_id: str, title: str, version: int, target: dict[str, str], follows: bool
) -> Choice:
    return {
        "id": served_id,
        "title": title,
        "version": version,
        "target": target,
        "follows": follows,
    }


def _belongs(one: dict[str, Any], place: Place, choices: list[Choice]) -> bool:
    """Whether one that is served is of the page: a version's are those it answers for."""
    if place.kind != VERSION:
        return True
    version = str(place.version)
    ids = {choice["id"] for choice in choices}
    return version in (one["version"], one["next_version"]) or one["id"] in ids


def _shown(one: dict[str, Any], place: Place) -> dict[str, Any]:
    target = f"@{one['alias']}" if one["alias"] else one["stage"] or f"version {one['version']}"
    leads_on = one["version"] != str(place.version)
    return {**one, "leads_on": leads_on, "title": one["id"] if place.kind == ENDPOINTS else target}


def _readable(text: str, status: int) -> str:
    """An answer as a reader wants it: a refusal's sentence, a prediction laid out."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if status >= 400 and isinstance(found, dict) and "message" in found:
        return str(found["message"])
    return laid_out(found)


def laid_out(value: Any, indent: int = 0) -> str:
    """JSON that is broken into lines where it would be too long for one, but for plain rows."""
    line = json.dumps(value, ensure_ascii=False)
    is_flat = isinstance(value, list) and not any(isinstance(one, (list, dict)) for one in value)
    # A row of numbers is read as a row, however long it is.
    if is_flat or len(line) + indent <= _WIDTH or not isinstance(value, (list, dict)):
        return line
    inner, outer = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        parts = [laid_out(one, indent + 2) for one in value]
        return f"[\n{inner}" + f",\n{inner}".join(parts) + f"\n{outer}]"
    pairs = [f"{json.dumps(k)}: {laid_out(v, indent + 2)}" for k, v in value.items()]
    return f"{{\n{inner}" + f",\n{inner}".join(pairs) + f"\n{outer}}}"


_OF_TYPES: dict[str, Any] = {"string": "", "boolean": False, "datetime": "2026-01-01"}


def _example(found: dict[str, Any]) -> Any:
    """A body to begin with: the model's own example, else one row of the right columns."""
    if found["example"]:
        return json.loads(found["example"])
    if not found["columns"]:
        return {"inputs": []}
    row = [_OF_TYPES.get(one["type"], 0) for one in found["columns"]]
    return {
        "dataframe_split": {"columns": [one["name"] for one in found["columns"]], "data": [row]}
    }
