"""Kept-open connections to one process on loopback, and one request at a time on each.

Tornado's own client opens one for each request and holds bodies in memory; with its parser
alone a passage took half as long again. The process at the other end is ours, and HTTP/1.1 as
uvicorn writes it is all that is read here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

_MOST_WAITING = 512 * 1024
_LONGEST_HEAD = 64 * 1024


class Reader(Protocol):
    """Who is told of an answer as it comes."""

    def headers_received(self, status: int, headers: Mapping[str, str]) -> None:
        """How it begins; the names are in lower case."""

    async def data_received(self, piece: bytes) -> None:
        """A piece of the body; the next is read when this returns."""


class Exchange(asyncio.Protocol):
    """A connection, and the request on it; ConnectionResetError where it breaks off."""

    def __init__(self) -> None:
        self.is_closed = False
        self.is_whole = True
        self._buffer = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    async def begin(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> None:
        """Send the head, and the body or its first piece in the same packet."""
        self.is_whole = False
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        await self.send("\r\n".join(lines).encode("latin-1") + body)

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body; returns when there is room for the next."""
        if self.is_closed:
            raise ConnectionResetError
        self._transport.write(piece)
        if not self._writable.is_set():
            await self._writable.wait()

    async def answer(self, reader: Reader) -> None:
        """Let a reader have the answer."""
        status, headers = _parsed(await self._until(b"\r\n\r\n"))
        reader.headers_received(status, headers)
        if "content-length" in headers:
            await self._pass(reader, int(headers["content-length"]))
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await self._until(b"\r\n")).partition(b";")[0], 16):
                await self._pass(reader, size)
                await self._until(b"\r\n")
            await self._until(b"\r\n")
        else:
            raise ConnectionResetError
        self.is_whole = not self._buffer and headers.get("connection", "").lower() != "close"

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()
        self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _MOST_WAITING:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def _pass(self, reader: Reader, left: int) -> None:
        while left:
            if not self._buffer:
                await self._more()
            piece = bytes(self._buffer[:left])
            del self._buffer[:left]
            left -= len(piece)
            await reader.data_received(piece)

    async def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise ConnectionResetError
            await self._more()
        found = bytes(self._buffer[:end])
        del self._buffer[: end + len(mark)]
        return found

    async def _more(self) -> None:
        if self.is_closed:
            raise ConnectionResetError
        self._transport.resume_reading()
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _end(self) -> None:
        self.is_closed = True
        self._writable.set()
        self._wake()


class Connections:
    """The connections to one port, as many as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Exchange] = []
        self._is_closed = False

    async def open(self) -> Exchange:
        """A connection for one request; `put_back` when that is over."""
        while self._idle:
            exchange = self._idle.pop()
            if not exchange.is_closed:
                return exchange
        loop = asyncio.get_running_loop()
        _, exchange = await loop.create_connection(Exchange, "127.0.0.1", self._port)
        return exchange

    def put_back(self, exchange: Exchange) -> None:
        """Keep a connection for the next request where the answer came whole, else close it."""
        if exchange.is_whole and not exchange.is_closed and not self._is_closed:
            self._idle.append(exchange)
        else:
            exchange.close()

    def close(self) -> None:
        """Close those that are idle, and the others when they are done."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":")[::2] for line in lines)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, value in pairs}
