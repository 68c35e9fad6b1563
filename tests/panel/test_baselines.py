"""Which version another is measured against."""

from nbruns.panel.models.baselines import Baseline, baselines, chosen
from nbruns.records import ModelVersion


def version(number: int, *aliases: str, stage: str = "None") -> ModelVersion:
    return ModelVersion("churn", number, 1, 1, stage=stage, aliases=aliases)


OTHERS = [version(4), version(3, "beta"), version(2, "champion"), version(1, stage="Production")]


# F81
def test_the_champion_comes_first_then_other_aliases_stages_and_the_one_before() -> None:
    assert baselines(OTHERS[0], OTHERS, {}) == [
        Baseline("@champion", 2),
        Baseline("@beta", 3),
        Baseline("Production", 1),
        Baseline("", 3),
    ]


def test_a_version_is_never_measured_against_itself() -> None:
    assert [one.version for one in baselines(OTHERS[2], OTHERS, {})] == [3, 1, 1]


def test_an_alias_of_a_version_that_was_not_fetched_counts_too() -> None:
    assert baselines(version(900), [version(899)], {"champion": 5})[0] == Baseline("@champion", 5)


def test_the_first_version_of_all_has_none() -> None:
    assert baselines(version(1), [version(1), version(2)], {}) == []
    assert chosen([], None) is None


def test_the_baseline_asked_for_is_taken_while_it_is_there() -> None:
    found = baselines(OTHERS[0], OTHERS, {})

    assert chosen(found, "Production") == Baseline("Production", 1)
    assert chosen(found, "@gone") == Baseline("@champion", 2)
