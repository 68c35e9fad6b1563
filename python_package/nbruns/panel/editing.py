"""Changing a run's name, note and tags from the card, without losing what others wrote meanwhile.

MLflow's protocol knows no conditional write. So each edit says what its writer saw, and
what the run says now is looked at first: where somebody else has changed it, nothing is
written and the writer is shown both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from nbruns.errors import NbrunsError
from nbruns.panel.run_client import RunClient
from nbruns.protocol.names import NOTE_TAG
from nbruns.records import Run

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


async def carry_out(client: RunClient, run_id: str, edit: Edit) -> Result:
    """Write an edit, unless what it changes is no longer what its writer saw."""
    trouble = trouble_with(edit)
    if trouble:
        return Result("refused", trouble)
    try:
        now = _said_now(await client.get(run_id), edit)
        if now == edit.value:
            return Result("saved")
        if now != edit.seen:
            return Result("conflict", now)
        await _write(client, run_id, edit)
    except NbrunsError as error:
        return Result("refused", str(error))
    return Result("saved")


def _said_now(run: Run, edit: Edit) -> str | None:
    """What stands there now; None where there is no such tag."""
    if edit.kind == "name":
        return run.name
    now = run.tags.get(edit.key)
    return (now or None) if edit.kind == "note" else now


async def _write(client: RunClient, run_id: str, edit: Edit) -> None:
    if edit.kind == "name":
        await client.rename(run_id, str(edit.value))
    elif edit.value is None:
        await client.delete_tag(run_id, edit.key)
    else:
        await client.set_tag(run_id, edit.key, edit.value)
