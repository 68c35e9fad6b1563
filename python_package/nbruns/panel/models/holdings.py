"""Where the versions of a model stand, as the view of moves shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbruns.panel.models.move_client import Move, Right, Rights, SeenRequest
from nbruns.panel.models.place import Place
from nbruns.panel.registry import alias_trouble
from nbruns.records import ModelVersion

STAGES = ("None", "Staging", "Production", "Archived")


def holdings(
    place: Place,
    rights: Rights,
    asked: Sequence[SeenRequest],
    versions: Sequence[ModelVersion],
) -> dict[str, Any]:
    """What stands on the page of a model, or of one version.

    `versions` are those to choose from, the newest first; on the page of a version that one.
    """
    rows = [_row(right, rights.user, asked) for right in rights.targets.values()]
    stages = [row for row in rows if not row["is_alias"]]
    return {
        "name": place.name,
        "version": place.version,
        "stage": versions[0].stage if place.version and versions else "",
        "aliases": [row for row in rows if row["is_alias"]],
        "stages": sorted(stages, key=lambda row: STAGES.index(row["target"])),
        "uses_stages": any(
            row["versions"] or row["asked"] for row in stages if row["target"] != "None"
        ),
        "versions": [_choice(one) for one in versions],
    }


def _row(right: Right, user: str, asked: Sequence[SeenRequest]) -> dict[str, Any]:
    return {
        "target": right.target,
        "is_alias": right.target.startswith("@"),
        "versions": list(right.versions),
        "move": right.move,
        "approvers": right.approvers,
        "rule": right.rule,
        "asked": [_asked(one, user) for one in asked if one.asked.target == right.target],
    }


def _asked(one: SeenRequest, user: str) -> dict[str, Any]:
    return {
        "by": one.asked.requester,
        "mine": one.asked.requester == user,
        "version": one.asked.version,
        "removes": one.asked.removes,
        "at_ms": one.asked.asked_ms,
    }


def _choice(version: ModelVersion) -> dict[str, Any]:
    stage = [version.stage] if version.stage != "None" else []
    note = ", ".join([*(f"@{alias}" for alias in version.aliases), *stage])
    by = f"by {version.user}" if version.user else ""
    return {"version": version.version, "note": note or by}


def read_move(place: Place, message: dict[str, Any]) -> Move:
    """The move that a form asks for; a version that is no number is 0."""
    said = str(message.get("version") or place.version).strip().lower()
    number = said.removeprefix("version").removeprefix("v").strip()
    target = str(message.get("target", "")).strip()
    return Move(
        place.name,
        int(number) if number.isdecimal() else 0,
        f"@{target.lstrip('@')}" if target.startswith("@") else target,
        removes=bool(message.get("removes")),
        archives=bool(message.get("archives")),
        comment=str(message.get("comment", "")).strip(),
    )


def trouble_with(move: Move) -> tuple[str, str]:
    """The field that is wrong, and why; two empty texts where only the server can tell."""
    if move.alias is not None and not move.alias:
        return "target", "Name the alias."
    if move.alias is not None and alias_trouble(move.alias):
        return "target", alias_trouble(move.alias)
    if not move.target:
        return "target", "Choose a stage."
    if not move.version and not move.removes:
        return "version", "Name a version by its number."
    return "", ""


def field_of(sentence: str) -> str:
    """The field that a refusal of the server is about: 'target', 'version' or 'form'."""
    words = sentence.lower()
    if "invalid alias" in words or "is reserved" in words or "invalid stage" in words:
        return "target"
    return "version" if words.startswith("model version") else "form"
