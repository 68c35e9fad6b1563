"""The server's store, owned by one thread.

SQLite and JSON would hold up the event loop; here they never run on it. A store that
cannot be opened does not stop the server: each call says why and tries again.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from nbruns.errors import StoreBusy, StoreUnusable
from nbruns.store import Store

P = ParamSpec("P")
T = TypeVar("T")

ARTIFACT_BASE = "mlflow-artifacts:"


class StoreThread:
    """Runs functions of the store, one after the other, off the event loop."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._store: Store | None = None
        self._executor = ThreadPoolExecutor(1, "nbruns-store")
        self._jobs = 0

    async def run(
        self, work: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `work(store, …)` returns; StoreUnusable while the store cannot be opened."""

        def job() -> T:
            return work(self._opened(), *args, **kwargs)

        self._jobs += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, job)
        finally:
            self._jobs -= 1

    async def run_quick(
        self, work: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, for work of microseconds: here and now where nothing is in its way.

        The way to another thread and back costs more than to write a metric (0.25 ms of
        the 0.75 ms a call takes). What would have to wait for other writers still goes there.
        """
        if self._store is not None and self._jobs == 0:
            with contextlib.suppress(StoreBusy), self._store.db.impatient():
                return work(self._store, *args, **kwargs)
        return await self.run(work, *args, **kwargs)

    async def stop(self) -> None:
        """Finish what was asked for, then close the file."""
        if self._store is not None:
            await self.run(Store.close)
        self._executor.shutdown(wait=False)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = _open(self.home)
        return self._store


def _open(home: Path) -> Store:
    try:
        store = Store.open(home, artifact_base=ARTIFACT_BASE)
        store.artifacts.discard_abandoned()
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusable(f"The store in '{home}' cannot be used: {error}") from error
    return store
