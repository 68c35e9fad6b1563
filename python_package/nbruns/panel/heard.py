"""Which of a page's wishes have been heard: the page shows them until the kernel's pictures do.

A page numbers what its reader asks for. A picture that was under way meanwhile says by these
numbers that it is older than the wish, and does not undo what the reader sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import traitlets as t
from ipywidgets import Widget

# A page that is gone says nothing: only so many are remembered.
_MOST_VIEWS = 16


class Heard:
    """The newest wish of each view, by the name the view gave itself."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}

    def note(self, message: dict[str, Any]) -> bool:
        """Take note of a message; whether it is a wish, which waits to be answered."""
        view, number = message.get("view"), message.get("wish")
        if not isinstance(view, str) or not isinstance(number, int):
            return False
        self._newest.pop(view, None)
        self._newest[view] = number
        while len(self._newest) > _MOST_VIEWS:
            del self._newest[next(iter(self._newest))]
        return True

    def to_browser(self) -> dict[str, int]:
        """What a picture says of it."""
        return dict(self._newest)


class Answering(Widget):  # type: ignore[misc]
    """A widget whose traits tell, with what a wish has changed, that it was heard."""

    heard: t.Dict[str, int] = t.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._wishes = Heard()
        super().__init__(**traits)

    @contextmanager
    def answering(self, message: dict[str, Any]) -> Iterator[None]:
        """Send what changes meanwhile and the answer as one."""
        with self.hold_sync():
            if self._wishes.note(message):
                self.heard = self._wishes.to_browser()
            yield
