"""Writing names, notes and tags in place, without losing what others wrote meanwhile.

MLflow's protocol knows no conditional write. So each edit says what its writer saw, and
what stands there now is looked at first: where somebody else has changed it, nothing is
written and the writer is shown both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from nbruns.errors import NbrunsError
from nbruns.panel.run_client import RunClient
from nbruns.protocol.names import NOTE_TAG

Outcome = Literal["saved", "refused", "conflict"]
_NAME = "name"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `key` of a tag, or "name"; a value of None takes the tag away."""

    kind: Literal["name", "note", "tag"]
    key: str
    value: str | None
    seen: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """How an edit went: `text` is the reason of a refusal, or what somebody else wrote."""

    outcome: Outcome
    text: str | None = ""


def read_edit(message: dict[str, Any]) -> Edit | None:
    """What the card sends; None for what is no edit."""
    value, seen = (
        None if said is None else str(said) for said in (message.get("value"), message.get("seen"))
    )
    match message.get("kind"):
        case "name":
            return Edit("name", _NAME, (value or "").strip(), seen)
        case "note":
            # Nobody can see whether an empty note is one.
            return Edit("note", NOTE_TAG, value or None, seen or None)
        case "tag":
            return Edit("tag", str(message.get("key", "")).strip(), value, seen)
    return None


def trouble_with(edit: Edit) -> str:
    """Why an edit cannot be made; empty where only the server can tell."""
    if edit.kind == "name" and not edit.value:
        return "A run needs a name."
    if edit.kind == "tag" and not edit.key:
        return "A tag needs a key."
    if edit.kind == "tag" and edit.key.startswith(("mlflow.", "nbruns.")):
        return f"'{edit.key}' is kept by the system: choose another key."
    return ""


class Written(Protocol):
    """A thing that is written on: a run, a model, a version."""

    async def now(self, edit: Edit) -> str | None:
        """What stands at the place of an edit; None where there is no such tag or note."""

    async def write(self, edit: Edit) -> None:
        """Put an edit's value in its place."""


async def carry_out(thing: Written, edit: Edit) -> Result:
    """Write an edit, unless what it changes is no longer what its writer saw."""
    trouble = trouble_with(edit)
    if trouble:
        return Result("refused", trouble)
    try:
        now = await thing.now(edit)
        if now == edit.value:
            return Result("saved")
        if now != edit.seen:
            return Result("conflict", now)
        await thing.write(edit)
    except NbrunsError as error:
        return Result("refused", str(error))
    return Result("saved")


@dataclass(frozen=True, slots=True)
class WrittenRun:
    """A run, whose note is one of its tags."""

    client: RunClient
    run_id: str

    async def now(self, edit: Edit) -> str | None:
        """The name, or the tag of that key."""
        run = await self.client.get(self.run_id)
        if edit.kind == "name":
            return run.name
        now = run.tags.get(edit.key)
        return (now or None) if edit.kind == "note" else now

    async def write(self, edit: Edit) -> None:
        """Rename the run, or set or delete the tag."""
        if edit.kind == "name":
            await self.client.rename(self.run_id, str(edit.value))
        elif edit.value is None:
            await self.client.delete_tag(self.run_id, edit.key)
        else:
            await self.client.set_tag(self.run_id, edit.key, edit.value)
