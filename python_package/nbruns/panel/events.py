"""Listening to the server's stream of changes, and coming back when it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tornado.iostream import StreamClosedError

from nbruns.panel.connection import Connection

# The server pings every 15 s: a stream silent for longer is dead, however open it looks.
SILENCE_S = 40.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0

Listener = Callable[[], None]


class Events:
    """Calls its listeners on each change of the store, and when the stream comes or goes."""

    def __init__(self, connection: Connection, *, silence_s: float = SILENCE_S) -> None:
        self.connection = connection
        self.connected = False
        self._silence_s = silence_s
        self._changed: list[Listener] = []
        self._turned: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def listen(self, changed: Listener, turned: Listener) -> Callable[[], None]:
        """Call `changed` on changes, `turned` on connection and loss; the answer ends it."""
        self._changed.append(changed)
        self._turned.append(turned)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_listening())

        def stop() -> None:
            self._changed.remove(changed)
            self._turned.remove(turned)
            if not self._changed:
                self.close()

        return stop

    def retry_now(self) -> None:
        """Cut the pause before the next attempt short."""
        self._hurry.set()

    def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _keep_listening(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            heard = await self._listen_once()
            self._turn(False)
            pause_s = FIRST_PAUSE_S if heard else min(2 * pause_s, LONGEST_PAUSE_S)
            self._hurry.clear()
            try:
                await asyncio.wait_for(self._hurry.wait(), pause_s)
            except asyncio.TimeoutError:
                continue

    async def _listen_once(self) -> bool:
        """Follow the stream until it ends; whether anything was heard."""
        wake, lines = asyncio.Event(), _Lines()

        def receive(chunk: bytes) -> None:
            if stream.cancelled():
                # A cancelled fetch leaves its socket open; failing here closes it.
                raise StreamClosedError
            lines.feed(chunk)
            wake.set()

        request = self.connection.request("events", streaming_callback=receive, request_timeout=0)
        stream = asyncio.ensure_future(self.connection.http.fetch(request, raise_error=False))
        stream.add_done_callback(lambda _: wake.set())
        heard = False
        try:
            while not stream.done() or lines.waiting:
                await asyncio.wait_for(wake.wait(), self._silence_s)
                wake.clear()
                if lines.take_changes():
                    heard = True
                    self._tell()
        except asyncio.TimeoutError:
            return heard
        finally:
            stream.cancel()
        return heard

    def _tell(self) -> None:
        self._turn(True)
        _call(self._changed)

    def _turn(self, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            _call(self._turned)


class _Lines:
    """Cuts a byte stream into messages and remembers whether one told of a change."""

    def __init__(self) -> None:
        self._rest = b""
        self.waiting = False

    def feed(self, chunk: bytes) -> None:
        *whole, self._rest = (self._rest + chunk).split(b"\n\n")
        if any(b"event: change" in message for message in whole):
            self.waiting = True

    def take_changes(self) -> bool:
        taken, self.waiting = self.waiting, False
        return taken


def _call(listeners: list[Listener]) -> None:
    for listener in list(listeners):
        listener()
