"""What each call needs to be allowed, and the calls answered only where the policy lets them.

Loaded where there is a policy, and nowhere else. A call that stands in no table here is
refused then: no new one is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from nbruns.endpoints.access_table import AFTER, IN_ONE_TRANSACTION, NEEDS
from nbruns.endpoints.needs import AnyNeed
from nbruns.endpoints.needs_of_calls import CALLER
from nbruns.errors import NotPermitted
from nbruns.identity import acting_user, allowed_by
from nbruns.permissions import Policy
from nbruns.store import Store

Body = dict[str, Any]
Endpoint = Callable[[Store, Body], Body]


def answer_allowed(store: Store, policy: Policy, endpoint: Endpoint, body: Body) -> Any:
    """What an endpoint replies; NotPermitted, and nothing done, where the policy says no."""
    called = endpoint.func if isinstance(endpoint, partial) else endpoint
    if called not in IN_ONE_TRANSACTION and called not in AFTER:
        with allowed_by(check(store, policy, endpoint, body)):
            return endpoint(store, body)
    with store.db.atomic(), allowed_by(check(store, policy, endpoint, body)):
        needs_of = AFTER[called](store) if called in AFTER else None
        reply = endpoint(store, body)
        if needs_of is not None:
            _check_all(policy, needs_of(reply))
        return reply


def check(store: Store, policy: Policy, endpoint: Endpoint, body: Body) -> str:
    """Raise NotPermitted unless the acting user may make a call; the rule that lets them."""
    called: Any = endpoint
    if isinstance(endpoint, partial):
        called, body = endpoint.func, body | {CALLER: endpoint.args[0]}
    if called not in NEEDS:
        raise NotPermitted(
            f"No rule of access is written for this call ({called.__name__}), so that nobody "
            f"may make it under the policy {policy.name}"
        )
    return _check_all(policy, NEEDS[called](store, body))


def _check_all(policy: Policy, needs: Iterable[AnyNeed]) -> str:
    user, rule = acting_user(), f"{policy.name} (signed in)"
    for need in needs:
        decision = need.decide(policy, user)
        if not decision.is_allowed:
            raise NotPermitted(need.refusal(user, decision))
        rule = decision.rule
    return rule
