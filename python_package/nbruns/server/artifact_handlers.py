"""Artifact bytes over HTTP, streamed both ways.

Kept apart from the other calls because these bytes go between socket and disk in
constant memory and never through the store's thread.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from jupyter_server.auth.decorator import authorized
from tornado import iostream, web
from tornado.http1connection import HTTP1Connection

from nbruns.endpoints import artifacts
from nbruns.errors import NbrunsError, NotFound
from nbruns.protocol.errors import wire_error
from nbruns.protocol.names import ARTIFACTS_PATH
from nbruns.server.handlers import ProtocolHandler
from nbruns.store.artifacts import Artifacts

_PIECE_BYTES = 1024 * 1024
_MAX_UPLOAD_BYTES = 2**50


class Incoming:
    """A file on its way in: written piece by piece, in place only when it is whole."""

    def __init__(self, artifacts: Artifacts, path: str) -> None:
        self.failure: NbrunsError | None = None
        self._waiting = bytearray()
        self._upload = ExitStack()
        try:
            self._file: BinaryIO = self._upload.enter_context(artifacts.new_upload(path))
        except NbrunsError as error:
            self.failure = error

    async def take(self, chunk: bytes) -> None:
        """Keep a chunk; after a failure the rest is dropped, and the client gets its answer."""
        if self.failure is None:
            self._waiting += chunk
            if len(self._waiting) >= _PIECE_BYTES:
                await asyncio.to_thread(self._write)

    async def finish(self) -> None:
        """Put the file in its place, or raise what went wrong."""
        await asyncio.to_thread(self._write)
        if self.failure is None:
            await asyncio.to_thread(self._upload.close)
        if self.failure is not None:
            raise self.failure

    def abandon(self, reason: BaseException) -> None:
        """Forget what has come so far."""
        try:
            self._upload.__exit__(type(reason), reason, reason.__traceback__)
        except NbrunsError as error:
            self.failure = error
        except BaseException as error:
            if error is not reason:
                raise

    def _write(self) -> None:
        if self.failure is None:
            try:
                self._file.write(self._waiting)
            except OSError as error:
                self.abandon(error)
        self._waiting.clear()


class ConnectionLostError(Exception):
    """The client went away in the middle of an upload."""


@web.stream_request_body
class ArtifactHandler(ProtocolHandler):
    """Uploads and downloads of single files."""

    _incoming: Incoming | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Ask for the permission to write before the first byte is taken in."""
        await super().prepare()
        if self.request.method == "PUT":
            await self.check_permission("write")
            try:
                await self.permit(artifacts.write_file, {"path": self.path_args[0]})
            except NbrunsError as error:
                self.say(*wire_error(error))
                return
            cast(HTTP1Connection, self.request.connection).set_max_body_size(_MAX_UPLOAD_BYTES)
            self._incoming = Incoming(self.settings["nbruns_artifacts"], self.path_args[0])

    async def data_received(self, chunk: bytes) -> None:
        """Take in a piece of an upload."""
        if self._incoming is not None:
            await self._incoming.take(chunk)

    @web.authenticated
    @authorized
    async def put(self, path: str) -> None:
        """PUT mlflow-artifacts/artifacts/<path>: the body is the file."""
        incoming, self._incoming = self._incoming, None
        try:
            if incoming is not None:
                await incoming.finish()
            self.say(200, {})
        except NbrunsError as error:
            self.say(*wire_error(error))

    def on_connection_close(self) -> None:
        if self._incoming is not None:
            self._incoming.abandon(ConnectionLostError())

    async def answer(self, path: str) -> None:
        """Other methods are calls like any other."""
        await super().answer(f"{ARTIFACTS_PATH}/{path}")

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """GET mlflow-artifacts/artifacts/<path>: the file, always as an attachment."""
        kept: Artifacts = self.settings["nbruns_artifacts"]
        try:
            await self.permit(artifacts.read_file, {"path": path})
            place = kept.resolve(path)
            if not place.is_file():
                raise NotFound(f"No artifact file at '{path}'")
        except NbrunsError as error:
            self.say(*wire_error(error))
            return
        await self._send(place)

    async def _send(self, place: Path) -> None:
        kind = mimetypes.guess_type(place.name)[0] or "application/octet-stream"
        with open(place, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start, left = self._choose_part(size)
            self._describe(place.name, kind, left)
            file.seek(start)
            # A file that grows meanwhile must not outgrow the length we promised.
            while left and (piece := await asyncio.to_thread(file.read, min(left, _PIECE_BYTES))):
                left -= len(piece)
                self.write(piece)
                try:
                    await self.flush()
                except iostream.StreamClosedError:
                    return
        await self.finish(set_content_type=kind)

    def _choose_part(self, size_bytes: int) -> tuple[int, int]:
        """Where to begin and how much to send: all of the file, or the part that was asked for."""
        part = asked_part(self.request.headers.get("Range", ""), size_bytes)
        if part is None:
            return 0, size_bytes
        start, length = part
        if length == 0:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size_bytes}")
        else:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{start + length - 1}/{size_bytes}")
        return start, length

    def _describe(self, name: str, kind: str, size_bytes: int) -> None:
        """Headers under which a browser saves the file and never runs it as a page of ours."""
        self.set_header("Content-Type", kind)
        self.set_header("Content-Length", str(size_bytes))
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_attachment_header(name)
        # Jupyter compresses text on its way out unless an encoding is named.
        self.set_header("Content-Encoding", "identity")


def asked_part(header: str, size_bytes: int) -> tuple[int, int] | None:
    """First byte and length of the one range a header names; None where it names none.

    A range that lies outside the file has length 0. Several ranges at once are not
    served, which HTTP leaves open: the whole file answers them.
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start = max(0, size_bytes - int(last))
        return start, size_bytes - start
    start, end = int(first), min(int(last or size_bytes), size_bytes - 1)
    if last and int(last) < start:
        return None
    return start, max(0, end - start + 1)
