"""The small curves of the metrics in sight: fetched when seen, and again when they have grown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from nbruns.panel.pulse import Pulse
from nbruns.panel.run_client import RunClient
from nbruns.panel.sparks import POINTS, spark
from nbruns.records import Run

# A curve of forty pixels need not move more often.
PAUSE_S = 1.0
_AT_ONCE = 6
_MOST_KEYS = 200

Tell = Callable[[str, dict[str, Any]], None]


class Curves:
    """Tells the view the curves it has in sight; `tell` is given the run's id and the curves."""

    def __init__(
        self, client: RunClient, tell: Tell, *, failed: Callable[[Exception], None]
    ) -> None:
        self.client = client
        self._tell = tell
        self._run: Run | None = None
        self._wanted: set[str] = set()
        self._drawn: dict[str, str] = {}
        self._pulse = Pulse(self._fetch, failed=failed, pause_s=PAUSE_S)
        self._first = Pulse(self._fetch, failed=failed, pause_s=0.02)

    def follow(self, run: Run) -> None:
        """Take a newer record of the run, or another run."""
        if self._run is None or self._run.run_id != run.run_id:
            self._wanted, self._drawn = set(), {}
        self._run = run
        if self._stale():
            self._pulse.ask()

    def look(self, run_id: str, keys: Iterable[str]) -> None:
        """The reader sees these metrics now, and no others."""
        if self._run is not None and self._run.run_id == run_id:
            self._wanted = set(list(keys)[:_MOST_KEYS])
            if self._stale():
                self._first.ask()

    def forget(self) -> None:
        """A page has drawn nothing yet."""
        self._drawn = {}

    def close(self) -> None:
        """Fetch no more."""
        self._pulse.close()
        self._first.close()

    def _stale(self) -> dict[str, str]:
        """The wanted metrics whose newest point is not drawn yet, with that point as text."""
        points = self._run.metrics if self._run is not None else ()
        # NaN is not equal to itself; its text is.
        newest = {point.key: repr(point) for point in points if point.key in self._wanted}
        return {key: text for key, text in newest.items() if self._drawn.get(key) != text}

    async def _fetch(self) -> None:
        run, stale = self._run, self._stale()
        if run is None or not stale:
            return
        gate = asyncio.Semaphore(_AT_ONCE)
        self._drawn |= stale
        try:
            found = await asyncio.gather(*(self._one(gate, run.run_id, key) for key in stale))
        except Exception:
            self._drawn = {}
            raise
        if self._run is not None and self._run.run_id == run.run_id:
            self._tell(run.run_id, dict(zip(stale, found, strict=True)))

    async def _one(self, gate: asyncio.Semaphore, run_id: str, key: str) -> dict[str, Any]:
        async with gate:
            return spark(await self.client.curve(run_id, key, POINTS))
