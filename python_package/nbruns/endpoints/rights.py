"""What the acting user may do with a registered model, for forms that offer no more than that.

The endpoints refuse all the same: a form may be older than the policy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbruns.identity import acting_user
from nbruns.permissions import Decision, Policy
from nbruns.protocol.fields import optional_int, required, texts
from nbruns.store import Store
from nbruns.store.belonging import HeldVersion
from nbruns.store.registry_rules import STAGES

Body = dict[str, Any]
_FREE = Decision(True, "no policy", "everyone")


def rights(store: Store, body: Body) -> Body:
    """GET registry/rights: what the acting user may do with the model `name`.

    `level` is NONE, READ, EDIT or MANAGE. `targets` tells of each stage, each alias it has,
    each the policy names and each in `aliases`: which `versions` stand there, whether the user
    may `move` versions there and `approve` requests of others, by which `rule`, `who` may
    move and which `approvers` decide. With a `version`, whether that one may be moved there,
    away from the stage it is in.
    """
    name, user, policy = required(body, "name"), acting_user(), store.policy
    held = list(store.belonging.versions_of(name))
    version = optional_int(body, "version")
    stage = "None" if version is None else store.belonging.stage_of(name, version)
    targets = {
        target: {"versions": _versions(held, target)}
        | _right(policy, user, name, target, leaves=stage)
        for target in (*STAGES, *_aliases(policy, name, held, body))
    }
    level = "MANAGE" if policy is None else policy.level(user, "model", name)
    return {"user": user, "level": level, "targets": targets, "has_policy": policy is not None}


def _aliases(policy: Policy | None, name: str, held: list[HeldVersion], body: Body) -> list[str]:
    asked = texts(body, "aliases", from_query=True)
    found = {f"@{one.removeprefix('@')}" for one in asked}
    found |= {f"@{alias}" for one in held for alias in one.aliases}
    return sorted(found | set(policy.aliases_named(name) if policy is not None else ()))


def _versions(held: list[HeldVersion], target: str) -> list[int]:
    return sorted(one.version for one in held if target in one.targets)


def _right(policy: Policy | None, user: str, name: str, target: str, *, leaves: str) -> Body:
    passed = [target]
    if leaves not in ("None", target) and not target.startswith("@"):
        passed.append(leaves)
    if policy is None:
        moves = decisions = [_FREE]
    else:
        moves = [policy.may_move(user, name, one) for one in passed]
        decisions = [policy.may_approve(user, name, one) for one in passed]
    move, approve = _least(moves), _least(decisions)
    return {
        "move": move.is_allowed,
        "approve": approve.is_allowed,
        "rule": move.rule,
        "who": move.who,
        "approvers": approve.who,
    }


def _least(decisions: list[Decision]) -> Decision:
    """The one that says no, where one does."""
    return next((one for one in decisions if not one.is_allowed), decisions[0])


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("GET", "registry/rights", rights),
)
