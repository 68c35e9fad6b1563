"""Runs that kernels without nbruns (R, Julia, bash) start over HTTP: linked to their notebook.

A request names no kernel. But it comes from this machine, over a connection that a process
holds, and that process was started by the kernel or is it. The browser is asked for the
document by an event of Jupyter's own stream, for the kernel cannot ask.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import platform
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import psutil
from jupyter_server.serverapp import ServerApp
from tornado.httputil import HTTPServerRequest

from nbruns.endpoints import runs
from nbruns.endpoints.notebook_runs import Caller, capture_file, create_in
from nbruns.identity import now_ms
from nbruns.protocol.messages import STATUSES
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store

Endpoint = Callable[[Store, dict[str, Any]], dict[str, Any]]

CAPTURE_EVENTS = "urn:nbruns:capture"
_SCHEMA = {
    "$id": CAPTURE_EVENTS,
    "version": "1",
    "title": "Capture",
    "description": "A run of a kernel's notebook starts or ends: its document is to be kept.",
    "type": "object",
    "properties": {
        "run_id": {"type": "string"},
        "kernel_id": {"type": "string"},
        "reason": {"type": "string"},
    },
    "required": ["run_id", "kernel_id", "reason"],
}
_ENDED = ("FINISHED", "FAILED", "KILLED")
# How long a browser has to send the live document.
_PATIENCE_S = 1.5
_log = logging.getLogger("nbruns")


@dataclass(frozen=True, slots=True)
class _Kernel:
    kernel_id: str
    process_id: int


class KernelRuns:
    """Wraps what answers a request, where a kernel's process has made it."""

    def __init__(self, serverapp: ServerApp, store: StoreThread) -> None:
        self.serverapp = serverapp
        self.store = store
        self._running: dict[str, str] = {}
        self._callers: WeakKeyDictionary[object, _Kernel | None] = WeakKeyDictionary()
        self._later: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Make the event known."""
        events = self.serverapp.event_logger
        if events is not None and CAPTURE_EVENTS not in events.schemas:
            events.register_event_schema(_SCHEMA)

    async def wrapped(self, endpoint: Endpoint, request: HTTPServerRequest) -> Endpoint:
        """The endpoint for this request: a run that starts learns which kernel started it."""
        if endpoint is not runs.create:
            return endpoint
        kernel = await self._kernel_of(request)
        if kernel is None:
            return endpoint
        caller = Caller(kernel.kernel_id, platform.node(), kernel.process_id, now_ms())
        return partial(create_in, caller)

    def answered(self, endpoint: Endpoint, body: bytes, reply: object) -> None:
        """Have the document kept where a run of such a kernel has started or ended."""
        if isinstance(endpoint, partial) and isinstance(reply, bytes):
            info = json.loads(reply).get("run", {}).get("info", {})
            if run_id := info.get("run_id"):
                self._running[run_id] = endpoint.args[0].kernel_id
                self._ask(run_id, "start")
                self._soon(self._without_browser(run_id))
        elif endpoint is runs.update and self._running:
            told = json.loads(body or b"{}")
            run_id = told.get("run_id") or told.get("run_uuid")
            status = STATUSES.get(told.get("status"), told.get("status"))
            if run_id in self._running and status in _ENDED:
                self._ask(run_id, "end")
                del self._running[run_id]

    def _ask(self, run_id: str, reason: str) -> None:
        wish = {"run_id": run_id, "kernel_id": self._running[run_id], "reason": reason}
        events = self.serverapp.event_logger
        if events is not None:
            events.emit(schema_id=CAPTURE_EVENTS, data=wish)

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _without_browser(self, run_id: str) -> None:
        await asyncio.sleep(_PATIENCE_S)
        try:
            await self.store.run(capture_file, run_id)
        except Exception:
            _log.exception("The notebook of run '%s' was not kept", run_id)

    async def _kernel_of(self, request: HTTPServerRequest) -> _Kernel | None:
        """The kernel whose process, or a child of it, has made the request."""
        context = getattr(request.connection, "context", None)
        address = getattr(context, "address", None)
        kernels = list(self._kernels())
        if not kernels or not isinstance(address, tuple) or not _is_local(address[0]):
            return None
        # One look per connection: clients in Python keep theirs.
        if context not in self._callers:
            holding = await asyncio.to_thread(_holding, kernels, int(address[1]))
            self._callers[context] = holding
        return self._callers[context]

    def _kernels(self) -> Iterator[_Kernel]:
        manager = self.serverapp.kernel_manager
        for kernel_id in manager.list_kernel_ids():
            provisioner = getattr(manager.get_kernel(kernel_id), "provisioner", None)
            process_id = getattr(provisioner, "pid", None)
            if isinstance(process_id, int) and process_id > 0:
                yield _Kernel(kernel_id, process_id)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _holding(kernels: list[_Kernel], port: int) -> _Kernel | None:
    """The kernel in whose family of processes one holds a connection from a port."""
    by_process = {kernel.process_id: kernel for kernel in kernels}
    # Their own processes first: for their children all processes must be looked at.
    for kernel in kernels:
        if _has_port(kernel.process_id, port):
            return kernel
    parents = {one.pid: one.info["ppid"] for one in psutil.process_iter(["ppid"])}
    for process_id in parents:
        kernel_process = _ancestor(process_id, parents, by_process)
        if kernel_process not in (None, process_id) and _has_port(process_id, port):
            return by_process[kernel_process]
    return None


def _ancestor(process_id: int, parents: dict[int, int], wanted: Container[int]) -> Any:
    """The process itself or the nearest one above it that is wanted."""
    seen: set[int] = set()
    at: int | None = process_id
    while at is not None and at not in wanted and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return at if at is not None and at in wanted else None


def _has_port(process_id: int, port: int) -> bool:
    try:
        process = psutil.Process(process_id)
        # Its name before psutil 6.
        connections = getattr(process, "net_connections", None) or process.connections
        return any(one.raddr and one.laddr.port == port for one in connections("tcp"))
    except psutil.Error:
        return False
