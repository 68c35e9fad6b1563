"""Page tokens: where a search stopped, sealed so that clients hand it back unread.

A shelf makes and reads its own token text (the keys of the last row, so pages stay
right while rows are added). Here it is wrapped together with a mark of the search it
belongs to: a token used with another filter or order is refused instead of
answering with a page of nonsense.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from nbruns.errors import InvalidValue
from nbruns.identity import digest

# So many fit into 64 bits.
_MOST_DIGITS = 18


def mark(*search: Any) -> str:
    """A short name for a search: equal searches have equal marks."""
    return digest(json.dumps(search, sort_keys=True, default=str).encode())[:12]


def seal(token: str | None, search_mark: str) -> str | None:
    """What the client is given for a shelf's token; None at the end."""
    if token is None:
        return None
    return base64.urlsafe_b64encode(f"{search_mark}.{token}".encode()).decode()


def unseal(text: str | None, search_mark: str) -> str | None:
    """The shelf's token inside what a client sent back; None asks for the first page."""
    if not text:
        return None
    try:
        found, dot, token = base64.b64decode(text, b"-_", validate=True).decode().partition(".")
    except (binascii.Error, ValueError) as error:
        raise InvalidValue(f"'{text[:80]}' is not a page token nbruns gave out") from error
    if not dot or found != search_mark:
        raise InvalidValue(
            f"The page token '{text[:80]}' belongs to another search; "
            "repeat the search it came from, or start again without a token"
        )
    return token


def numbered(token: str | None) -> str | None:
    """A token of a list that is numbered, such as the log; InvalidValue for another one."""
    if token and not (token.isdecimal() and len(token) <= _MOST_DIGITS):
        raise InvalidValue(f"Invalid page token '{token[:80]}'")
    return token
