"""Which notebooks the server's kernels serve, as the sessions say, written into the database.

A kernel may serve several notebooks, and a console beside them: a console of a notebook's
kernel has that notebook's path or none of a notebook, and what it starts belongs to it.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterable
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import ensure_async

from nbruns.errors import NbrunsError
from nbruns.notebooks.lineage import marks
from nbruns.records import Notebook
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store

# "Save As" may move the session to a path before the file is there.
_PATIENCE_S = 5.0


class Sessions:
    """Looks at the sessions and writes down what has changed since the last look."""

    def __init__(self, serverapp: ServerApp, store: StoreThread, log: logging.Logger) -> None:
        self.serverapp = serverapp
        self.store = store
        self.log = log
        self._served: dict[str, tuple[str, ...]] = {}
        self._awaited: dict[str, float] = {}

    async def bind(self) -> None:
        """Write down which notebooks each kernel serves, where that has changed."""
        listed = await ensure_async(self.serverapp.session_manager.list_sessions())
        seen = {
            kernel_id: _newest_last(paths, self._served.get(kernel_id, ()))
            for kernel_id, paths in self._paths(listed).items()
        }
        for kernel_id, paths in seen.items():
            if self._served.get(kernel_id) != paths:
                await self._bind(kernel_id, paths)
        self._served = seen

    def _paths(self, listed: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
        """The notebooks' paths by kernel."""
        found: dict[str, list[str]] = {}
        for session in listed:
            # Real-time collaboration puts its drive's name before the path.
            path = str(session["path"]).removeprefix("RTC:").strip("/")
            kernel = session.get("kernel")
            if kernel is not None and path.endswith(".ipynb") and self._is_ready(path):
                found.setdefault(kernel["id"], []).append(path)
        return {kernel_id: list(dict.fromkeys(paths)) for kernel_id, paths in found.items()}

    def _is_ready(self, path: str) -> bool:
        """Whether the file is there; what has no folder of files, or never comes, is believed."""
        root = getattr(self.serverapp.contents_manager, "root_dir", None)
        if not root or os.path.exists(os.path.join(root, path)):
            self._awaited.pop(path, None)
            return True
        until = self._awaited.setdefault(path, time.monotonic() + _PATIENCE_S)
        return time.monotonic() > until

    async def _bind(self, kernel_id: str, paths: tuple[str, ...]) -> None:
        try:
            met = [(path, self._file_id(path)) for path in paths]
            await self.store.run(_serve, kernel_id, met)
        except NbrunsError:
            # The store's trouble passes, and the next tick tries again.
            raise
        except Exception:
            # One odd notebook must not keep the others from being followed.
            self.log.exception("The notebooks %s are not followed", list(paths))

    def _file_id(self, path: str) -> str | None:
        files = self.serverapp.web_app.settings.get("file_id_manager")
        return None if files is None else files.get_id(path) or files.index(path)


def _newest_last(paths: list[str], before: tuple[str, ...]) -> tuple[str, ...]:
    return (*(one for one in before if one in paths), *(one for one in paths if one not in before))


def _serve(store: Store, kernel_id: str, met: list[tuple[str, str | None]]) -> None:
    found = [_resolve(store, path, file_id) for path, file_id in met]
    store.kernels.serve(kernel_id, [one.notebook_id for one in found], found[-1].path)


def _resolve(store: Store, path: str, file_id: str | None) -> Notebook:
    content = _content_on_disk(store, path)
    is_blank = isinstance(content, dict) and content.get("cells") == []
    return store.notebooks.resolve(
        path, file_id=file_id, cell_ids=marks(content), is_blank=is_blank
    )


def _content_on_disk(store: Store, path: str) -> Any:
    if store.notebooks.root is None:
        return None
    try:
        return json.loads((store.notebooks.root / path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
