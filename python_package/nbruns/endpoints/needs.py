"""What a call needs to be allowed: a level on a thing, a move, a decision.

Each need decides itself by a policy, and says no in a sentence that names the rule and the
way on.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbruns.permissions import Decision, Kind, Level, Policy
from nbruns.records import TransitionRequest

_VERBS: dict[Level, str] = {"NONE": "use", "READ": "see", "EDIT": "change", "MANAGE": "manage"}


@dataclass(frozen=True, slots=True)
class Need:
    """A level on an experiment or a registered model; `shown` is as the call named it."""

    level: Level
    kind: Kind
    name: str
    shown: str

    def decide(self, policy: Policy, user: str) -> Decision:
        """What the policy says."""
        return policy.may(user, self.level, self.kind, self.name)

    def refusal(self, user: str, decision: Decision) -> str:
        """No, in words. Who may not see a thing is not told by which pattern it is known."""
        rule = decision.rule.partition(",")[0] if self.level == "READ" else decision.rule
        who = f" ({decision.who})" if decision.who else ""
        return (
            f"{user} may not {_VERBS[self.level]} {self.shown}: {rule}. That needs {self.level}: "
            f"ask somebody who has it{who}, or to be added there"
        )


@dataclass(frozen=True, slots=True)
class MoveNeed:
    """To move a version to a target, or away from it."""

    model: str
    version: int | None
    target: str
    leaves: bool = False

    def decide(self, policy: Policy, user: str) -> Decision:
        """What the policy says."""
        return policy.may_move(user, self.model, self.target)

    def refusal(self, user: str, decision: Decision) -> str:
        """No, in words, and how to ask for it."""
        what = f"version {self.version} of '{self.model}'" if self.version else f"'{self.model}'"
        who = f" ({decision.who} may)" if decision.who else ""
        return (
            f"{user} may not move {what} {'away from' if self.leaves else 'to'} {self.target}: "
            f"{decision.rule}{who}. {self._way_on()}"
        )

    def _way_on(self) -> str:
        if self.version is None or self.leaves:
            return "Ask somebody who may, or request it"
        name = "alias" if self.target.startswith("@") else "stage"
        asked = f"{name}='{self.target.removeprefix('@')}'"
        return (
            f"Request it: nbruns.request_transition('{self.model}', {self.version}, {asked}), "
            "or POST api/1.0/requests/create"
        )


@dataclass(frozen=True, slots=True)
class DecisionNeed:
    """To approve or reject a request."""

    asked: TransitionRequest
    target: str

    def decide(self, policy: Policy, user: str) -> Decision:
        """What the policy says."""
        return policy.may_approve(user, self.asked.name, self.target, self.asked.requester)

    def refusal(self, user: str, decision: Decision) -> str:
        """No, in words."""
        who = f" ({decision.who} may)" if decision.who else ""
        which = f"request {self.asked.request_id}"
        if user == self.asked.requester:
            which = f"their own {which}"
        return (
            f"{user} may not decide {which} for {self.target} of '{self.asked.name}': "
            f"{decision.rule}{who}"
        )


@dataclass(frozen=True, slots=True)
class CancelNeed:
    """To take a request back: whose it is, or who manages the model."""

    asked: TransitionRequest

    def decide(self, policy: Policy, user: str) -> Decision:
        """What the policy says."""
        if user == self.asked.requester:
            return Decision(True, "their own request")
        return policy.may(user, "MANAGE", "model", self.asked.name)

    def refusal(self, user: str, decision: Decision) -> str:
        """No, in words."""
        return (
            f"{user} may not cancel request {self.asked.request_id}: it is "
            f"{self.asked.requester}'s ({decision.rule})"
        )


AnyNeed = Need | MoveNeed | DecisionNeed | CancelNeed
