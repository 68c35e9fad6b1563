"""What the reader asked for and is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Errands:
    """Does work beside the view; `failed` is told what fails."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that the reader asked for."""

        async def watched() -> None:
            try:
                await work
            except Exception as error:
                # The work is nobody's to await: unseen, its failure would be lost.
                self._failed(error)

        task = asyncio.get_running_loop().create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Leave undone what is still under way."""
        for task in self._tasks:
            task.cancel()
