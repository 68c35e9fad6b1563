"""Work that is asked for often and done seldom: never twice at once, never too soon again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

PAUSE_S = 0.15


class Pulse:
    """Runs its work when asked; askings in the meantime make one more run."""

    def __init__(
        self,
        work: Callable[[], Awaitable[None]],
        *,
        failed: Callable[[Exception], None],
        pause_s: float = PAUSE_S,
    ) -> None:
        self._work, self._failed, self._pause_s = work, failed, pause_s
        self._wanted = False
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ended = 0.0

    def ask(self) -> None:
        """Have the work done: now, or when the run that is going and the pause are over."""
        self._wanted = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def hurry(self) -> None:
        """Have the work done without the pause: somebody waits for it."""
        self.ask()
        self._hurry.set()

    async def settled(self) -> None:
        """Wait until nothing is asked for any more."""
        while self._task is not None:
            await asyncio.wait([self._task])

    def close(self) -> None:
        """Give up what is going."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while self._wanted:
                await self._pause()
                self._wanted = False
                await self._once()
                self._ended = time.monotonic()
        finally:
            self._task = None

    async def _pause(self) -> None:
        left_s = self._ended + self._pause_s - time.monotonic()
        with contextlib.suppress(asyncio.TimeoutError):
            # Even without a pause, askings of this moment make one run of all.
            await asyncio.sleep(0)
            await asyncio.wait_for(self._hurry.wait(), max(0.0, left_s))
        self._hurry.clear()

    async def _once(self) -> None:
        try:
            await self._work()
        except Exception as error:
            # Shown in the panel: a view that stops in silence looks like a view without news.
            self._failed(error)
