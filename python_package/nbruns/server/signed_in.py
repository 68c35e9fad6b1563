"""Who may come in: Jupyter's login, or the secret the server gave its own panel.

Every handler of ours derives from `SignedIn`; refusals are JSON of the protocol.
"""

from __future__ import annotations

import hmac
import json
import re
from functools import cached_property
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado import web

from nbruns.identity import user_name

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "ENDPOINT_NOT_FOUND",
    413: "INVALID_PARAMETER_VALUE",
}


_MADE_UP = re.compile("[0-9a-f]{32}")


class PanelIdentity(IdentityProvider):
    """Knows the panel kernel, which acts for the user who runs the server.

    Needed beside Jupyter's own provider: with a password login, or on a hub, the
    server has no token that it could hand to a kernel.
    """

    def get_user(self, handler: web.RequestHandler) -> User:
        """The operating system's user."""
        return User(user_name())

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:
        """Yes: no browser sends the secret by itself, so there is nothing to forge."""
        return True


class SignedIn(APIHandler):
    """A handler of ours: authenticated, authorised as resource `nbruns`, answering JSON."""

    auth_resource = "nbruns"
    _panel_identity = PanelIdentity()

    # Asked six times for each request.
    @cached_property
    def identity_provider(self) -> IdentityProvider:
        """Jupyter's, save for the panel."""
        return self._panel_identity if self._is_the_panel() else super().identity_provider

    def _is_the_panel(self) -> bool:
        scheme, _, secret = self.request.headers.get("Authorization", "").partition(" ")
        known = self.settings.get("nbruns_panel_secret", "")
        return (
            bool(known)
            and scheme.lower() in ("token", "bearer")
            and hmac.compare_digest(secret.strip().encode(), known.encode())
        )

    @property
    def user(self) -> str | None:
        """The name of whoever is signed in; None where all have the server's one token.

        Jupyter then makes a name up for each browser: they are the system's user.
        """
        found = self.current_user
        is_made_up = found.name.startswith("Anonymous ") and _MADE_UP.fullmatch(found.username)
        return None if is_made_up else str(found.username)

    async def check_permission(self, action: str) -> None:
        """What the `authorized` decorator asks, for a handler that must ask before its body."""
        user = self.current_user
        if not user:
            raise web.HTTPError(403)
        if not await ensure_async(self.authorizer.is_authorized(self, user, action, "nbruns")):
            raise web.HTTPError(403, f"You are not authorized to {action} nbruns")

    def say(self, status: int, reply: dict[str, Any] | bytes) -> None:
        """Answer in JSON."""
        self.set_status(status)
        self.finish(reply if isinstance(reply, bytes) else json.dumps(reply))

    def compute_etag(self) -> None:
        """None: the replies change too often for a digest of each to pay."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer a refusal or a failure of the server in the protocol's own form."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        sentence = getattr(error, "log_message", None) or HTTPStatus(status_code).phrase
        code = _CODES.get(status_code, "INTERNAL_ERROR")
        self.say(status_code, {"error_code": code, "message": sentence})

    def _log(self) -> None:
        """Keep answers such as 'no such experiment' out of the server's warnings.

        They are the protocol at work: a client looks a name up before it creates it.
        """
        if self.get_status() in (401, 403, 500, 503):
            super()._log()
        elif self.get_status() >= 400:
            self.log.debug("%d %s %s", self.get_status(), self.request.method, self.request.path)
