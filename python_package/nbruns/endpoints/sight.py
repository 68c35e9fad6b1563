"""What the acting user may read, for the calls that leave out the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbruns.identity import acting_user

if TYPE_CHECKING:
    from nbruns.name_patterns import NameSight
    from nbruns.permissions import Kind
    from nbruns.store import Store


def sight_of(store: Store, kind: Kind) -> NameSight | None:
    """The names the acting user may read; None for all, as without a policy."""
    policy = store.policy
    return None if policy is None else policy.sight(acting_user(), kind)


def readable_experiments(store: Store, experiment_ids: Sequence[str]) -> list[str]:
    """Those of some experiments that the acting user may read."""
    sight = sight_of(store, "experiment")
    if sight is None:
        return list(experiment_ids)
    return [
        number
        for name, number in store.belonging.experiments("experiment", experiment_ids)
        if sight.shows(name)
    ]
