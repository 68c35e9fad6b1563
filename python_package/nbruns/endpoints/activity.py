"""Our own calls about what was done: the activity log, and who held what and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nbruns.endpoints.requests import target
from nbruns.endpoints.sight import sight_of
from nbruns.identity import now_ms
from nbruns.protocol import pages
from nbruns.protocol.fields import limit, optional, optional_int, required
from nbruns.store import Store
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


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("GET", "activity/search", search),
    ("GET", "registry/holder", holder),
)
