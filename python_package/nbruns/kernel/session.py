"""Which kernel this process is, and which notebook it belongs to now.

The server writes kernel → notebook into the database and keeps it true over renames.
What a kernel knows by itself (variables set when it was started) may be stale: it is
only asked when the database says nothing.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbruns.protocol.names import (
    HOST_TAG,
    KERNEL_TAG,
    LEASE_TAG,
    NOTEBOOK_TAG,
    PID_SEEN_TAG,
    PID_TAG,
    SOURCE_NAME_TAG,
    SOURCE_TYPE_TAG,
)

if TYPE_CHECKING:
    from nbruns.kernel.serving import Serving
    from nbruns.records import Notebook
    from nbruns.store import Store

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Session:
    """This kernel process: its id, and when it began (a restarted kernel keeps its id).

    Its name is the path Jupyter gave the session at its start.
    """

    def __init__(self, kernel_id: str, started_ms: int, name: str = "") -> None:
        self.kernel_id = kernel_id
        self.name = name
        self.started_ms = started_ms
        self.process_id = os.getpid()
        self._serving: Serving | None = None

    def notebook(self, store: Store) -> Notebook | None:
        """The notebook this kernel serves now; None for a console."""
        bound = store.kernels.find(self.kernel_id)
        if bound is not None and bound.notebook_id is not None:
            return store.notebooks.get(self._executing(store, bound.notebook_id))
        path = guessed_path()
        if path is None:
            return None
        from nbruns.notebooks.lineage import marks

        content = read_notebook(path)
        found = store.notebooks.resolve(path, cell_ids=marks(content))
        store.kernels.bind(self.kernel_id, found.notebook_id, found.path)
        return found

    def _executing(self, store: Store, newest: str) -> str:
        """The notebook whose cell is executing, where this kernel serves several."""
        served = store.kernels.served(self.kernel_id)
        if not served:
            return newest
        if self._serving is None:
            from nbruns.kernel.serving import Serving

            self._serving = Serving()
        return self._serving.notebook(store, served, newest)


_session: Session | None = None


def current() -> Session | None:
    """This process's kernel session; None outside a kernel, and in its forked children."""
    global _session  # noqa: PLW0603
    if _session is None:
        kernel_id = _kernel_id()
        if kernel_id is None:
            return None
        from nbruns.kernel.front_end import own_session

        _session = Session(kernel_id, time.time_ns() // 1_000_000, own_session(os.environ))
    return _session if _session.process_id == os.getpid() else None


def process_tags(store: Store) -> dict[str, str]:
    """Who has a run in hand from now on: by these a run left open is known for abandoned.

    The lease says it wherever the home keeps locks. Process numbers are given again: the
    time tells a later process of the same number apart.
    """
    tags = {
        HOST_TAG: platform.node(),
        PID_TAG: str(os.getpid()),
        PID_SEEN_TAG: str(time.time_ns() // 1_000_000),
    }
    lease = store.leases.own()
    if lease is not None:
        tags[LEASE_TAG] = lease
    session = current()
    return tags if session is None else tags | {KERNEL_TAG: session.kernel_id}


def notebook_tags(notebook: Notebook) -> dict[str, str]:
    """Where a run of a notebook comes from."""
    return {
        NOTEBOOK_TAG: notebook.notebook_id,
        SOURCE_NAME_TAG: notebook.path,
        SOURCE_TYPE_TAG: "NOTEBOOK",
    }


def kernel_name() -> str:
    """The name of this kernel's specification ('python3'), as the connection file tells it."""
    application = _application()
    if application is None:
        return ""
    try:
        told = json.loads(Path(application.abs_connection_file).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(told.get("kernel_name") or "") if isinstance(told, dict) else ""


def guessed_path() -> str | None:
    """The notebook's path as the front end left it in the process, absolute."""
    from nbruns.kernel.front_end import notebook_path

    session = current()
    return notebook_path("" if session is None else session.name)


def read_notebook(path: str) -> dict[str, Any] | None:
    """The notebook on disk; None where there is none, a half-written or an unreadable one."""
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _kernel_id() -> str | None:
    """The id in the connection file's name: 'kernel-<id>.json'.

    Other front ends number their files, and use a number again: such an id is told apart
    by the time.
    """
    application = _application()
    if application is None:
        return None
    name = Path(application.connection_file).stem.removeprefix("kernel-")
    return name if _UUID.fullmatch(name) else f"{name}-{time.time_ns() // 1_000_000}"


def _application() -> Any:
    """The kernel's application; None in a process that is no kernel."""
    module = sys.modules.get("ipykernel.kernelapp")
    if module is None or not module.IPKernelApp.initialized():
        return None
    return module.IPKernelApp.instance()
