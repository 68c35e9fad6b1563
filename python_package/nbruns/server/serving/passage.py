"""One request on its way to the process that answers it, and the answer on its way back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tornado.httputil import HTTPHeaders

from nbruns.errors import InvalidState
from nbruns.server.serving.connections import Exchange, Reader
from nbruns.server.serving.crew import Crew
from nbruns.server.serving.served import Served

# Nothing of Jupyter's login is for a model's code to see.
_PASSED_ON = ("Content-Type", "Content-Length", "Accept")


class UnavailableError(Exception):
    """No process can answer, or the one that was to has ended; in words."""


class Passage:
    """Holds a process for one request, until it is closed."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._held = contextlib.ExitStack()
        self._exchange: Exchange | None = None
        self._is_chunked = False
        self._crew = _crew_of(served)
        try:
            self._worker = self._held.enter_context(self._crew.taking())
        except InvalidState as error:
            raise UnavailableError(_words(served)) from error

    @property
    def crew(self) -> Crew:
        """Who answers."""
        return self._crew

    async def begin(self, method: str, path: str, given: HTTPHeaders, body: bytes = b"") -> None:
        """Send the head of the request, with the body or what is there of it."""
        headers = self._worker.head()
        for name in _PASSED_ON:
            # A GET goes without its body.
            if name in given and (method == "POST" or name == "Accept"):
                headers[name] = given[name]
        self._is_chunked = method == "POST" and "Transfer-Encoding" in given
        if self._is_chunked:
            headers["Transfer-Encoding"] = "chunked"
        connections = self._worker.connections
        assert connections is not None
        with self._breaking_off():
            self._exchange = await connections.open()
            self._held.callback(connections.put_back, self._exchange)
            await self._exchange.begin(method, path, headers, body)

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body; what comes after a break is dropped."""
        if self._is_chunked:
            # Tornado has taken the client's chunks apart.
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        if self._exchange is not None and not self._exchange.is_closed:
            with contextlib.suppress(OSError):
                await self._exchange.send(piece)

    async def answer(self, reader: Reader) -> None:
        """Let a reader have the answer."""
        assert self._exchange is not None
        with self._breaking_off():
            if self._is_chunked:
                await self._exchange.send(b"0\r\n\r\n")
            await self._exchange.answer(reader)

    def close(self) -> None:
        """Let the process and its connection go."""
        self._held.close()

    @contextlib.contextmanager
    def _breaking_off(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError("the model's process ended before it had answered") from error


def _crew_of(served: Served) -> Crew:
    if served.crew is None:
        raise UnavailableError(_words(served))
    return served.crew


def _words(served: Served) -> str:
    said = f": {served.doing}" if served.doing else ""
    return f"'{served.target.text}' is {served.state}{said}"
