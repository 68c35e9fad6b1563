"""Who may come in: Jupyter's login, or the ticket the server gave to a panel's kernel.

Every handler of ours derives from `SignedIn`; refusals are JSON of the protocol.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, LegacyIdentityProvider, User
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado import web

from nbruns.endpoints.guard import Endpoint
from nbruns.identity import acting_as, user_name
from nbruns.permissions import Policy
from nbruns.server.store_thread import StoreThread
from nbruns.server.tickets import Bearer, Tickets
from nbruns.store import Store

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "ENDPOINT_NOT_FOUND",
    413: "INVALID_PARAMETER_VALUE",
    503: "TEMPORARILY_UNAVAILABLE",
}


_MADE_UP = re.compile("[0-9a-f]{32}")
_JUPYTERS = (IdentityProvider.get_user, LegacyIdentityProvider.get_user)


class PanelIdentity(IdentityProvider):
    """Knows the panels' kernels, each of which asks in the name of its own user.

    Needed beside Jupyter's own provider: with a password login, or on a hub, the
    server has no token that it could hand to a kernel.
    """

    def get_user(self, handler: web.RequestHandler) -> User | None:
        """Whose panel it is; the operating system's user where all have the server's one token."""
        found = _bearer(handler)
        return None if found is None else User(found.user or user_name())

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:
        """Yes: no browser sends a ticket by itself, so there is nothing to forge."""
        return True


def _bearer(handler: web.RequestHandler) -> Bearer | None:
    tickets: Tickets | None = handler.settings.get("nbruns_tickets")
    if tickets is None:
        return None
    return tickets.read(handler.request.headers.get("Authorization", ""))


def _check(
    store: Store, policy: Policy, endpoint: Endpoint, body: dict[str, Any], user: str | None
) -> None:
    from nbruns.endpoints.access import check

    with acting_as(user):
        check(store, policy, endpoint, body)


class SignedIn(APIHandler):
    """A handler of ours: authenticated, authorised as resource `nbruns`, answering JSON."""

    auth_resource = "nbruns"
    _panel_identity = PanelIdentity()

    # Asked six times for each request.
    @cached_property
    def identity_provider(self) -> IdentityProvider:
        """Jupyter's, save for the panel."""
        return super().identity_provider if _bearer(self) is None else self._panel_identity

    @property
    def user(self) -> str | None:
        """The name of whoever is signed in; None where all have the server's one token.

        Jupyter then makes a name up for each browser: they are the system's user.
        """
        found = self.current_user
        # A provider with users of its own may call them whatever it likes.
        is_jupyters = type(self.identity_provider).get_user in _JUPYTERS
        is_anonymous = found.name.startswith("Anonymous ") and _MADE_UP.fullmatch(found.username)
        return None if is_jupyters and is_anonymous else str(found.username)

    async def check_permission(self, action: str) -> None:
        """What the `authorized` decorator asks, for a handler that must ask before its body."""
        user = self.current_user
        if not user:
            raise web.HTTPError(403)
        if not await ensure_async(self.authorizer.is_authorized(self, user, action, "nbruns")):
            raise web.HTTPError(403, f"You are not authorized to {action} nbruns")

    async def permit(self, endpoint: Endpoint, body: dict[str, Any]) -> None:
        """Raise NotPermitted for a call the handler answers itself, where the policy says no."""
        store: StoreThread = self.settings["nbruns_store"]
        if store.policy is not None:
            await store.run(_check, store.policy, endpoint, body, self.user)

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
