"""In whose name the panel's kernel asks: a ticket per user, which the browser hands to it.

The kernel serves the tabs of all who use the server. What it asks for one of them it asks
with the ticket that this user's browser was given when it started the panel.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

TICKET_HEADER = "X-Nbruns-Ticket"


class Tickets:
    """Gives tickets out and knows its own; they hold until the server ends."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def give(self, user: str) -> str:
        """A user's ticket, always the same."""
        name = base64.urlsafe_b64encode(user.encode()).decode()
        return f"{name}.{self._seal(name)}"

    def read(self, ticket: str) -> str | None:
        """Whose ticket it is; None where it was not given out here."""
        name, _, seal = ticket.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(name).encode()):
            return None
        try:
            return base64.urlsafe_b64decode(name).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None

    def _seal(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()
