"""A policy explained: who may do what and by which rule, and what a file holds, in words."""

from __future__ import annotations

from nbruns.endpoints.policy import EVERYONE
from nbruns.errors import InvalidValue
from nbruns.permissions import Decision, Kind, Level, Policy
from nbruns.store.requests import checked_target

_LEVELS: dict[str, Level] = {"read": "READ", "edit": "EDIT", "manage": "MANAGE"}
ACTIONS = (*_LEVELS, "request", "move", "approve")


def explain(policy: Policy, user: str, action: str, subject: str) -> tuple[bool, str]:
    """Whether a user may do something, and a sentence that says by which rule.

    A subject is a model (`churn`), a place of one (`churn@champion`, `churn/Production`) or
    an experiment (`experiment:churn`).
    """
    decision = _decide(policy, user, action, _parts(subject))
    what = f"{action} {subject}"
    who = f". {decision.who} may" if decision.who and not decision.is_allowed else ""
    groups = sorted(group for group, members in policy.groups.items() if user in members)
    of = f" (of {', '.join(groups)})" if groups else ""
    yes = "may" if decision.is_allowed else "may not"
    return decision.is_allowed, f"{user}{of} {yes} {what}: {decision.rule}{who}"


def _decide(
    policy: Policy, user: str, action: str, parts: tuple[Kind, str, str | None]
) -> Decision:
    kind, name, target = parts
    if action in _LEVELS or action == "request":
        return policy.may(user, _LEVELS.get(action, "READ"), kind, name)
    if action not in ACTIONS:
        raise InvalidValue(f"'{action}' is no action: one of {', '.join(ACTIONS)}")
    if target is None:
        raise InvalidValue(
            f"To {action} needs a place: write '{name}@alias' or '{name}/Production'"
        )
    if action == "move":
        return policy.may_move(user, name, target)
    return policy.may_approve(user, name, target)


def _parts(subject: str) -> tuple[Kind, str, str | None]:
    kind, colon, rest = subject.partition(":")
    if colon and kind not in ("experiment", "model"):
        raise InvalidValue(f"'{subject}' is neither a model nor 'experiment:NAME'")
    if kind == "experiment" and colon:
        return "experiment", rest, None
    name = rest if colon else subject
    for sign in ("@", "/"):
        name_of, found, target = name.partition(sign)
        if found:
            return "model", name_of, checked_target(f"@{target}" if sign == "@" else target)
    return "model", name, None


def summary(policy: Policy) -> list[str]:
    """What a policy holds, so that a name that was misspelt is seen: users of no group."""
    rules = [*policy.experiments, *policy.models]
    people = [people for rule in rules for people in rule.levels.values()]
    people += [
        one for rule in rules for target in rule.targets for one in (target.move, target.approve)
    ]
    named = frozenset[str]().union(*(one.users for one in people)) - {EVERYONE}
    members = frozenset[str]().union(*policy.groups.values())
    lines = [
        f"{policy.name}: {len(policy.experiments)} rules for experiments, "
        f"{len(policy.models)} for models, otherwise {policy.otherwise}",
        *(f"  {name}: {', '.join(sorted(all_))}" for name, all_ in sorted(policy.groups.items())),
    ]
    if alone := sorted(named - members):
        lines.append(f"  users of no group: {', '.join(alone)}")
    return lines
