"""Numbers, deltas and badges in words."""

import math
from dataclasses import replace

import pytest

from nbruns.panel.wording import badge, delta, exact, number
from nbruns.records import ModelVersion


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (0.953217, "0.9532"),
        (0.99900123, "0.9990"),
        (1.99999, "2.000"),
        (12.3456, "12.35"),
        (48210, "48210"),
        (48210.4, "48210"),
        (-0.25, "−0.25"),
        (1e-4, "0.0001"),
        (0.0000123456, "1.235e−5"),
        (2.5e9, "2.5e9"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (1.7976931348623157e308, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_a_number_has_the_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_the_hover_has_the_number_in_full() -> None:
    assert exact(0.1 + 0.2) == "0.30000000000000004"


@pytest.mark.parametrize(
    ("value", "baseline", "text"),
    [
        (0.9783, 0.9724, "+0.0059"),
        (0.9, 0.95, "−0.050"),
        (0.1 + 0.2, 0.3, "±0"),
        (math.nan, 1.0, ""),
        (1.0, math.inf, ""),
    ],
)
def test_a_delta_carries_its_sign(value: float, baseline: float, text: str) -> None:
    assert delta(value, baseline) == text


def version(name: str, number: int, *aliases: str) -> ModelVersion:
    return ModelVersion(name, number, created_ms=number, updated_ms=number, aliases=aliases)


def test_a_badge_names_model_version_and_aliases() -> None:
    assert badge([version("churn", 3, "champion")])[0] == "churn v3 @champion"


def test_a_badge_shows_the_version_with_an_alias_and_counts_the_others() -> None:
    text, full = badge([version("churn", 4), version("churn", 3, "champion")])

    assert text == "churn v3 @champion +1"
    assert full == "churn v3 @champion\nchurn v4"


def test_a_badge_names_the_stage_and_prefers_what_is_in_use() -> None:
    live = replace(version("churn", 1), stage="Production")
    text, full = badge([version("churn", 2), live])

    assert text == "churn v1 Production +1"
    assert full == "churn v1 Production\nchurn v2"


def test_a_badge_has_room_for_the_model_of_a_three_level_name() -> None:
    text, full = badge([version("prod.risk.churn", 3)])

    assert (text, full) == ("churn v3", "prod.risk.churn v3")
    assert badge([version("resnet.v2", 1)])[0] == "resnet.v2 v1"


def test_a_run_without_versions_has_no_badge() -> None:
    assert badge([]) == ("", "")
