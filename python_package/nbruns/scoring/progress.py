"""How far a scoring is: told a few times a second, and kept with the run every second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["checking", "loading", "scoring", "finished"]
_TOLD_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a scoring; `total` is 0 while nobody knows."""

    stage: Stage
    rows: int = 0
    total: int = 0
    per_second: float = 0.0
    run_id: str = ""

    @property
    def words(self) -> str:
        """As a line shows it."""
        if self.stage == "loading":
            return "loading the model"
        if self.stage == "checking":
            return f"checking the columns{f': {self.rows:,} rows' if self.rows else ''}"
        share = f" of {self.total:,} ({self.rows / self.total:.0%})" if self.total else ""
        return f"{self.rows:,}{share} rows · {self.per_second:,.0f} rows/s"


Tell = Callable[[Progress], None]


class Seldom:
    """Passes on a moment now and then: always the first of a stage."""

    def __init__(self, tell: Tell, every_s: float = _TOLD_EVERY_S) -> None:
        self._tell, self._every_s = tell, every_s
        self._at: tuple[str, str] = ("", "")
        self._last_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        is_new = (progress.stage, progress.run_id) != self._at
        if is_new or now_s - self._last_s >= self._every_s or progress.rows == progress.total:
            self._at, self._last_s = (progress.stage, progress.run_id), now_s
            self._tell(progress)


class Pace:
    """Rows per second, over the last seconds and over all."""

    _WINDOW_S = 5.0

    def __init__(self) -> None:
        self._begun_s = time.monotonic()
        self._seen = [(self._begun_s, 0)]

    def at(self, rows: int) -> float:
        """The pace of late, at a count of rows."""
        now_s = time.monotonic()
        self._seen = [one for one in self._seen if now_s - one[0] <= self._WINDOW_S] or (
            self._seen[-1:]
        )
        since_s, before = self._seen[0]
        self._seen.append((now_s, rows))
        return (rows - before) / max(now_s - since_s, 1e-6)

    def whole(self, rows: int) -> float:
        """The pace from the beginning on."""
        return rows / max(self.seconds, 1e-6)

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.monotonic() - self._begun_s
