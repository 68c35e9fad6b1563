"""Who comes to a server of a group: told by a token of their own, or by the hub that gave it.

There is no page to sign in on and no cookie: no browser brings a token by itself, so that
there is nothing to forge.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from traitlets import Unicode

from nbruns.errors import InvalidValue
from nbruns.server.token_file import Keyring, read_tokens
from nbruns.server.watched_file import WatchedFile

_SCHEMES = ("token", "bearer")
_BELIEVED_FOR_S = 60.0
_MOST_BELIEVED = 10_000
_HUB_PATIENCE_S = 10.0


class _ByToken(IdentityProvider):
    """Jupyter's provider without its own token, its pages and its cookies."""

    login_available = False
    logout_available = False
    need_token = False

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:
        """Yes: there is no other way."""
        return True


class TokenIdentity(_ByToken):
    """Users by their tokens, in a file that may change at any time."""

    file = Unicode(help="The file that `nbruns token` writes.").tag(config=True)

    @cached_property
    def keyring(self) -> WatchedFile[Keyring]:
        """Who is known now."""
        return WatchedFile(Path(self.file), lambda path: Keyring(read_tokens(path)), self.log)

    def get_user(self, handler: web.RequestHandler) -> User | None:
        """Whose token the request shows."""
        token = token_of(handler)
        name = self.keyring.look().user_of(token) if token else None
        return None if name is None else User(name)


class HubIdentity(_ByToken):
    """Users by the tokens their JupyterHub gave them, as the hub says; for a hub's service."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[bytes, tuple[float, str | None]] = {}
        self._scopes = access_scopes()
        self._http: AsyncHTTPClient = SimpleAsyncHTTPClient(force_instance=True, max_clients=32)

    async def get_user(self, handler: web.RequestHandler) -> User | None:
        """Whom the hub names; HTTPError 503 where it cannot be asked."""
        token = token_of(handler)
        if not token:
            return None
        digest, now_s = hashlib.sha256(token.encode()).digest(), time.monotonic()
        until_s, name = self._known.get(digest, (0.0, None))
        if until_s < now_s:
            name = await self._ask(token)
            if len(self._known) >= _MOST_BELIEVED:
                self._known.clear()
            self._known[digest] = now_s + _BELIEVED_FOR_S, name
        return None if name is None else User(name)

    async def _ask(self, token: str) -> str | None:
        request = HTTPRequest(
            f"{os.environ['JUPYTERHUB_API_URL'].rstrip('/')}/user",
            headers={"Authorization": f"token {token}", "Accept": "application/json"},
            request_timeout=_HUB_PATIENCE_S,
            ca_certs=os.environ.get("JUPYTERHUB_SSL_CLIENT_CA") or None,
            client_key=os.environ.get("JUPYTERHUB_SSL_KEYFILE") or None,
            client_cert=os.environ.get("JUPYTERHUB_SSL_CERTFILE") or None,
        )
        try:
            reply = await self._http.fetch(request, raise_error=False)
        except Exception as error:
            # The client lets socket, DNS, TLS and its own errors through alike.
            raise web.HTTPError(503, f"JupyterHub does not answer: {error}") from error
        return self._name_in(reply)

    def _name_in(self, reply: HTTPResponse) -> str | None:
        if reply.code in (401, 403, 404):
            return None
        try:
            said = json.loads(reply.body or b"")
            name, scopes = said["name"], set(said.get("scopes", ()))
            if reply.code != 200 or not isinstance(name, str) or not name:
                raise ValueError("no user")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise web.HTTPError(503, f"JupyterHub answers with {reply.code}, no user") from error
        if self._scopes and not any(one in scopes or _whole(one) in scopes for one in self._scopes):
            self.log.warning("%s's token is not for this service: it has no %s", name, self._scopes)
            return None
        # A service may be called as a user is.
        return f"service:{name}" if said.get("kind") == "service" else name


def token_of(handler: web.RequestHandler) -> str:
    """What a request shows in its header: tokens in addresses end up in logs."""
    scheme, _, token = handler.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in _SCHEMES else ""


def access_scopes() -> list[str]:
    """What the hub says a token must allow, any of them, for its bearer to use this service."""
    said = os.environ.get("JUPYTERHUB_OAUTH_ACCESS_SCOPES") or "[]"
    try:
        scopes = [str(one) for one in json.loads(said)]
    except (ValueError, TypeError) as error:
        raise InvalidValue(f"JUPYTERHUB_OAUTH_ACCESS_SCOPES is no list in JSON: {said}") from error
    name = os.environ.get("JUPYTERHUB_SERVICE_NAME")
    return scopes or ([f"access:services!service={name}"] if name else [])


def _whole(scope: str) -> str:
    """A scope without its filter: who has it may do so with all services."""
    return scope.partition("!")[0]
