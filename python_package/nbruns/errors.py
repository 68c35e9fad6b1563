"""The errors nbruns raises on purpose, each with a sentence the user can act on.

`protocol/errors.py` turns each class into its code and status on the wire.
"""

from __future__ import annotations


class NbrunsError(Exception):
    """Anything nbruns refuses or fails to do, said in words."""


class NotFound(NbrunsError):
    """The named thing does not exist (or is deleted, where that matters)."""


class AlreadyExists(NbrunsError):
    """The name is taken."""


class InvalidValue(NbrunsError):
    """A value that breaks a rule; the sentence names the value and the rule."""


class InvalidState(NbrunsError):
    """The thing exists, but not in a state that allows the request."""


class NotPermitted(NbrunsError):
    """The policy says no to this user."""


class Unsupported(NbrunsError):
    """A part of the protocol nbruns does not offer."""


class StoreBusy(NbrunsError):
    """Other writers held the database for longer than the patience of the call."""


class StoreUnusable(NbrunsError):
    """The file or folder cannot be used: full, read-only, foreign, too new, damaged."""
