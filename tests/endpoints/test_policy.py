"""Policies: what they say of whom, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from team import POLICY

from nbruns.endpoints.policy import policy_from_data, policy_from_file
from nbruns.errors import InvalidValue
from nbruns.name_patterns import NameSight, fits
from nbruns.permissions import Level, Policy


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return written(tmp_path, POLICY)


def written(folder: Path, text: str) -> Policy:
    path = folder / "policy.yaml"
    path.write_text(text, "utf-8")
    return policy_from_file(path)


@pytest.mark.parametrize(
    ("user", "name", "level"),
    [
        ("ada", "prod.risk.churn", "EDIT"),
        ("erin", "prod.risk.churn", "READ"),
        ("katherine", "prod.risk.churn", "MANAGE"),
        ("mallory", "prod.risk.churn", "NONE"),
        ("ada", "sandbox.x", "MANAGE"),
        ("ada", "prod", "NONE"),
        ("ada", "Prod.x", "NONE"),
    ],
)
def test_the_first_rule_that_fits_gives_the_level(
    policy: Policy, user: str, name: str, level: Level
) -> None:  # F86 F91 F104
    assert policy.level(user, "model", name) == level


@pytest.mark.parametrize(
    ("user", "target", "moves", "approves"),
    [
        ("ada", "Production", False, False),
        ("katherine", "Production", True, True),
        ("erin", "Staging", True, True),
        ("ada", "Staging", False, False),
        ("ada", "Archived", True, True),  # no rule of its own: who may EDIT
        ("erin", "Archived", False, False),
        ("katherine", "@champion", False, True),  # nobody without a request
        ("erin", "@champion", False, True),
        ("ada", "@challenger", True, True),
        ("mallory", "@challenger", False, False),
    ],
)
def test_a_target_has_rules_of_its_own(
    policy: Policy, user: str, target: str, moves: bool, approves: bool
) -> None:
    assert policy.may_move(user, "prod.m", target).is_allowed is moves
    assert policy.may_approve(user, "prod.m", target, "somebody").is_allowed is approves


def test_nobody_approves_their_own_where_it_says_so(policy: Policy) -> None:
    assert not policy.may_approve("katherine", "prod.m", "Production", "katherine").is_allowed
    assert policy.may_approve("erin", "prod.m", "Staging", "erin").is_allowed


def test_four_eyes_for_everything(tmp_path: Path) -> None:
    policy = written(tmp_path, "self_approval: false")

    decision = policy.may_approve("ada", "m", "Production", "ada")
    assert (decision.is_allowed, decision.rule) == (False, "policy.yaml (self_approval)")
    assert policy.may_approve("grace", "m", "Production", "ada").is_allowed


def test_without_rules_everybody_may_do_everything(tmp_path: Path) -> None:
    policy = written(tmp_path, "")

    assert policy.level("anybody", "experiment", "x") == "MANAGE"
    assert policy.may_move("anybody", "m", "Production").is_allowed
    assert policy.sight("anybody", "model") is None


def test_a_rule_about_targets_alone_leaves_levels_as_they_are(tmp_path: Path) -> None:
    policy = written(
        tmp_path, 'default: EDIT\nmodels: [{match: "*", targets: {Production: {move: boss}}}]'
    )

    assert policy.level("ada", "model", "m") == "EDIT"
    assert policy.sight("ada", "model") is None
    assert not policy.may_move("ada", "m", "Production").is_allowed


def test_a_decision_names_its_rule_and_who_may(policy: Policy) -> None:
    decision = policy.may_move("ada", "prod.m", "Production")

    line = POLICY.splitlines().index("      Production: {move: managers, self_approval: false}")
    assert decision.rule == f"policy.yaml line {line + 1}, target Production"
    assert decision.who == "managers"


def test_sight_is_what_may_be_read(policy: Policy) -> None:
    assert policy.sight("ada", "model") == NameSight((("sandbox.*", True), ("prod.*", True)), False)
    sight = policy.sight("ada", "experiment")
    assert sight is not None
    assert [sight.shows(name) for name in ("payroll 2026", "churn")] == [False, True]


@pytest.mark.parametrize(
    ("pattern", "name", "is_fit"),
    [
        ("prod.*", "prod.a.b", True),
        ("prod.*", "production", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a[b]c", "abc", False),
        ("a[b]c", "a[b]c", True),
        ("*", "", True),
        ("x", "x\n", False),
        ("*.x", "a\nb.x", True),
    ],
)
def test_patterns_know_two_signs(store: Any, pattern: str, name: str, is_fit: bool) -> None:
    from nbruns.store.keyset import in_sight

    assert fits(pattern, name) is is_fit
    # And mean the same in SQL.
    seen = in_sight("?", NameSight(((pattern, True),), False))
    row = store.db.conn.execute(f"select {seen.text}", (name, *seen.values)).fetchone()
    assert bool(row[0]) is is_fit


WRONG = {
    "models: [": "line 1: this is not YAML",
    "a: 1\na: 2": "line 2: 'a' stands on policy.yaml line 1 already",
    "modles: []": "line 1: 'modles' is not known here: did you mean 'models'?",
    "\n\ndefault: WRITE": "line 3: 'WRITE' is no level",
    "self_approval: maybe": "line 1: expected true or false, got 'maybe'",
    "- x": "line 1: expected some of groups, default",
    "models: {}": "line 1: expected a list of rules",
    "models:\n  - read: x": "line 2: a rule needs a name or a pattern",
    "models:\n  - match: x": "line 2: the rule says nothing",
    "models:\n  - match: x\n    read:": "line 3: 'read' is empty",
    "models:\n  - match: x\n    raed: [y]": "line 3: 'raed' is not known here: did you mean 'read'",
    "models:\n  - match: x\n    read: [[y]]": "line 3: expected the name of a user",
    "models:\n  - match: a*\n    read: x\n  - match: abc\n    read: y": (
        "line 4: 'abc' is never reached: the first match decides, and 'a*' (policy.yaml line 2)"
    ),
    "models:\n  - match: a\n    targets:\n      Prodution: {move: x}": (
        "line 4: 'Prodution' is no target"
    ),
    "models:\n  - match: a\n    targets:\n      Staging: {self_approval: false}": (
        "line 4: say who may move to Staging"
    ),
    "models:\n  - match: a\n    targets:\n      '*': {move: x}\n      Staging: {move: y}": (
        "line 5: 'Staging' is never reached"
    ),
    "models:\n  - match: *\n    read: x": "line 2: this is not YAML",
    "models:\n  - match: a\n    targets: {@champion: {move: x}}": "put names with @ or * in quotes",
    "experiments:\n  - match: x\n    targets: {}": "line 3: 'targets' is not known here",
    "groups: {everyone: [a]}": "line 1: a group cannot be called 'everyone'",
    "groups: {a: [b], b: [c]}": "line 1: 'b' is a group and a member of one",
    "? [1]\n: 2": "line 1: a key must be a text",
}


@pytest.mark.parametrize("text", WRONG, ids=[words[:50] for words in WRONG.values()])
def test_a_wrong_policy_is_told_by_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidValue) as error:
        written(tmp_path, text)

    assert WRONG[text] in str(error.value)
    assert str(error.value).startswith("policy.yaml")


def test_a_policy_that_is_data_is_told_by_its_place() -> None:
    with pytest.raises(InvalidValue, match=r"c\.NbrunsApp\.policy\['models'\]\[0\]\['tragets'\]"):
        policy_from_data({"models": [{"match": "x", "tragets": {}}]}, "c.NbrunsApp.policy")

    policy = policy_from_data(
        {
            "models": [
                {"match": "x", "manage": ("ada", "grace"), "targets": {"@a": {"move": {"grace"}}}}
            ]
        },
        "c.NbrunsApp.policy",
    )
    decision = policy.may_move("grace", "x", "@a")
    assert decision.is_allowed
    assert decision.rule == "c.NbrunsApp.policy['models'][0]['targets']['@a'], target @a"
    assert policy.level("ada", "model", "x") == "MANAGE"


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"nowhere\.yaml"):
        policy_from_file(tmp_path / "nowhere.yaml")


def test_words_that_yaml_takes_for_something_else_stay_names(tmp_path: Path) -> None:
    policy = written(tmp_path, "default: NONE\nmodels: [{match: 1.0, read: [no, 007, on]}]")

    assert [policy.level(user, "model", "1.0") for user in ("no", "007", "on")] == ["READ"] * 3
