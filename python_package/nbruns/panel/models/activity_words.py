"""What was done to registered models, in words and as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from nbruns.records import Activity

# What a reader may look for, in the order of a model's life.
ACTIONS = (
    *("created", "registered", "moved", "requested", "approved", "rejected", "cancelled"),
    *("overtaken", "described", "tagged", "renamed", "deleted"),
)
_COLUMNS = (
    *("time", "user", "action", "model", "version", "target", "from", "to", "comment"),
    *("requested_by", "request", "allowed_by"),
)
_ALIAS = re.compile(r"@[\w\-]+")
_OF_REQUESTS = {
    "approved": "approved",
    "rejected": "rejected",
    "cancelled": "took back",
    "overtaken": "overtook",
}


def told(one: Activity) -> dict[str, Any]:
    """A line of the log: who did what, from where to where, and why they might."""
    before, after = _ends(one)
    return {
        "id": one.activity_number,
        "at_ms": one.at_ms,
        "user": one.user,
        "action": one.action,
        "words": words(one),
        "name": one.subject,
        "version": one.version or 0,
        "before": before,
        "after": after,
        "comment": one.comment,
        "for": _for_whom(one),
        "why": one.allowed_by,
    }


def words(one: Activity) -> str:
    """What the user did, after their name."""
    thing = f"version {one.version}" if one.version else "the model"
    if one.action in ("moved", "requested"):
        return _of_move(one, thing)
    if one.action in _OF_REQUESTS:
        whose = "their own" if one.requester == one.user else f"{one.requester}'s"
        return f"{_OF_REQUESTS[one.action]} {whose} request for {one.target or 'a move'}"
    if one.action == "tagged":
        return f"{'untagged' if one.after is None else 'tagged'} {thing}"
    return f"{one.action} {thing}"


def _of_move(one: Activity, thing: str) -> str:
    is_alias = (one.target or "").startswith("@")
    verb = "move"
    if is_alias and (one.after is None or one.before is None):
        verb = "remove" if one.after is None else "set"
    done = {"move": "moved", "remove": "removed", "set": "set"}[verb]
    said = done if one.action == "moved" else f"asked to {verb}"
    return f"{said} {one.target if is_alias else thing}"


def csv_of(rows: Iterable[Activity]) -> str:
    """The log as a table for spreadsheets, which take no text of people for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in rows:
        at = datetime.fromtimestamp(one.at_ms / 1_000, timezone.utc)
        values = (
            *(at.isoformat(timespec="milliseconds"), one.user, one.action, one.subject),
            *(one.version, one.target, one.before, one.after, one.comment),
            *(one.requester, one.request_id, one.allowed_by),
        )
        writer.writerow(["" if value is None else _plain(str(value)) for value in values])
    return text.getvalue()


def _for_whom(one: Activity) -> str:
    is_somebody_elses = one.action == "moved" and one.requester and one.requester != one.user
    return f"asked for by {one.requester}" if is_somebody_elses else ""


def _ends(one: Activity) -> tuple[str, str]:
    """From where, and to where; two empty texts where there is no way between."""
    if one.action in ("registered", "overtaken"):
        return "", ""
    if one.action == "deleted":
        return (one.before, "") if one.before not in (None, "None") else ("", "")
    if (one.target or "").startswith("@"):
        return _version(one.before), _version(one.after)
    return one.before or "", one.after or ""


def _version(number: str | None) -> str:
    return f"version {number}" if number else "no version"


def _plain(value: str) -> str:
    is_formula = value[:1] in "=+-@\t\r" and value[:1] and not _ALIAS.fullmatch(value)
    return f"'{value}" if is_formula else value
