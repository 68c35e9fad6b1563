"""Telling browsers and the panel that something changed, by server-sent events.

A change made by any process is noticed; while nobody listens, nothing runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web

from nbruns.server.signed_in import SignedIn
from nbruns.store.watch import Watch

_log = logging.getLogger("nbruns")

_LOOK_EVERY_S = 0.1
_PING_EVERY_S = 15.0


class Changes:
    """Wakes its listeners on each change of the database, and counts the changes."""

    def __init__(self, database: Path) -> None:
        self.version = 0
        self.closed = False
        self._has_failed = False
        self._watch = Watch(database)
        self._listeners: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set now and on each change, for as long as the block runs."""
        wake = asyncio.Event()
        wake.set()
        self._listeners.add(wake)
        if self._looking is None:
            self._has_changed()
            self._looking = asyncio.create_task(self._look())
        try:
            yield wake
        finally:
            self._listeners.discard(wake)
            if not self._listeners:
                self._rest()

    def tell(self) -> None:
        """Wake the listeners for a change that is in no database."""
        self.version += 1
        self._wake_all()

    def close(self) -> None:
        """Send every listener home."""
        self.closed = True
        self._wake_all()
        self._rest()

    def _rest(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._watch.close()

    def _wake_all(self) -> None:
        for wake in self._listeners:
            wake.set()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._has_changed():
                self.version += 1
                self._wake_all()

    def _has_changed(self) -> bool:
        try:
            changed = self._watch.changed()
        except Exception:
            # Listeners would wait for ever without a word; said once, not ten times a second.
            if not self._has_failed:
                _log.exception("nbruns cannot look for changes; it goes on trying")
            self._has_failed = True
            return False
        self._has_failed = False
        return changed


class EventsHandler(SignedIn):
    """The stream of changes: one message at once, one per change, a ping when all is quiet."""

    # A panel left open must not keep an idle server from being culled.
    _track_activity = False
    _wake: asyncio.Event | None = None
    _gone = False

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """GET events: `event: change`, `data: {"version": N}`."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")
        # Jupyter compresses text on its way out unless an encoding is named.
        self.set_header("Content-Encoding", "identity")
        changes: Changes = self.settings["nbruns_events"]
        with changes.listening() as self._wake:
            while not (self._gone or changes.closed):
                self.write(await _next_message(changes, self._wake))
                try:
                    await self.flush()
                except iostream.StreamClosedError:
                    break

    def on_connection_close(self) -> None:
        self._gone = True
        if self._wake is not None:
            self._wake.set()


async def _next_message(changes: Changes, wake: asyncio.Event) -> str:
    try:
        await asyncio.wait_for(wake.wait(), _PING_EVERY_S)
    except asyncio.TimeoutError:
        return ": ping\n\n"
    wake.clear()
    return f'event: change\ndata: {{"version": {changes.version}}}\n\n'
