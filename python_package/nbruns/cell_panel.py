"""The run panel in a notebook's cell: `nbruns.RunPanel()`.

It reads through the Jupyter server where this kernel has one that lets it in. Elsewhere (VS
Code, a plain `ipython kernel`, a server whose users sign in by name) the same calls are
answered from the store's file, in this process.

It acts as the kernel does, whoever looks at the cell: as the server's or the system's user.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote
from urllib.request import Request, urlopen

from nbruns.endpoints.routes import call
from nbruns.errors import NotFound
from nbruns.identity import home_folder
from nbruns.kernel.session import current
from nbruns.panel.connection import Address, Connection, Unreachable, find_address
from nbruns.panel.events import Events
from nbruns.panel.run_panel import RunPanel as AnyRunPanel
from nbruns.protocol.names import ARTIFACTS_PATH, PROXY_SCHEME
from nbruns.store import Store
from nbruns.store.watch import Watch

_LOOK_EVERY_S = 0.25
_ANSWER_PATIENCE_S = 5.0


class RunPanel(AnyRunPanel):
    """The runs of this notebook, or of the one at `path`, as a live panel in a cell.

    `state` is what a link to a panel carries: what is ticked, sorted, filtered and drawn.
    """

    def __init__(self, path: str | None = None, *, state: Mapping[str, Any] | None = None) -> None:
        connection, events = _way()
        path = path or _this_notebook()
        super().__init__(path, connection=connection, events=events, state=state)


class LocalConnection(Connection):
    """Calls answered by the endpoints in this process, one after the other beside the loop."""

    def __init__(self, home: Path) -> None:
        super().__init__(Address(""))
        self.store = Store.open(home, artifact_base=f"{PROXY_SCHEME}:")
        self._thread = ThreadPoolExecutor(1, "nbruns-panel")

    async def send(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """As over HTTP; raises what the endpoint raises."""
        path, _, query = path.partition("?")
        fields: dict[str, Any] = {
            name: values[0] if len(values) == 1 else values
            for name, values in parse_qs(query, keep_blank_values=True).items()
        }
        work = asyncio.get_running_loop().run_in_executor
        return await work(self._thread, call, self.store, method, path, fields | (body or {}))

    async def read_text(self, path: str, *, most_bytes: int) -> str:
        """The beginning of an artifact as text."""
        below = unquote(path).removeprefix(f"{ARTIFACTS_PATH}/")
        file = self.store.artifacts.folder(f"{PROXY_SCHEME}:/{below}")
        try:
            with file.open("rb") as opened:
                return opened.read(most_bytes).decode("utf-8", "replace")
        except OSError:
            raise NotFound(f"No artifact '{below}'") from None

    def close(self) -> None:
        """Let go of the file."""
        self._thread.shutdown()
        self.store.close()
        super().close()


class LocalEvents(Events):
    """Looks at the file itself, four times a second, while a panel listens."""

    def __init__(self, connection: LocalConnection) -> None:
        super().__init__(connection)
        self._watch = Watch(connection.store.home / "nbruns.db")

    async def _listen_once(self) -> bool:
        while True:
            if self._watch.changed():
                self._tell()
            await asyncio.sleep(_LOOK_EVERY_S)


def _way() -> tuple[Connection, Events]:
    try:
        address = find_address()
    except Unreachable:
        address = None
    if address is None or _refuses(address):
        local = LocalConnection(home_folder())
        return local, LocalEvents(local)
    connection = Connection(address)
    return connection, Events(connection)


def _refuses(address: Address) -> bool:
    """Whether a server does not take the token it left for its kernels, or knows no nbruns.

    So it is where each user signs in by name, for a kernel is nobody there; and where the
    server runs out of another environment, or with the extension switched off.
    """
    request = Request(f"{address.url}health", headers=address.headers())
    try:
        urlopen(request, timeout=_ANSWER_PATIENCE_S).close()
    except HTTPError as error:
        knows_none = error.code == HTTPStatus.NOT_FOUND and "NBRUNS_SERVER_URL" not in os.environ
        return knows_none or error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    except (OSError, ValueError):
        # Out of reach for now, or for this kind of request: the panel itself will say.
        return False
    return False


def _this_notebook() -> str | None:
    """Where the notebook of this kernel lies; None outside of one."""
    session = current()
    if session is None:
        return None
    store = Store.open(home_folder())
    try:
        notebook = session.notebook(store)
    finally:
        store.close()
    return None if notebook is None else notebook.path
