"""Follows the server's sessions and kernels, and writes what they do to notebooks and runs.

Which kernel serves which notebook goes into the database, where the kernel finds it
without a request. Renames and deletions made through Jupyter reach the notebooks, and
kernels that end reach their runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp

from nbruns.server.closing import DIED, close_abandoned, close_of_kernel
from nbruns.server.sessions import Sessions
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store

KERNEL_EVENTS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
_TICK_S = 1.0
# After a start or a rename the session's row is written a moment later.
_QUICK_TICK_S, _QUICK_FOR_S = 0.05, 2.0
_REASONS = {"restart": "the kernel was restarted", "shutdown": "the kernel was shut down"}


class KernelFollower:
    """Runs on the server's event loop; everything it writes goes through the store's thread."""

    def __init__(self, serverapp: ServerApp, store: StoreThread) -> None:
        self.serverapp = serverapp
        self.store = store
        self.log = serverapp.log
        self.sessions = Sessions(serverapp, store, self.log)
        self._missing: set[str] = set()
        self._watched: set[str] = set()
        self._died: set[str] = set()
        self._used: dict[str, float] = {}
        self._quick_until = 0.0
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Close what a former server left open, then follow."""
        root = getattr(self.serverapp.contents_manager, "root_dir", None)
        await self.store.run(_set_root, root)
        await self.store.run(close_abandoned, None)
        events = self.serverapp.event_logger
        if events is not None:
            events.add_listener(schema_id=KERNEL_EVENTS, listener=self._kernel_event)
            events.add_listener(schema_id=CONTENTS_EVENTS, listener=self._contents_event)
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Follow no longer."""
        events = self.serverapp.event_logger
        if events is not None:
            events.remove_listener(listener=self._kernel_event)
            events.remove_listener(listener=self._contents_event)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        has_failed = False
        while True:
            try:
                self._watch_deaths()
                await self.sessions.bind()
                self._missing = await self.store.run(close_abandoned, self._missing)
                has_failed = False
            except Exception:
                # Said once, not each second; the next tick tries again.
                self.log.log(10 if has_failed else 40, "Kernels are not followed", exc_info=True)
                has_failed = True
            is_quick = time.monotonic() < self._quick_until
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._poked.wait(), _QUICK_TICK_S if is_quick else _TICK_S)
            self._poked.clear()

    def _watch_deaths(self) -> None:
        """Have Jupyter say which restarts are its own, after a death: the event is the same."""
        kernels = self.serverapp.kernel_manager
        listed = set(kernels.list_kernel_ids())
        if hasattr(kernels, "add_restart_callback"):
            for kernel_id in listed - self._watched:
                kernels.add_restart_callback(kernel_id, partial(self._died.add, kernel_id))
            for kernel_id in listed:
                used = getattr(kernels.get_kernel(kernel_id), "last_activity", None)
                if used is not None:
                    self._used[kernel_id] = used.timestamp()
        self._watched = listed

    async def _kernel_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        kernel_id, action = data.get("kernel_id"), data["action"]
        if data.get("status") == "error" or kernel_id is None:
            return
        if action in _REASONS:
            is_over = action == "shutdown"
            reason = self._reason(kernel_id, action)
            await self._write(close_of_kernel, kernel_id, reason, is_over=is_over)
        self._poke()

    def _reason(self, kernel_id: str, action: str) -> str:
        if kernel_id in self._died:
            self._died.discard(kernel_id)
            return DIED
        if action == "shutdown":
            # A culled kernel is gone when the event comes, and the event says nothing of it.
            unused_s = time.time() - self._used.pop(kernel_id, time.time())
            if 0 < getattr(self.serverapp.kernel_manager, "cull_idle_timeout", 0) <= unused_s:
                return f"the kernel was shut down after {_lasted(unused_s)} without use"
        return _REASONS[action]

    async def _contents_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        path = str(data["path"]).strip("/")
        if data["action"] == "rename":
            await self._write(_rename, str(data["source_path"]).strip("/"), path)
            self._poke()
        elif data["action"] == "copy" and path.endswith(".ipynb"):
            await self._write(_copied, str(data["source_path"]).strip("/"), path)
        elif data["action"] == "delete":
            await self._write(_forget, path)

    async def _write(self, work: Any, *args: Any, **kwargs: Any) -> None:
        try:
            await self.store.run(work, *args, **kwargs)
        except Exception:
            self.log.exception("What happened to a notebook or a kernel was not written down")

    def _poke(self) -> None:
        self._quick_until = time.monotonic() + _QUICK_FOR_S
        self._poked.set()


def _lasted(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _set_root(store: Store, root: str | None) -> None:
    store.notebooks.root = Path(root).absolute() if root else None


def _rename(store: Store, old_path: str, new_path: str) -> None:
    store.notebooks.rename(old_path, new_path)


def _copied(store: Store, source_path: str, path: str) -> None:
    store.notebooks.copied(source_path, path)


def _forget(store: Store, path: str) -> None:
    store.notebooks.forget_file(path)
