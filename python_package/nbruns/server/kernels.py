"""Follows the server's sessions and kernels, and writes what they do to notebooks and runs.

Which kernel serves which notebook goes into the database, where the kernel finds it
without a request. Renames and deletions made through Jupyter reach the notebooks. A run
whose process is gone is closed: that one rule covers dead, restarted, culled and
shut-down kernels, scripts, and what a former server left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import platform
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import ensure_async

from nbruns.errors import NbrunsError
from nbruns.identity import now_ms
from nbruns.notebooks.canonical import cell_ids
from nbruns.protocol.names import END_REASON_TAG
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store
from nbruns.store.kernels import OpenRun

KERNEL_EVENTS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
CONTENTS_EVENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
_TICK_S = 1.0
# After a start or a rename the session's row is written a moment later.
_QUICK_TICK_S, _QUICK_FOR_S = 0.05, 2.0
_CLOCK_SLACK_MS = 2_000
_DIED = "the kernel died"
_REASONS = {"restart": "the kernel was restarted", "shutdown": "the kernel was shut down"}


class KernelFollower:
    """Runs on the server's event loop; everything it writes goes through the store's thread."""

    def __init__(self, serverapp: ServerApp, store: StoreThread) -> None:
        self.serverapp = serverapp
        self.store = store
        self.log = serverapp.log
        self._bound: dict[str, tuple[str, str]] = {}
        self._missing: set[str] = set()
        self._watched: set[str] = set()
        self._died: set[str] = set()
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
                await self._bind_sessions()
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
        self._watched = listed

    async def _bind_sessions(self) -> None:
        """Write down which notebook each kernel serves, where that has changed."""
        seen: dict[str, tuple[str, str]] = {}
        for session in await ensure_async(self.serverapp.session_manager.list_sessions()):
            # Real-time collaboration puts its drive's name before the path.
            path = str(session["path"]).removeprefix("RTC:").strip("/")
            kernel = session.get("kernel")
            if kernel is None or not path.endswith(".ipynb"):
                continue
            seen[session["id"]] = kernel["id"], path
            if self._bound.get(session["id"]) != seen[session["id"]]:
                await self._bind_session(kernel["id"], path)
        self._bound = seen

    async def _bind_session(self, kernel_id: str, path: str) -> None:
        try:
            await self.store.run(_bind, kernel_id, path, self._file_id(path))
        except NbrunsError:
            # The store's trouble passes, and the next tick tries again.
            raise
        except Exception:
            # One odd notebook must not keep the others from being followed.
            self.log.exception("The notebook '%s' is not followed", path)

    def _file_id(self, path: str) -> str | None:
        files = self.serverapp.web_app.settings.get("file_id_manager")
        return None if files is None else files.get_id(path) or files.index(path)

    async def _kernel_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        kernel_id, action = data.get("kernel_id"), data["action"]
        if data.get("status") == "error" or kernel_id is None:
            return
        if action in _REASONS:
            reason = _DIED if kernel_id in self._died else _REASONS[action]
            self._died.discard(kernel_id)
            await self._write(_kernel_ended, kernel_id, reason, action == "shutdown")
        self._poke()

    async def _contents_event(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        path = str(data["path"]).strip("/")
        if data["action"] == "rename":
            await self._write(_rename, str(data["source_path"]).strip("/"), path)
            self._poke()
        elif data["action"] == "delete":
            await self._write(_forget, path)

    async def _write(self, work: Any, *args: Any) -> None:
        try:
            await self.store.run(work, *args)
        except Exception:
            self.log.exception("What happened to a notebook or a kernel was not written down")

    def _poke(self) -> None:
        self._quick_until = time.monotonic() + _QUICK_FOR_S
        self._poked.set()


def close_abandoned(store: Store, missing: set[str] | None) -> set[str]:
    """Close the runs of this machine whose process was already `missing` at the last look.

    Gives those missing now: at first sight the kernel may be in the middle of a restart,
    and the event that says so comes a moment later. None closes them all at once.
    """
    host = platform.node()
    gone = [run for run in store.kernels.all_open_runs() if run.host == host and not _is_alive(run)]
    for run in gone:
        if missing is None or run.run_id in missing:
            _close(store, run, _DIED if run.kernel_id else "the process ended")
    return {run.run_id for run in gone}


def _kernel_ended(store: Store, kernel_id: str, reason: str, is_over: bool) -> None:
    """Close the runs of a kernel, also of one on another machine that only we can see end."""
    for run in store.kernels.all_open_runs():
        is_ours = run.host == platform.node()
        if run.kernel_id == kernel_id and not (is_ours and _is_alive(run)):
            _close(store, run, reason)
    if is_over:
        store.kernels.end(kernel_id)


def _is_alive(run: OpenRun) -> bool:
    """Whether the process a run was left by still runs; unknown ones are believed alive."""
    if run.pid is None or not run.pid.isdecimal():
        return True
    try:
        process = psutil.Process(int(run.pid))
        began_ms = process.create_time() * 1000
        # A number is given again: a process younger than that is another one.
        seen_ms = (
            int(run.pid_seen_ms) if run.pid_seen_ms and run.pid_seen_ms.isdecimal() else began_ms
        )
        is_same = began_ms <= seen_ms + _CLOCK_SLACK_MS
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _close(store: Store, run: OpenRun, reason: str) -> None:
    store.runs.set_tags(run.run_id, {END_REASON_TAG: reason + _whereabouts(store, run)})
    store.runs.update(run.run_id, status="KILLED", ended_ms=now_ms())


def _whereabouts(store: Store, run: OpenRun) -> str:
    """The last cell and the last step, as far as they are known."""
    executed = store.kernels.executed(run.kernel_id) if run.kernel_id else []
    before = [cell for cell in executed if cell.outcome != "running"] or executed
    last = next((cell for cell in reversed(executed) if cell.outcome == "running"), None) or (
        before[-1] if before else None
    )
    steps = [point.step for point in store.metrics.latest(run.run_id)]
    cell = f"; last cell [{last.execution_count}]" if last else ""
    return cell + (f"; last step {max(steps)}" if steps else "")


def _set_root(store: Store, root: str | None) -> None:
    store.notebooks.root = Path(root).absolute() if root else None


def _bind(store: Store, kernel_id: str, path: str, file_id: str | None) -> None:
    ids = _cell_ids_on_disk(store, path)
    notebook = store.notebooks.resolve(path, file_id=file_id, cell_ids=ids)
    store.kernels.bind(kernel_id, notebook.notebook_id, notebook.path)


def _cell_ids_on_disk(store: Store, path: str) -> list[str]:
    if store.notebooks.root is None:
        return []
    try:
        content = json.loads((store.notebooks.root / path).read_text("utf-8"))
        return cell_ids(content)
    except (OSError, ValueError, AttributeError, RecursionError):
        return []


def _rename(store: Store, old_path: str, new_path: str) -> None:
    store.notebooks.rename(old_path, new_path)


def _forget(store: Store, path: str) -> None:
    store.notebooks.forget_file(path)
