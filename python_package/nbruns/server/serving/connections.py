"""Kept-open connections to one process on loopback.

Tornado's own client opens one for each request and holds bodies in memory; this one keeps
them and passes the pieces on.
"""

from __future__ import annotations

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

_PARAMETERS = HTTP1ConnectionParameters(max_body_size=2**60, chunk_size=256 * 1024)


class Exchange:
    """One request on a connection, and its answer."""

    def __init__(self, stream: IOStream) -> None:
        self.stream = stream
        self._connection = HTTP1Connection(stream, True, _PARAMETERS)
        self.is_whole = False

    async def begin(self, method: str, path: str, headers: HTTPHeaders, body: bytes = b"") -> None:
        """Send the head, and the body or its first piece in the same packet."""
        line = RequestStartLine(method, path, "")
        await self._connection.write_headers(line, headers, body or None)

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body; returns when it is taken."""
        await self._connection.write(piece)

    async def answer(self, reader: HTTPMessageDelegate) -> None:
        """Let a reader have the answer; StreamClosedError where it breaks off."""
        self._connection.finish()
        self.is_whole = await self._connection.read_response(reader)
        if not self.is_whole:
            raise StreamClosedError


class Connections:
    """The connections to one port, as many as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[IOStream] = []
        self._client = TCPClient()
        self._is_closed = False

    async def open(self) -> Exchange:
        """A connection for one request; `put_back` when that is over."""
        return Exchange(await self._take())

    def put_back(self, exchange: Exchange) -> None:
        """Keep a connection for the next request where the answer came whole, else close it."""
        stream = exchange.stream
        if not exchange.is_whole or self._is_closed or stream.closed():
            stream.close()
            return
        self._idle.append(stream)
        # A stream that nobody reads sees only so that its other end has gone.
        stream.set_close_callback(lambda: self._forget(stream))

    def close(self) -> None:
        """Close those that are idle, and the others when they are done."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
        self._client.close()

    async def _take(self) -> IOStream:
        while self._idle:
            stream = self._idle.pop()
            stream.set_close_callback(None)
            if not stream.closed():
                return stream
        stream = await self._client.connect("127.0.0.1", self._port, max_buffer_size=2**30)
        stream.set_nodelay(True)
        return stream

    def _forget(self, stream: IOStream) -> None:
        if stream in self._idle:
            self._idle.remove(stream)
