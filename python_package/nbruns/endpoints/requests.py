"""Our own calls about requests: that a version be moved to a stage or an alias.

Whoever may read a model may ask. Who may decide is the policy's to say; without one
everybody may, as everybody may move versions themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

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
from nbruns.records import Page, TransitionRequest
from nbruns.store import Store

if TYPE_CHECKING:
    from nbruns.endpoints.needs import AnyNeed
    from nbruns.permissions import Policy
    from nbruns.store.belonging import HeldVersion

Body = dict[str, Any]

MOST_REQUESTS = 1_000
STATES = ("pending", "approved", "rejected", "cancelled", "overtaken")
WHOSE = ("mine", "to-decide", "all")
_NONE = ("", "")


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

    By `name`, `version`, `stage` or `alias`, `state`, `requester`, and by `whose`: "mine" are
    the acting user's own, "to-decide" the open ones that they may decide.
    """
    whose = _one_of(body, "whose", WHOSE)
    wanted = {
        "name": optional(body, "name"),
        "version": optional_int(body, "version"),
        "target": _target(body),
        "state": _one_of(body, "state", STATES),
        "requester": optional(body, "requester"),
    }
    most = limit(body, "max_results", 100, MOST_REQUESTS)
    token = pages.numbered(optional(body, "page_token"))
    if whose == "to-decide":
        page = _to_decide(store, most, token, wanted | {"state": "pending"})
    else:
        if whose == "mine":
            wanted["requester"] = acting_user()
        sight = sight_of(store, "model")
        page = store.requests.search(limit=most, token=token, sight=sight, **wanted)
    reply: Body = {"requests": requests_to_wire(store, page.items)}
    if page.next_token is not None:
        reply["next_page_token"] = page.next_token
    return reply


def count(store: Store, body: Body) -> Body:
    """GET requests/count: how many in sight are `open`, and how many `user`, who asks, may decide.

    Both up to a thousand, and `is_more` where there are more.
    """
    sight = sight_of(store, "model")
    page = store.requests.search(limit=MOST_REQUESTS, sight=sight, state="pending")
    return {
        "open": len(page.items),
        "to_decide": sum("approve" in may(store, asked) for asked in page.items),
        "is_more": page.next_token is not None,
        "user": acting_user(),
    }


def approve(store: Store, body: Body) -> Body:
    """POST requests/approve: make the move that was asked for."""
    archives = says_archive(body)
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
    ("GET", "requests/count", count),
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


def _one_of(body: Body, field: str, known: tuple[str, ...]) -> str | None:
    found = optional(body, field)
    if found is not None and found not in known:
        raise InvalidValue(f"Invalid {field} '{found[:80]}': one of {', '.join(known)}")
    return found


def _to_decide(
    store: Store, most: int, token: str | None, wanted: dict[str, Any]
) -> Page[TransitionRequest]:
    """A page of the open requests that the acting user may decide; open ones are few."""
    sight, found = sight_of(store, "model"), list[TransitionRequest]()
    while True:
        page = store.requests.search(limit=MOST_REQUESTS, token=token, sight=sight, **wanted)
        found += [asked for asked in page.items if "approve" in may(store, asked)]
        if len(found) > most:
            return Page(found[:most], str(found[most - 1].request_id))
        if page.next_token is None:
            return Page(found, None)
        token = page.next_token


def says_archive(body: Body) -> bool | None:
    """Whether those who hold the stage are to be archived; None where a call leaves it open."""
    says = find(body, "archive_existing_versions") is not None
    return flag(body, "archive_existing_versions") if says else None


def _reply(store: Store, asked: TransitionRequest) -> Body:
    return {"request": requests_to_wire(store, [asked])[0]}


def requests_to_wire(store: Store, found: Sequence[TransitionRequest]) -> list[Body]:
    """Requests, and in `may` what the acting user may do with each: approve, reject, cancel.

    Where that is not to decide it, `refusal` says why, and `deciders` who may. Of open ones,
    `holders` are the versions that stand at the target now, `stage` is where the version is.
    """
    names = {asked.name for asked in found if asked.state == "pending"}
    held = {name: list(store.belonging.versions_of(name)) for name in names}
    return [
        asdict(asked)
        | {"may": may(store, asked)}
        | dict(zip(("refusal", "deciders"), _refusal(store, asked), strict=True))
        | _standing(asked, held.get(asked.name, ()))
        for asked in found
    ]


def _standing(asked: TransitionRequest, held: Sequence[HeldVersion]) -> Body:
    if asked.state != "pending":
        return {"holders": [], "stage": ""}
    holders = sorted(one.version for one in held if asked.target in one.targets)
    stage = next((one.stage for one in held if one.version == asked.version), "None")
    return {"holders": holders, "stage": stage}


def may(store: Store, asked: TransitionRequest) -> list[str]:
    """What the acting user may do with a request."""
    if asked.state != "pending":
        return []
    found = [] if _refusal(store, asked) != _NONE else ["approve", "reject"]
    return [*found, "cancel"] if _may_cancel(store, asked) else found


def _may_cancel(store: Store, asked: TransitionRequest) -> bool:
    if store.policy is None:
        return True
    from nbruns.endpoints.asking import cancellation

    return not any(_refusals(store.policy, cancellation(asked)))


def _refusal(store: Store, asked: TransitionRequest) -> tuple[str, str]:
    """Why the acting user may not decide an open request, and who may; empty where they may."""
    if asked.state != "pending" or store.policy is None:
        return _NONE
    from nbruns.endpoints.asking import decision

    return next(_refusals(store.policy, decision(store, asked)), _NONE)


def _refusals(policy: Policy, needs: Iterable[AnyNeed]) -> Iterator[tuple[str, str]]:
    for need in needs:
        decided = need.decide(policy, acting_user())
        if not decided.is_allowed:
            yield need.refusal(acting_user(), decided), decided.who
