"""A model as a thing that is written on in place: its name, its description and its tags."""

from __future__ import annotations

from dataclasses import dataclass

from nbruns.panel.editing import Edit
from nbruns.panel.models.model_client import ModelClient


@dataclass(frozen=True, slots=True)
class WrittenModel:
    """The model of a name."""

    client: ModelClient
    name: str

    async def now(self, edit: Edit) -> str | None:
        """The name, the description, or the tag of that key."""
        model = await self.client.get(self.name)
        if edit.kind == "name":
            return model.name
        return (model.description or None) if edit.kind == "note" else model.tags.get(edit.key)

    async def write(self, edit: Edit) -> None:
        """Rename or describe the model, or set or delete the tag."""
        if edit.kind == "name":
            await self.client.rename(self.name, str(edit.value))
        elif edit.kind == "note":
            await self.client.describe(self.name, edit.value or "")
        elif edit.value is None:
            await self.client.delete_tag(self.name, edit.key)
        else:
            await self.client.set_tag(self.name, edit.key, edit.value)
