"""Who may do what: a policy as plain data, and the questions asked of it.

A rule is found by name: of those for experiments, or for models, the first whose pattern
fits, and it alone decides. `endpoints/policy.py` reads policies, `endpoints/access.py`
says what each call needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from nbruns.name_patterns import NameSight, fits

Level = Literal["NONE", "READ", "EDIT", "MANAGE"]
Kind = Literal["experiment", "model"]
LEVELS: tuple[Level, ...] = ("NONE", "READ", "EDIT", "MANAGE")
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class People:
    """Some users; `words` are as the policy names them."""

    users: frozenset[str]
    words: str
    is_everyone: bool = False

    def __contains__(self, user: object) -> bool:
        return self.is_everyone or user in self.users


NOBODY = People(frozenset(), "nobody")


@dataclass(frozen=True, slots=True)
class TargetRule:
    """Who may move versions to (and away from) a stage or alias, and who may approve that."""

    pattern: str
    move: People
    approve: People
    self_approval: bool
    place: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for the things whose names fit; `levels` is empty where it says nothing of them.

    Who is in none of its lists may not even read.
    """

    pattern: str
    levels: Mapping[Level, People]
    targets: tuple[TargetRule, ...]
    place: str

    def level(self, user: str) -> Level:
        """The highest level that names a user."""
        held = [level for level, people in self.levels.items() if user in people]
        return max(held, key=LEVELS.index, default="NONE")

    def who(self, level: Level) -> str:
        """Who has a level or more, as the policy names them."""
        enough = LEVELS[LEVELS.index(level) :]
        words = [self.levels[one].words for one in enough if one in self.levels]
        return ", ".join(dict.fromkeys(words)) or NOBODY.words


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no; `rule` says which rule decided, `who` to whom it says yes."""

    is_allowed: bool
    rule: str
    who: str = ""


@dataclass(frozen=True)
class Policy:
    """The rules of a store; `name` is where they are written, `otherwise` what no rule is for."""

    name: str
    experiments: tuple[Rule, ...] = ()
    models: tuple[Rule, ...] = ()
    otherwise: Level = "MANAGE"
    self_approval: bool = True
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _known: dict[tuple[str, Kind, str], tuple[Level, str]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def for_models(self) -> Policy:
        """The same rules for models, and none for experiments: everybody may do everything."""
        everyone = People(frozenset(), "everyone", is_everyone=True)
        rule = Rule("*", {"MANAGE": everyone}, (), f"{self.name} (experiments are free)")
        return replace(self, experiments=(rule,), _known={})

    def level(self, user: str, kind: Kind, name: str) -> Level:
        """What a user may do with the thing of a name."""
        return self._level(user, kind, name)[0]

    def may(self, user: str, level: Level, kind: Kind, name: str) -> Decision:
        """Whether a user has at least a level."""
        held, rule = self._level(user, kind, name)
        is_allowed = LEVELS.index(held) >= LEVELS.index(level)
        found = None if is_allowed else self._find(kind, name)
        return Decision(is_allowed, rule, found.who(level) if found and found.levels else "")

    def may_move(self, user: str, model: str, target: str) -> Decision:
        """Whether a user may move versions of a model to a stage or '@alias', and away from it."""
        rule = self.target(model, target)
        if rule is None:
            return self.may(user, "EDIT", "model", model)
        return self._with_sight(user, model, rule.move, rule)

    def may_approve(self, user: str, model: str, target: str, requester: str = "") -> Decision:
        """Whether a user may decide a request; nobody's own where the policy says so."""
        rule = self.target(model, target)
        is_own = user == requester
        if rule is None:
            found = self.may(user, "EDIT", "model", model)
            if is_own and not self.self_approval and found.is_allowed:
                return Decision(False, f"{self.name} (self_approval)", "somebody else")
            return found
        if is_own and not rule.self_approval and user in rule.approve:
            return Decision(False, f"{rule.place} (self_approval)", "somebody else")
        return self._with_sight(user, model, rule.approve, rule)

    def target(self, model: str, target: str) -> TargetRule | None:
        """The rule for a stage or '@alias' of a model; None where its levels decide."""
        rule = self._find("model", model)
        targets = rule.targets if rule is not None else ()
        return next((one for one in targets if fits(one.pattern, target)), None)

    def aliases_named(self, model: str) -> list[str]:
        """The aliases, each with its '@', that the rules for a model name in full."""
        rule = self._find("model", model)
        named = (one.pattern for one in rule.targets) if rule is not None else ()
        return [one for one in named if one.startswith("@") and not set(one) & set("*?")]

    def sight(self, user: str, kind: Kind) -> NameSight | None:
        """The names a user may read; None where that is all of them."""
        rules = self.experiments if kind == "experiment" else self.models
        by_default = self.otherwise != "NONE"
        patterns = tuple(
            (rule.pattern, rule.level(user) != "NONE" if rule.levels else by_default)
            for rule in rules
        )
        if by_default and all(shown for _, shown in patterns):
            return None
        return NameSight(patterns, by_default)

    def _with_sight(self, user: str, model: str, people: People, rule: TargetRule) -> Decision:
        sight = self.may(user, "READ", "model", model)
        if not sight.is_allowed:
            return sight
        return Decision(user in people, rule.place, people.words)

    def _level(self, user: str, kind: Kind, name: str) -> tuple[Level, str]:
        known = self._known.get((user, kind, name))
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[user, kind, name] = self._decided(user, kind, name)
        return known

    def _decided(self, user: str, kind: Kind, name: str) -> tuple[Level, str]:
        rule = self._find(kind, name)
        if rule is None or not rule.levels:
            return self.otherwise, f"{self.name} (default {self.otherwise})"
        return rule.level(user), rule.place

    def _find(self, kind: Kind, name: str) -> Rule | None:
        rules = self.experiments if kind == "experiment" else self.models
        return next((rule for rule in rules if fits(rule.pattern, name)), None)
