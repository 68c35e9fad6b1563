"""What the commands about versions do, and the line that each answers with."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError

import nbruns
from nbruns.magics.answers import Link
from nbruns.magics.reach import check_reachable
from nbruns.magics.registered import Version
from nbruns.magics.runs_here import registry_uri
from nbruns.records import TransitionRequest

Pieces = tuple["str | Link", ...]


def move(given: Any) -> Pieces:
    """Make a move: of a stage or an alias, to a version or away from it."""
    name, version, target = _wanted(given, "%model_move")
    if given.remove:
        _check_holds(name, version, given.alias)
        nbruns.remove(name, alias=given.alias, comment=given.comment)
        return (version_link(name, version), f" has lost {target}")
    moved = nbruns.move(
        name,
        version,
        stage=given.stage,
        alias=given.alias,
        archive_existing_versions=given.archive,
        comment=given.comment,
    )
    return _stands(name, version, target if given.alias else moved.stage)


def request(given: Any) -> Pieces:
    """Ask for a move."""
    name, version, _ = _wanted(given, "%model_request")
    asked = nbruns.request_transition(
        name,
        version,
        stage=given.stage,
        alias=given.alias,
        remove=given.remove,
        archive_existing_versions=given.archive,
        comment=given.comment,
    )
    return (request_link(asked.request_id), " waits for an answer: ", *_wish(asked))


def decide(action: str, given: Any) -> Pieces:
    """Approve, reject or cancel a request."""
    check_reachable(registry_uri())
    number = _number(given.request.removeprefix("#"), "request", f"%model_{action}")
    if action == "approve":
        archive = True if given.archive else None
        done = nbruns.approve(number, comment=given.comment, archive_existing_versions=archive)
        which = version_link(done.name, done.version)
        lost = (which, f" has lost {done.target}")
        what = lost if done.removes else _stands(done.name, done.version, done.target)
    else:
        close = nbruns.reject if action == "reject" else nbruns.cancel
        done = close(number, comment=given.comment)
        what = _wish(done)
    return (request_link(number), f" {done.state}: ", *what)


def registered(made: Version, of: Pieces) -> Pieces:
    """What is said of a new version `of` a model and a run."""
    which = version_link(made.name, made.number)
    if made.request_id is None:
        return ("Registered ", which, f" @{made.alias}" if made.alias else "", ": ", *of)
    asked = request_link(made.request_id, "request")
    return ("Registered ", which, ": ", *of, "; ", asked, f" asks for @{made.alias}")


def version_link(name: str, version: int | str) -> Link:
    """A version as it is named in a line."""
    return Link("place", f"models/{name}/{version}", f"{name} version {version}")


def request_link(request_id: int, word: str = "Request") -> Link:
    """A request as it is named in a line."""
    return Link("place", "requests", f"{word} {request_id}")


def _wish(asked: TransitionRequest) -> Pieces:
    """What was asked for."""
    which = version_link(asked.name, asked.version)
    return (
        (which, f" is to lose {asked.target}") if asked.removes else (asked.target, " for ", which)
    )


def _stands(name: str, version: int, target: str) -> Pieces:
    where = f"is {target}" if target.startswith("@") else f"is in the stage {target}"
    return (version_link(name, version), f" {where} now")


def _wanted(given: Any, command: str) -> tuple[str, int, str]:
    """The model, the version and the target of a line that names all three."""
    if bool(given.alias) == bool(given.stage):
        raise UsageError(f"{command} needs --alias or --stage, one of the two")
    if given.stage and given.remove:
        raise UsageError(f"{command}: a stage is left for another one: --stage None")
    if given.alias and given.archive:
        raise UsageError(f"{command}: --archive is for stages: an alias has one version")
    check_reachable(registry_uri())
    version = _number(given.version.lstrip("vV"), "version", command)
    target = given.stage or f"@{given.alias.removeprefix('@')}"
    return given.name, version, target


def _number(text: str, what: str, command: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{command}: '{text}' is no {what}: give its number, such as 3")
    return int(text)


def _check_holds(name: str, version: int, alias: str) -> None:
    """Refuse to take an alias away from a version that another one has."""
    alias = alias.removeprefix("@")
    held = nbruns.holder(name, alias=alias)
    if held != [version]:
        has = f"version {held[0]} has it" if held else "no version has it"
        raise UsageError(f"%model_move: version {version} of '{name}' has not got @{alias}; {has}")
