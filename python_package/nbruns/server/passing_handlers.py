"""The calls of served models themselves, passed through under Jupyter's login.

Apart from `serving_handlers.py`, for these bytes go from socket to socket: by the piece
where there are many, in one packet where there are few.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError

from nbruns.endpoints import serving
from nbruns.errors import NbrunsError
from nbruns.protocol.errors import wire_error
from nbruns.server.serving_handlers import ServingHandler

if TYPE_CHECKING:
    from nbruns.server.serving.passage import Passage
    from nbruns.server.serving.served import Served

# Bodies up to this size are sent in one piece, and read again when the model refuses them.
_KEPT_BYTES = 1024 * 1024
_MAX_BODY_BYTES = 2**50
_MAX_REFUSAL_BYTES = 1024 * 1024
_FLUSHED_BYTES = 256 * 1024
_NO_POLICY = object()


@web.stream_request_body
class PassingHandler(ServingHandler):
    """Passes one call through."""

    call = ""
    _passage: Passage | None = None
    _kept: bytearray | None = None
    _began = 0.0

    async def prepare(self) -> None:  # type: ignore[override]
        """Ask for permission, and find who answers, before the first byte is taken in."""
        self._began = time.perf_counter()
        await super().prepare()
        if self.request.method not in ("GET", "POST"):
            return
        await self.check_permission("read" if self.request.method == "GET" else "write")
        try:
            served = await self._queried(self.path_args[0])
        except NbrunsError as error:
            self.say(*wire_error(error))
            return
        await self._take_in(served)

    async def _queried(self, served_id: str) -> Served:
        """The one of an id, for whoever may read its model."""
        served = self.models.find(served_id) if "nbruns_served" in self.settings else None
        policy = self.store.policy
        if served is None or served.readers.get(self.user, _NO_POLICY) is not policy:
            await self.permit(serving.query, {"name": serving.name_in(served_id)})
            served = self.known(served_id)
            served.readers[self.user] = policy
        return served

    async def _take_in(self, served: Served) -> None:
        from nbruns.server.serving.passage import Passage, UnavailableError

        headers = self.request.headers
        length = headers.get("Content-Length", "")
        is_short = length.isdecimal() and int(length) <= _KEPT_BYTES
        try:
            self._passage = Passage(served)
            if self.request.method == "GET":
                self._kept = bytearray()
                return
            cast(HTTP1Connection, self.request.connection).set_max_body_size(_MAX_BODY_BYTES)
            if is_short or not (length or "Transfer-Encoding" in headers):
                self._kept = bytearray()
            else:
                await self._passage.begin(self.request.method or "", self.call, headers)
        except UnavailableError as error:
            if self._passage is not None:
                self._passage.close()
            self._say_unavailable(served, str(error))

    async def data_received(self, chunk: bytes) -> None:
        """Take in a piece of the body, and hand it on where it is a long one."""
        if self.request.method == "GET":
            # Sent on, it would be read as the next request.
            return
        if self._kept is not None:
            self._kept += chunk
        elif self._passage is not None:
            await self._passage.send(chunk)

    async def pass_through(self) -> None:
        """Send what was kept, and let the model answer."""
        from nbruns.server.serving.passage import UnavailableError

        passage = self._passage
        assert passage is not None, "prepare answers where there is none"
        reader = _Answer(self)
        try:
            if self._kept is not None:
                kept = bytes(self._kept)
                await passage.begin(
                    self.request.method or "", self.call, self.request.headers, kept
                )
            await passage.answer(reader)
        except UnavailableError as error:
            if not reader.is_refused and reader.status:
                # Part of it is on its way: only a broken connection says that the rest is not.
                self.request.connection.detach().close()  # type: ignore[union-attr]
            elif not self._finished:
                self._say_unavailable(passage.served, str(error))
        else:
            await self._conclude(passage, reader)
        finally:
            passage.close()

    async def _conclude(self, passage: Passage, reader: _Answer) -> None:
        self._count(passage.served, reader.status)
        if not reader.is_refused:
            self.finish(set_content_type=reader.content_type)
            return
        from nbruns.server.serving.refusals import refusal

        kept = None if self._kept is None else bytes(self._kept)
        kind = self.request.headers.get("Content-Type", "")
        files = passage.crew.standing.files
        # A megabyte of JSON is gone through again.
        reply, trace = await asyncio.to_thread(
            refusal, reader.status, bytes(reader.refused), files, kept, kind
        )
        passage.served.failed(str(reply["message"]), reader.status)
        passage.served.log.add(f"{reader.status} {reply['message']}\n{trace}")
        self.say(reader.status, reply)

    def _count(self, served: Served, status: int) -> None:
        if self.request.method == "POST":
            served.figures.add(status, time.perf_counter() - self._began)

    def _say_unavailable(self, served: Served, why: str) -> None:
        self._count(served, 503)
        self.set_header("Retry-After", "1")
        self.say(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": why})

    def set_secure_cookie(self, *args: Any, **kwargs: Any) -> None:
        """Set none: whoever has a token sends it each time, and to seal one takes 0.1 ms."""

    def _log(self) -> None:
        """Keep refusals out of the server's log: they are the model's, and in its own."""
        if self.get_status() != 503:
            super()._log()

    def on_connection_close(self) -> None:
        """Let the process go with the client."""
        if self._passage is not None:
            self._passage.close()


class InvocationsHandler(PassingHandler):
    """POST serving/<id>/invocations: what MLflow's scoring server answers there."""

    call = "/invocations"

    @web.authenticated
    @authorized
    async def post(self, served_id: str) -> None:
        """Predict."""
        await self.pass_through()


class PingHandler(PassingHandler):
    """GET serving/<id>/ping: 200 while the model answers."""

    call = "/ping"

    @web.authenticated
    @authorized
    async def get(self, served_id: str) -> None:
        """Ask how it is."""
        await self.pass_through()


class VersionHandler(PassingHandler):
    """GET serving/<id>/version: the version of the MLflow that answers."""

    call = "/version"

    @web.authenticated
    @authorized
    async def get(self, served_id: str) -> None:
        """Ask what it is."""
        await self.pass_through()


class _Answer:
    """Hands an answer on as it comes; one that is an error is kept."""

    def __init__(self, handler: PassingHandler) -> None:
        self._handler = handler
        self.status = 0
        self.content_type = "application/json"
        self.refused = bytearray()
        self._unsent = 0

    @property
    def is_refused(self) -> bool:
        """Whether it is an error."""
        return self.status >= 400

    def headers_received(self, status: int, headers: Mapping[str, str]) -> None:
        """Take over the status and what kind of answer it is."""
        self.status = status
        self.content_type = headers.get("content-type", self.content_type)
        if self.is_refused:
            return
        handler = self._handler
        handler.set_status(status)
        handler.set_header("Content-Type", self.content_type)
        handler.set_header("X-Content-Type-Options", "nosniff")
        # Jupyter compresses text on its way out unless an encoding is named.
        handler.set_header("Content-Encoding", headers.get("content-encoding", "identity"))
        if "content-length" in headers:
            handler.set_header("Content-Length", headers["content-length"])

    async def data_received(self, piece: bytes) -> None:
        """Write a piece; wait for the client where much is on its way."""
        if self.is_refused:
            self.refused += piece[: _MAX_REFUSAL_BYTES - len(self.refused)]
            return
        self._handler.write(piece)
        self._unsent += len(piece)
        if self._unsent >= _FLUSHED_BYTES:
            self._unsent = 0
            try:
                await self._handler.flush()
            except StreamClosedError:
                self._handler.on_connection_close()
