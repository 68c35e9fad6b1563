"""Our own calls about what was done: the activity log, and who held what and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nbruns.endpoints.requests import target
from nbruns.endpoints.sight import sight_of
from nbruns.identity import acting_user, now_ms
from nbruns.protocol import pages
from nbruns.protocol.fields import limit, optional, optional_int, required, texts
from nbruns.store import Store
from nbruns.store.registry_rules import STAGES
from nbruns.store.requests import checked_target

Body = dict[str, Any]

MOST_ACTIVITIES = 1_000
_TEXTS = ("kind", "subject", "action", "user", "model")
_NUMBERS = ("since_ms", "until_ms", "version", "request_id")


def search(store: Store, body: Body) -> Body:
    """GET activity/search: what was done, newest first.

    By `model` (under any name it has had) and `version`, `user`, `action`, `kind`, `subject`,
    `request_id`, from `since_ms` until `until_ms`.
    """
    page = store.activity.search(
        limit=limit(body, "max_results", 100, MOST_ACTIVITIES),
        token=pages.numbered(optional(body, "page_token")),
        sights=(sight_of(store, "model"), sight_of(store, "experiment")),
        **{name: optional(body, name) for name in _TEXTS},  # type: ignore[arg-type]
        **{name: optional_int(body, name) for name in _NUMBERS},  # type: ignore[arg-type]
    )
    reply: Body = {"activities": [asdict(one) for one in page.items]}
    if page.next_token is not None:
        reply["next_page_token"] = page.next_token
    return reply


def holder(store: Store, body: Body) -> Body:
    """GET registry/holder: the versions of `name` at an `alias` or a `stage`, at `at_ms` or now."""
    at_ms = optional_int(body, "at_ms")
    at_ms = now_ms() if at_ms is None else at_ms
    where = checked_target(target(body))
    versions = store.holders.at(required(body, "name"), where, at_ms)
    return {"versions": versions, "target": where, "at_ms": at_ms}


def rights(store: Store, body: Body) -> Body:
    """GET registry/rights: what the acting user may do with the model `name`.

    `level` is NONE, READ, EDIT or MANAGE; `targets` says of each stage, each alias it has and
    each in `aliases`, whether the user may `move` versions there and `approve` requests of
    others, by which `rule`, and `who` may.
    """
    name, user = required(body, "name"), acting_user()
    aliases = {f"@{one.removeprefix('@')}" for one in texts(body, "aliases", from_query=True)}
    for held in store.belonging.versions_of(name):
        aliases |= {one for one in held.targets if one.startswith("@")}
    targets = {one: _right(store, user, name, one) for one in (*STAGES, *sorted(aliases))}
    policy = store.policy
    level = "MANAGE" if policy is None else policy.level(user, "model", name)
    return {"user": user, "level": level, "targets": targets, "has_policy": policy is not None}


def _right(store: Store, user: str, name: str, where: str) -> Body:
    policy = store.policy
    if policy is None:
        return {"move": True, "approve": True, "rule": "no policy", "who": "everyone"}
    move, approve = policy.may_move(user, name, where), policy.may_approve(user, name, where)
    return {
        "move": move.is_allowed,
        "approve": approve.is_allowed,
        "rule": move.rule,
        "who": move.who,
    }


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("GET", "activity/search", search),
    ("GET", "registry/holder", holder),
    ("GET", "registry/rights", rights),
)
