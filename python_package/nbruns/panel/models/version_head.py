"""The top of a version's page: what it is, how it stands, where it came from."""

from __future__ import annotations

from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.models.place import MODELS, Place
from nbruns.panel.models.version_content import card_of, lineage_of
from nbruns.panel.models.version_feed import Known
from nbruns.panel.models.version_part import VersionPart
from nbruns.panel.selection import showing


class VersionHead(VersionPart):
    """Name, badges, description and the way back to run, code and data."""

    _esm = script(
        *("section", "editor", "note", "popup", "menu", "host", "lineage", "standing_chips"),
        "version_head",
    )
    _css = own_style("version_page")

    card: t.Dict[str, Any] = t.Dict().tag(sync=True)
    lineage: t.List[Any] = t.List(t.Dict()).tag(sync=True)
    # Why the version was not deleted.
    refused = t.Unicode("").tag(sync=True)

    def show(self, known: Known) -> None:
        """Show what is known of the version in front."""
        card = card_of(known)
        if card.get("id") != self.card.get("id"):
            self.refused = ""
        with self.hold_sync():
            self.card, self.lineage = card, lineage_of(known, in_lab=self.in_lab)

    def hear(self, message: dict[str, Any]) -> None:
        """The reader follows a step, writes, or deletes."""
        known, kind = self.feed.known, message.get("type")
        if known.place != self.place:
            return
        if kind == "go":
            self.go(Place.read(str(message["to"])).text)
        elif kind == "edit":
            self.do(self.edit(message, known.place))
        elif kind == "delete":
            self.do(self._delete(known.place))
        elif kind == "run" and known.run is not None:
            self.show_runs(known.run.experiment_id, showing(known.run))
        elif kind == "runs-on" and known.run is not None:
            self._show_runs_on(known, str(message.get("digest", "")))
        elif kind == "open" and known.run is not None:
            browser = self.browser()
            if browser is not None:
                browser.with_revision("open", known.run)

    def _show_runs_on(self, known: Known, digest: str) -> None:
        run = known.run
        if run is not None and digest in {found.dataset.digest for found in run.dataset_inputs}:
            escaped = digest.replace("'", "")
            chosen = {"filter_text": f"dataset.digest = '{escaped}'", "ticked": (), "trash": False}
            self.show_runs(run.experiment_id, chosen)

    async def _delete(self, place: Place) -> None:
        try:
            await self.feed.client.delete(place.name, place.version)
        except NbrunsError as error:
            self.refused = str(error)
            return
        if self.selection.registry == place.text:
            others = [one for one in self.feed.known.others if one.version != place.version]
            self.go(Place.of_model(place.name).text if others else MODELS)
