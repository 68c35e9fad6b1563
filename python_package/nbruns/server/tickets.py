"""In whose name a panel's kernel asks: the ticket it was given when the server started it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

_SCHEMES = ("token", "bearer")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose kernel shows a ticket; None is whoever has the server's one token."""

    user: str | None


class Tickets:
    """Gives tickets out and knows its own; they hold until the server ends."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def give(self, user: str | None) -> str:
        """A user's ticket, always the same."""
        name = base64.urlsafe_b64encode(json.dumps(user).encode()).decode()
        return f"{name}.{self._seal(name)}"

    def read(self, authorization: str) -> Bearer | None:
        """Whose ticket stands in a request's header; None where it was not given out here."""
        scheme, _, ticket = authorization.partition(" ")
        name, dot, seal = ticket.strip().partition(".")
        if not dot or scheme.lower() not in _SCHEMES:
            return None
        if not hmac.compare_digest(seal.encode(), self._seal(name).encode()):
            return None
        try:
            return Bearer(json.loads(base64.urlsafe_b64decode(name)))
        except (binascii.Error, ValueError):
            return None

    def _seal(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()
