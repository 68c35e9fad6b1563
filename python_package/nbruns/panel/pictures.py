"""What the browser is sent of the list: of each picture only what the last one had otherwise."""

from __future__ import annotations

from typing import Any

Picture = dict[str, Any]


def whole(picture: Picture) -> dict[str, Any]:
    """The message to a page that has missed one."""
    return {"type": "picture", "picture": picture}


def changes(before: Picture, after: Picture) -> dict[str, Any]:
    """The message that turns one picture into the next: fields, rows by id, and their order."""
    known = {row["id"]: row for row in before["rows"] if row}
    rows = [row for row in after["rows"] if row]
    plain = {name: value for name, value in after.items() if name != "rows"}
    message: dict[str, Any] = {
        "type": "changes",
        "since": before["version"],
        "fields": {
            name: value
            for name, value in plain.items()
            if name not in before or before[name] != value
        },
        "rows": {row["id"]: row for row in rows if known.get(row["id"]) != row},
    }
    order = _order(after)
    if order != _order(before):
        message["order"] = order
    return message


def _order(picture: Picture) -> list[str | None]:
    return [row and row["id"] for row in picture["rows"]]
