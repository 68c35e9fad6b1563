"""The last lines a served model's processes have written, and what was done with them."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

MOST_LINES = 2_000
LONGEST = 4_000
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Log:
    """Lines with the time they came; the oldest are dropped."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._clock = clock

    def add(self, text: str, who: str = "nbruns") -> None:
        """Keep each line of a text; any thread may."""
        at = time.strftime("%H:%M:%S", time.localtime(self._clock()))
        for line in _COLOURS.sub("", text).splitlines():
            if line.strip():
                self._lines.append(f"{at} {who} | {line[:LONGEST]}")

    def tail(self, lines: int) -> str:
        """The last lines, the newest at the end."""
        return "\n".join([*self._lines][-lines:])
