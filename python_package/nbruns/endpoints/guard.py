"""The one way to an endpoint: where a policy is set, it is asked first.

Light, for it stands in the way of every call; what a policy needs is loaded with one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from nbruns.store import Store

Body = dict[str, Any]
Endpoint = Callable[[Store, Body], Any]

# Names the policy of the server that started a process: by it the process's own registry goes.
POLICY_VARIABLE = "NBRUNS_POLICY"
_OF_THE_REGISTRY = {
    f"nbruns.endpoints.{room}"
    for room in ("activity", "registry", "requests", "rights", "transition_requests")
}


def answer(store: Store, endpoint: Endpoint, body: Body) -> Any:
    """What an endpoint replies; NotPermitted where the store's policy says no."""
    policy = store.policy
    if policy is None:
        return endpoint(store, body)
    from nbruns.endpoints.access import answer_allowed

    return answer_allowed(store, policy, endpoint, body)


def answer_in_process(store: Store, endpoint: Endpoint, body: Body) -> Any:
    """The same where the store's file is at hand: there the policy guides, in the registry only.

    Whoever has the file can change it in any other way as well.
    """
    path = os.environ.get(POLICY_VARIABLE)
    if path and store.policy is None and endpoint.__module__ in _OF_THE_REGISTRY:
        from nbruns.endpoints.policy import policy_at

        store.policy = policy_at(path).for_models()
    return answer(store, endpoint, body)
