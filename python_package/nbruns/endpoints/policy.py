"""Reading a policy, from a YAML file or from plain data; what is wrong is told with its place.

groups:
  managers: [katherine]
default: EDIT                       # where no rule fits; MANAGE if it is not said
self_approval: false                # nobody approves their own request; true if not said
experiments:
  - {match: "payroll*", read: [managers], manage: [managers]}
models:
  - match: "prod.*"
    read: everyone
    edit: [ada]
    manage: managers
    targets:
      Production: {move: managers}
      "@champion": {approve: managers}   # nobody moves it without a request
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbruns.endpoints.written import Written, from_data, from_yaml
from nbruns.errors import InvalidValue
from nbruns.name_patterns import covers, fits
from nbruns.permissions import LEVELS, NOBODY, Level, People, Policy, Rule, TargetRule
from nbruns.store.registry_rules import STAGES

EVERYONE = "everyone"
_LISTS: dict[str, Level] = {"read": "READ", "edit": "EDIT", "manage": "MANAGE"}
Groups = Mapping[str, frozenset[str]]


def policy_from_file(path: Path) -> Policy:
    """The policy a YAML (or JSON) file holds; InvalidValue names the line that is wrong."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidValue(f"The policy '{path}' cannot be read: {error}") from error
    return _read(from_yaml(text, path.name), path.name)


def policy_from_data(found: Mapping[str, Any], name: str) -> Policy:
    """The policy that plain data says, e.g. of Jupyter's config; `name` is what to call it."""
    return _read(from_data(dict(found), name), name)


@lru_cache(maxsize=8)
def policy_at(path: str) -> Policy:
    """The policy of a file, read once in a process."""
    return policy_from_file(Path(path))


def _read(written: Written, name: str) -> Policy:
    said = _mapping(
        written, ("groups", "default", "self_approval", "experiments", "models"), may_be_empty=True
    )
    groups = _groups(said.get("groups"))
    self_approval = _flag(said.get("self_approval"), default=True)
    return Policy(
        name=name,
        experiments=tuple(_rules(said.get("experiments"), groups, None, "experiments")),
        models=tuple(_rules(said.get("models"), groups, self_approval, "models")),
        otherwise=_level(said.get("default")),
        self_approval=self_approval,
        groups=groups,
    )


def _groups(written: Written | None) -> Groups:
    groups: dict[str, frozenset[str]] = {}
    for name, members in _pairs(written):
        if name.value == EVERYONE:
            raise _wrong(name, f"a group cannot be called '{EVERYONE}': that is all users")
        groups[str(name.value)] = frozenset(str(one.value) for one in _names(members))
    members_of_all = frozenset[str]().union(*groups.values())
    for name, _ in _pairs(written):
        if name.value in members_of_all:
            raise _wrong(name, f"'{name.value}' is a group and a member of one: rename the group")
    return groups


def _level(written: Written | None) -> Level:
    if written is None or written.value is None:
        return "MANAGE"
    level = _text(written).upper()
    if level not in LEVELS:
        raise _wrong(written, f"'{written.value}' is no level: one of {', '.join(LEVELS)}")
    return level


def _rules(
    written: Written | None, groups: Groups, self_approval: bool | None, section: str
) -> Iterator[Rule]:
    before: list[tuple[str, Written]] = []
    for item in _list(written):
        known = ("match", *_LISTS, *(("targets",) if self_approval is not None else ()))
        said = _mapping(item, known)
        if "match" not in said:
            raise _wrong(item, 'a rule needs a name or a pattern to match, e.g. match: "prod.*"')
        if len(said) == 1:
            raise _wrong(item, f"the rule says nothing: give it {', '.join(known[1:])}")
        pattern = _text(said["match"])
        _check_reached(said["match"], pattern, before)
        yield Rule(
            pattern,
            {level: _people(said[word], groups) for word, level in _LISTS.items() if word in said},
            tuple(_targets(said.get("targets"), groups, bool(self_approval))),
            f"{item.place}, {section} '{pattern}'",
        )


def _check_reached(written: Written, pattern: str, before: list[tuple[str, Written]]) -> None:
    """Raise InvalidValue for a pattern that comes after one which leaves nothing to it."""
    for earlier, where in before:
        if covers(earlier, pattern):
            raise _wrong(
                written,
                f"'{pattern}' is never reached: the first match decides, and '{earlier}' "
                f"({where.place}) fits all it fits. Put '{pattern}' before it",
            )
    before.append((pattern, written))


def _targets(written: Written | None, groups: Groups, self_approval: bool) -> Iterator[TargetRule]:
    before: list[tuple[str, Written]] = []
    for name, rule in _pairs(written):
        pattern = _target_name(name)
        _check_reached(name, pattern, before)
        said = _mapping(rule, ("move", "approve", "self_approval"))
        if not {"move", "approve"} & said.keys():
            raise _wrong(rule, f"say who may move to {pattern}, who may approve it, or both")
        move = _people(said["move"], groups) if "move" in said else NOBODY
        yield TargetRule(
            pattern=pattern,
            move=move,
            approve=_people(said["approve"], groups) if "approve" in said else move,
            self_approval=_flag(said.get("self_approval"), default=self_approval),
            place=f"{name.place}, target {pattern}",
        )


def _target_name(name: Written) -> str:
    pattern = _text(name)
    if pattern.startswith("@"):
        return pattern
    is_plain = "*" not in pattern and "?" not in pattern
    stages = [one for one in STAGES if fits(pattern, one) or one.lower() == pattern.lower()]
    if not stages:
        raise _wrong(
            name,
            f"'{pattern}' is no target: one of the stages {', '.join(STAGES)}, "
            "or an alias written '@champion'",
        )
    return stages[0] if is_plain else pattern


def _people(written: Written, groups: Groups) -> People:
    names = [str(one.value) for one in _names(written)]
    users = frozenset[str]().union(*(groups.get(name, frozenset({name})) for name in names))
    return People(users, ", ".join(names) or NOBODY.words, EVERYONE in names)


def _names(written: Written) -> list[Written]:
    """Users and groups: one name, or a list of names."""
    found = written.value if isinstance(written.value, list) else [written]
    for one in found:
        if not isinstance(one.value, str) or not one.value.strip():
            raise _wrong(one, "expected the name of a user or a group, or a list of names")
    return found


def _flag(written: Written | None, *, default: bool) -> bool:
    if written is None or written.value is None:
        return default
    if written.value not in ("true", "false"):
        raise _wrong(written, f"expected true or false, got '{written.value}'")
    return bool(written.value == "true")


def _text(written: Written) -> str:
    if not isinstance(written.value, str) or not written.value:
        raise _wrong(written, "expected a text")
    return written.value


def _list(written: Written | None) -> list[Written]:
    if written is None or written.value is None:
        return []
    if not isinstance(written.value, list):
        raise _wrong(written, "expected a list of rules, each beginning with '- match:'")
    return written.value


def _pairs(written: Written | None) -> list[tuple[Written, Written]]:
    if written is None or written.value is None:
        return []
    if not isinstance(written.value, dict):
        raise _wrong(written, "expected names with what holds for each, e.g. 'managers: [ada]'")
    return list(written.value.values())


def _mapping(
    written: Written, known: tuple[str, ...], *, may_be_empty: bool = False
) -> dict[str, Written]:
    """The values by their keys, none but the known ones."""
    if not isinstance(written.value, dict) and not (may_be_empty and written.value is None):
        raise _wrong(written, f"expected some of {', '.join(known)}, each with a value")
    for key, _ in _pairs(written):
        if key.value not in known:
            meant = difflib.get_close_matches(str(key.value), known, 1)
            hint = f": did you mean '{meant[0]}'?" if meant else f", only {', '.join(known)}"
            raise _wrong(key, f"'{key.value}' is not known here{hint}")
    for key, value in _pairs(written):
        if value.value is None and not may_be_empty:
            raise _wrong(key, f"'{key.value}' is empty: give it a value, or leave it out")
    return {str(key.value): value for key, value in _pairs(written)}


def _wrong(written: Written, sentence: str) -> InvalidValue:
    return InvalidValue(f"{written.place}: {sentence}")
