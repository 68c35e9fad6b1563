"""Scoring a file with the version in front: choose it, see its columns, start, follow, open."""

from __future__ import annotations

import asyncio
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError, NotFound
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import VERSION, Place
from nbruns.panel.models.scoring_client import ScoringClient
from nbruns.protocol.names import PARTIAL_FILE, PREDICTIONS_FILE, SCORING_EXPERIMENT

_GOING = ("starting", "checking", "loading", "scoring")
# A job that has no run yet tells of itself by no change of the store.
_LOOKED_EVERY_S = 0.7
_MOST = 5
_WISHES = ("path", "columns", "separator", "decimal", "encoding")


class ScoreBox(Part):
    """A form for a file, and under it the scorings with this version, newest first."""

    shown_on = (VERSION,)
    _esm = script(
        *("section", "editor", "combobox", "suggest_field"),
        *("sizes", "score_jobs", "score_form", "score_box"),
    )
    _css = own_style("score_box")

    about: t.Dict[str, Any] = t.Dict().tag(sync=True)
    turned: t.List[str] = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, *place: Any, **how: Any) -> None:
        super().__init__(*place, **how)
        self.client = ScoringClient(self.connection)
        self._is_watching = False
        self.selection.observe(self._leave, ["registry"])

    async def renew(self) -> None:
        """Fetch the scorings with the version in front."""
        place = self.place
        try:
            found = await self.client.listed(place.name, place.version, most=_MOST)
        except NotFound:
            # The head of the page says that it is not there.
            return
        if place != self.place or not self.is_here:
            return
        self.about = about(place, found)
        if any(job["state"] in _GOING for job in found["jobs"]) and not self._is_watching:
            self._is_watching = True
            self.do(self._watch())

    def hear(self, message: dict[str, Any]) -> None:
        """The form asks something, or a run is to be shown."""
        if message.get("type") == "edit":
            self.do(self._answer(self.place, message))
        elif message.get("type") == "run":
            self._show(str(message.get("run_id")), is_preview=bool(message.get("preview")))

    def _leave(self, _: object) -> None:
        self.about = {}

    def _show(self, run_id: str, *, is_preview: bool) -> None:
        jobs = self.about.get("jobs", ())
        job = next((one for one in jobs if one["run_id"] == run_id), None)
        if job is None:
            return
        file = PREDICTIONS_FILE if job["state"] == "finished" else PARTIAL_FILE
        chosen = {"filter_text": "", "ticked": (run_id,), "trash": False}
        self.show_runs(job["experiment_id"], chosen | ({"artifact": file} if is_preview else {}))

    async def _watch(self) -> None:
        """Look again while something goes on and is in sight."""
        try:
            while self.is_here and any(j["state"] in _GOING for j in self.about.get("jobs", ())):
                await asyncio.sleep(_LOOKED_EVERY_S)
                if self.is_here:
                    await self.renew()
        finally:
            self._is_watching = False

    async def _answer(self, place: Place, message: dict[str, Any]) -> None:
        """Do what the form asks, and say what came of it."""
        told: dict[str, Any] = {"outcome": "saved"}
        try:
            told["found"] = await self._do(place, message)
        except NbrunsError as error:
            told = {"outcome": "refused", "text": str(error)}
        self.send({"type": "edited", "edit": message.get("edit"), **told})

    async def _do(self, place: Place, message: dict[str, Any]) -> Any:
        what = message.get("what")
        wish = {name: message[name] for name in _WISHES if message.get(name) is not None}
        if what == "files":
            return await self.client.files(str(message.get("path", "")))
        if what == "look":
            return await self.client.look(place.name, place.version, wish)
        if what == "start":
            await self.client.start(place.name, place.version, wish)
        elif what == "cancel":
            await self.client.cancel(str(message.get("job_id")))
        await self.renew()
        return None


def about(place: Place, found: dict[str, Any]) -> dict[str, Any]:
    """What the browser is told of a version's scorings."""
    return {
        "place": place.text,
        "uri": f"models:/{place.name}/{place.version}",
        "experiment": SCORING_EXPERIMENT.format(model=place.name),
        "refusal": found.get("refusal", ""),
        "jobs": found["jobs"][:_MOST],
    }
