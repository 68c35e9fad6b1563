"""What the parts of a version's page have in common: one feed, and writing in place."""

from __future__ import annotations

from typing import Any, ClassVar

import traitlets as t

from nbruns.panel.editing import carry_out, read_edit
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import VERSION, Place
from nbruns.panel.models.version_edits import WrittenVersion
from nbruns.panel.models.version_feed import Known, feed_of


class VersionPart(Part):
    """A part of a version's page; it shows whatever the page's feed learns."""

    shown_on: ClassVar[tuple[str, ...]] = (VERSION,)

    # The sections that stand otherwise than at the start, kept over other versions and reloads.
    turned = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, *place: Any, **how: Any) -> None:
        super().__init__(*place, **how)
        self.add_class("nbruns-versionPart")
        self.feed = feed_of(self.selection, self.connection)
        self._unlisten = self.feed.listen(self._take)

    async def renew(self) -> None:
        """Fetch what may have changed; the feed tells every part."""
        known = await self.feed.renew(self.place)
        if known.place == self.place:
            self.show(known)

    def show(self, known: Known) -> None:
        """Show what is known of the version in front."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave every page, and hear no more."""
        if hasattr(self, "_unlisten"):
            self._unlisten()
        super().close()

    @property
    def in_lab(self) -> bool:
        """Whether there is a JupyterLab to open notebooks in."""
        return self.browser() is not None

    async def edit(self, message: dict[str, Any], place: Place) -> None:
        """Write what the reader wrote, and say how it went."""
        edit = read_edit(message)
        if edit is None or edit.kind == "name":
            return
        result = await carry_out(WrittenVersion(self.feed.client, place), edit)
        told = {"outcome": result.outcome, "text": result.text}
        self.send({"type": "edited", "of": place.text, "edit": message.get("edit"), **told})
        await self.feed.renew(place)

    def _take(self, known: Known) -> None:
        if self.is_here and known.place == self.place:
            self.show(known)
