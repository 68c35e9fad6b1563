"""A version as a thing that is written on in place: its description and its tags."""

from __future__ import annotations

from dataclasses import dataclass

from nbruns.panel.editing import Edit
from nbruns.panel.models.place import Place
from nbruns.panel.models.version_client import VersionClient


@dataclass(frozen=True, slots=True)
class WrittenVersion:
    """The version at a place."""

    client: VersionClient
    place: Place

    async def now(self, edit: Edit) -> str | None:
        """The description, or the tag of that key."""
        version = await self.client.get(self.place.name, self.place.version)
        return (version.description or None) if edit.kind == "note" else version.tags.get(edit.key)

    async def write(self, edit: Edit) -> None:
        """Describe the version, or set or delete the tag."""
        where = (self.place.name, self.place.version)
        if edit.kind == "note":
            await self.client.describe(*where, edit.value or "")
        elif edit.value is None:
            await self.client.delete_tag(*where, edit.key)
        else:
            await self.client.set_tag(*where, edit.key, edit.value)
