"""Our own calls about requests: that a version be moved to a stage or an alias.

Whoever may read a model may ask. Who may decide is the policy's to say; without one
everybody may, as everybody may move versions themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nbruns.endpoints.registry import comment, version_number
from nbruns.endpoints.sight import sight_of
from nbruns.errors import InvalidValue
from nbruns.identity import acting_user
from nbruns.protocol import pages
from nbruns.protocol.fields import (
    find,
    flag,
    limit,
    missing,
    optional,
    optional_int,
    required,
)
from nbruns.records import TransitionRequest
from nbruns.store import Store

Body = dict[str, Any]

MOST_REQUESTS = 1_000
STATES = ("pending", "approved", "rejected", "cancelled", "overtaken")


def create(store: Store, body: Body) -> Body:
    """POST requests/create: of `name` and `version`, a `stage` or an `alias`, and a `comment`.

    With `remove` the alias is to be taken away; with `archive_existing_versions` those who
    hold the stage are to be archived.
    """
    asked = store.requests.create(
        *(required(body, "name"), version_number(body), target(body)),
        removes=flag(body, "remove"),
        archives=flag(body, "archive_existing_versions"),
        comment=comment(body),
    )
    return _reply(store, asked)


def get(store: Store, body: Body) -> Body:
    """GET requests/get: a request by its `request_id`."""
    return _reply(store, store.requests.get(request_id(body)))


def search(store: Store, body: Body) -> Body:
    """GET requests/search: requests, newest first, each with what the acting user may do.

    By `name`, `version`, `stage` or `alias`, `state`, `requester`.
    """
    state = optional(body, "state")
    if state is not None and state not in STATES:
        raise InvalidValue(f"Invalid state '{state[:80]}': one of {', '.join(STATES)}")
    page = store.requests.search(
        limit=limit(body, "max_results", 100, MOST_REQUESTS),
        token=pages.numbered(optional(body, "page_token")),
        sight=sight_of(store, "model"),
        name=optional(body, "name"),
        version=optional_int(body, "version"),
        target=_target(body),
        state=state,
        requester=optional(body, "requester"),
    )
    reply: Body = {"requests": [request_to_wire(store, asked) for asked in page.items]}
    if page.next_token is not None:
        reply["next_page_token"] = page.next_token
    return reply


def approve(store: Store, body: Body) -> Body:
    """POST requests/approve: make the move that was asked for."""
    archives = flag(body, "archive_existing_versions") if _says_archive(body) else None
    asked = store.requests.approve(request_id(body), comment=comment(body), archives=archives)
    return _reply(store, asked)


def reject(store: Store, body: Body) -> Body:
    """POST requests/reject."""
    return _reply(store, store.requests.reject(request_id(body), comment=comment(body)))


def cancel(store: Store, body: Body) -> Body:
    """POST requests/cancel: take a request of one's own back."""
    return _reply(store, store.requests.cancel(request_id(body), comment=comment(body)))


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("POST", "requests/create", create),
    ("GET", "requests/get", get),
    ("GET", "requests/search", search),
    ("POST", "requests/approve", approve),
    ("POST", "requests/reject", reject),
    ("POST", "requests/cancel", cancel),
)


def request_id(body: Body) -> int:
    """The id of a request."""
    found = optional_int(body, "request_id")
    if found is None:
        raise missing("request_id")
    return found


def target(body: Body) -> str:
    """The stage, or the alias with its '@', that a call names: one of the two."""
    found = _target(body)
    if found is None:
        raise InvalidValue("Name a 'stage' or an 'alias'")
    return found


def _target(body: Body) -> str | None:
    stage, alias = optional(body, "stage") or None, optional(body, "alias") or None
    if stage is not None and alias is not None:
        raise InvalidValue(f"Name a stage or an alias, not both ('{stage[:80]}', '{alias[:80]}')")
    if stage is not None and stage.startswith("@"):
        raise InvalidValue(f"'{stage[:80]}' is an alias, not a stage: name it as 'alias'")
    return stage if alias is None else f"@{alias.removeprefix('@')}"


def _says_archive(body: Body) -> bool:
    return find(body, "archive_existing_versions") is not None


def _reply(store: Store, asked: TransitionRequest) -> Body:
    return {"request": request_to_wire(store, asked)}


def request_to_wire(store: Store, asked: TransitionRequest) -> Body:
    """A request, and in `may` what the acting user may do with it: approve, reject, cancel."""
    return asdict(asked) | {"may": may(store, asked)}


def may(store: Store, asked: TransitionRequest) -> list[str]:
    """What the acting user may do with a request."""
    if asked.state != "pending":
        return []
    if store.policy is None:
        return ["approve", "reject", "cancel"]
    from nbruns.endpoints.asking import cancellation, decision

    user, policy = acting_user(), store.policy
    found = []
    if all(need.decide(policy, user).is_allowed for need in decision(store, asked)):
        found += ["approve", "reject"]
    if all(need.decide(policy, user).is_allowed for need in cancellation(asked)):
        found.append("cancel")
    return found
