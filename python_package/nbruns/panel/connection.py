"""The panel's one way to the server: which server, the request, the errors in words.

Kept apart from the calls it carries, which lie in `client.py`.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from nbruns.errors import NbrunsError
from nbruns.protocol.errors import CODES

REQUEST_PATIENCE_S = 20.0
_CONNECT_PATIENCE_S = 5.0
# The status for a part of an empty file.
_NOTHING_THERE = 416


class Unreachable(NbrunsError):
    """The server did not answer."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server's nbruns lives (with a slash at the end), and the secret it asks for."""

    url: str
    token: str = ""
    certificate: str = ""
    socket: str = ""

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"token {self.token}"} if self.token else {}


def find_address(environ: Mapping[str, str] = os.environ) -> Address:
    """The server that started this kernel: named in the environment, else in its runtime file.

    Raises Unreachable where neither says.
    """
    url = environ.get("NBRUNS_SERVER_URL")
    if url:
        plain, unix_socket = _without_socket(url.rstrip("/") + "/")
        return Address(
            plain,
            token=environ.get("NBRUNS_PANEL_TOKEN", ""),
            certificate=environ.get("NBRUNS_SERVER_CERT", ""),
            socket=unix_socket,
        )
    found = _read_runtime_file(environ)
    if found is None:
        raise Unreachable(
            "This kernel does not know its Jupyter server. "
            "Set NBRUNS_SERVER_URL to the server's address followed by 'nbruns/'."
        )
    return found


def _without_socket(url: str) -> tuple[str, str]:
    """An `http+unix` address parted into a plain one and the socket's path."""
    parted = urlsplit(url)
    if parted.scheme != "http+unix":
        return url, ""
    return f"http://localhost{parted.path}", unquote(parted.netloc)


def _read_runtime_file(environ: Mapping[str, str]) -> Address | None:
    """The address in the file Jupyter Server keeps beside its kernels' connection files."""
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    connection_file = getattr(getattr(kernel, "parent", None), "abs_connection_file", None)
    if connection_file is None:
        return None
    file = Path(connection_file).parent / f"jpserver-{environ.get('JPY_PARENT_PID')}.json"
    try:
        said = json.loads(file.read_text("utf-8"))
        return Address(f"{said['url']}nbruns/", said["token"])
    except (OSError, ValueError, KeyError):
        return None


class Connection:
    """Sends requests to one server and turns refusals into the ground's errors."""

    def __init__(self, address: Address) -> None:
        self.address = address
        resolver = _UnixSocket(path=address.socket) if address.socket else None
        # An instance of its own: the shared one allows ten requests in all, streams included.
        self.http: AsyncHTTPClient = SimpleAsyncHTTPClient(
            force_instance=True, max_clients=32, resolver=resolver
        )
        self._ssl = _trusting(address.certificate) if address.certificate else None

    async def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """A GET; values that are None stay out, lists are repeated."""
        given = {name: value for name, value in query.items() if value is not None}
        return await self.send("GET", f"{path}?{urlencode(given, doseq=True)}" if given else path)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A POST of JSON."""
        return await self.send("POST", path, body)

    async def send(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Any request; raises Unreachable, or the error the reply names."""
        reply = await self._fetch(method, path, None if body is None else json.dumps(body))
        answer = _read_json(reply)
        if reply.code >= 400:
            raise error_of(reply.code, answer)
        return answer

    async def exchange(self, path: str, body: str, *, patience_s: float) -> tuple[int, str]:
        """Status and text that answer a POST of JSON, refusals included."""
        reply = await self._fetch("POST", path, body, patience_s=patience_s)
        return reply.code, bytes(reply.body or b"").decode("utf-8", "replace")

    async def read_text(self, path: str, *, most_bytes: int) -> str:
        """The beginning of an artifact as text."""
        part = {"Range": f"bytes=0-{most_bytes - 1}"}
        reply = await self._fetch("GET", quote(path, safe="/"), None, part)
        if reply.code == _NOTHING_THERE:
            return ""
        if reply.code >= 400:
            raise error_of(reply.code, _read_json(reply))
        return bytes(reply.body or b"")[:most_bytes].decode("utf-8", "replace")

    def request(self, path: str, **options: Any) -> HTTPRequest:
        """A request of this server, signed in."""
        return HTTPRequest(
            self.address.url + path,
            headers=self.address.headers(),
            connect_timeout=_CONNECT_PATIENCE_S,
            ssl_options=self._ssl,
            **options,
        )

    async def _fetch(
        self,
        method: str,
        path: str,
        body: str | None,
        headers: Mapping[str, str] | None = None,
        *,
        patience_s: float = REQUEST_PATIENCE_S,
    ) -> HTTPResponse:
        request = self.request(
            path,
            method=method,
            body=body,
            request_timeout=patience_s,
            allow_nonstandard_methods=True,
        )
        request.headers.update(headers or {})
        if body is not None:
            request.headers["Content-Type"] = "application/json"
        try:
            return await self.http.fetch(request, raise_error=False)
        except Exception as error:
            # The client lets socket, DNS, TLS and its own errors through alike.
            raise Unreachable(f"The Jupyter server does not answer: {error}") from error

    def close(self) -> None:
        """Drop the connections."""
        self.http.close()


class _UnixSocket(Resolver):
    """Resolves every name to one socket file."""

    def initialize(self, path: str) -> None:
        self.path = path

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, self.path)]


def _trusting(certificate: str) -> ssl.SSLContext:
    """Trust the server's own certificate; it is made for another name than 127.0.0.1."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return context


def error_of(status: int, answer: Mapping[str, Any]) -> NbrunsError:
    """The ground's error for a refusal."""
    if status == 599:
        return Unreachable("The Jupyter server does not answer.")
    code = answer.get("error_code", "")
    sentence = str(answer.get("message") or f"The server answered with status {status}.")
    # A login that fails says no more than its status; a policy that says no gives its reason.
    if status in (401, 403) and sentence in ("Unauthorized", "Forbidden"):
        return Unreachable("The Jupyter server did not let the panel in: reload the page.")
    for cls, (known, _) in CODES.items():
        if known == code:
            return cls(sentence)
    return NbrunsError(sentence)


def _read_json(reply: HTTPResponse) -> dict[str, Any]:
    try:
        answer = json.loads(reply.body or b"{}")
    except ValueError:
        text = re.sub(r"<[^>]+>", " ", bytes(reply.body or b"").decode("utf-8", "replace"))
        return {"message": " ".join(text.split())[:200]}
    return answer if isinstance(answer, dict) else {}
