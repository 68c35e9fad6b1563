"""What is typed into the search box of the models."""

import pytest

from nbruns.panel.models.model_filter import as_filter
from nbruns.protocol.filters import parse_filter
from nbruns.protocol.grammar import MODEL_LIST

TYPED = {
    "": "",
    "  and ": "",
    "churn": "name ILIKE '%churn%'",
    "churn prod": "name ILIKE '%churn%' and name ILIKE '%prod%'",
    "'two words'": "name ILIKE '%two words%'",
    "o'hara": 'name ILIKE "%o\'hara%"',
    "@champion": "alias ILIKE 'champion%'",
    "@": "",
    "stage:Production": "stage IN ('Production')",
    "stage:prod": "stage IN ('Production')",
    "stage = 'Staging'": "stage IN ('Staging')",
    "stage:": "",
    "stage:nowhere": "stage IN ('nowhere')",
    "tags.team = 'web'": "tags.`team` = 'web'",
    "tag.team=web": "tags.`team` = 'web'",
    "prediction_works = true": "tags.`prediction_works` = 'true'",
    "tags.`two words` != 'x'": "tags.`two words` != 'x'",
    "tags.team LIKE 'w%'": "tags.`team` LIKE 'w%'",
    "tags.team =": "tags.`team` LIKE '%'",
    "tags.team": "tags.`team` LIKE '%'",
    "tags.empty = ''": "tags.`empty` = ''",
    "name LIKE 'prod.%'": "name LIKE 'prod.%'",
    "churn @champion and stage:staging": (
        "name ILIKE '%churn%' and alias ILIKE 'champion%' and stage IN ('Staging')"
    ),
    "android": "name ILIKE '%android%'",
}


# F94
@pytest.mark.parametrize("typed", TYPED)
def test_what_is_typed_is_a_filter(typed: str) -> None:
    assert as_filter(typed) == TYPED[typed]
    parse_filter(TYPED[typed], MODEL_LIST)


@pytest.mark.parametrize(
    "typed", ["'", '"', "tags.", "tags.`", "= 3", "@@", "stage:'", "a!=", "(", "name =", "x = 'y"]
)
def test_what_is_not_finished_is_still_a_filter(typed: str) -> None:
    parse_filter(as_filter(typed), MODEL_LIST)
