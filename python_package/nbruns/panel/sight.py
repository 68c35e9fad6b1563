"""Whether anybody sees a view: what browsers say of it, each word believed for a while only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

# A page repeats every minute that it sees the view: two repeats may get lost.
BELIEVED_S = 150.0
_NOBODY_YET = ""


class Handle(Protocol):
    """A call to come."""

    def cancel(self) -> None:
        """Have it not come."""


Later = Callable[[float, Callable[[], None]], Handle]


class Sight:
    """Who sees a view; a page that was closed says nothing and is forgotten in time.

    Nobody has said anything yet at the start, which counts as seen for as long as a word does.
    While nobody sees the view, no call is to come.
    """

    def __init__(self, turned: Callable[[bool], None], *, later: Later | None = None) -> None:
        self._turned, self._later = turned, later or _later
        self._forgettings: dict[str, Handle] = {}
        self._believe(_NOBODY_YET)

    def hear(self, eye: str, sees: bool) -> None:
        """A page says by one of its views that the reader sees it, or sees it no more."""
        for known in (_NOBODY_YET, eye):
            handle = self._forgettings.pop(known, None)
            if handle is not None:
                handle.cancel()
        if sees:
            self._believe(eye)
        self._turned(bool(self._forgettings))

    def close(self) -> None:
        """Forget everybody, and tell nobody."""
        for handle in self._forgettings.values():
            handle.cancel()
        self._forgettings.clear()

    def _believe(self, eye: str) -> None:
        self._forgettings[eye] = self._later(BELIEVED_S, lambda: self._forget(eye))

    def _forget(self, eye: str) -> None:
        self._forgettings.pop(eye, None)
        self._turned(bool(self._forgettings))


def _later(seconds: float, call: Callable[[], None]) -> Handle:
    return asyncio.get_running_loop().call_later(seconds, call)
