"""What is typed into the search box, as the filter of a search."""

import pytest

from nbruns.panel.run_filter import UnreadableFilter, as_filter, status_in, with_status

RF = "metrics.acc > 0.9 and params.model = 'rf'"
NAMED = "attributes.run_name ILIKE '%{}%'"


# F32
@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", ""),
        ("  ", ""),
        (RF, RF),
        ("forest", NAMED.format("forest")),
        ("big forest", f"{NAMED.format('big')} and {NAMED.format('forest')}"),
        ("metrics.acc > 0.9 and forest", f"metrics.acc > 0.9 and {NAMED.format('forest')}"),
        ("metrics.acc > 0.9 and ", "metrics.acc > 0.9"),
        ("tags.a = 'x and y'", "tags.a = 'x and y'"),
        ("o'brien", 'attributes.run_name ILIKE "%o\'brien%"'),
        ("""'"x""", 'attributes.run_name ILIKE "%\'_x%"'),
        ("in the is like", " and ".join(NAMED.format(w) for w in ("in", "the", "is", "like"))),
        ("params.x is null", "params.x is null"),
        ("attributes.run_id in ('a', 'b')", "attributes.run_id in ('a', 'b')"),
    ],
)
def test_conditions_stay_as_they_are_and_words_ask_for_names(typed: str, asked: str) -> None:
    assert as_filter(typed) == asked


@pytest.mark.parametrize(
    ("typed", "at", "reason"),
    [
        ("metrics.acc >", 13, "Expected a number"),
        ("forest and metrics.acc >", 24, "Expected a number"),
        ("params.model = rf", 15, "quoted"),
        ("status = 'RUN", 9, "never closed"),
        ("params.x ~ 3", 9, "Unexpected character"),
        ("metrics.acc", 11, "comparator"),
        ("nothing.acc > 3", 0, "Invalid entity type"),
    ],
)
def test_what_cannot_be_read_says_why_and_where(typed: str, at: int, reason: str) -> None:
    with pytest.raises(UnreadableFilter, match=reason) as refused:
        as_filter(typed)

    assert refused.value.at == at


def test_a_status_is_asked_for_beside_what_is_typed() -> None:
    asked = with_status("forest", "FAILED")

    assert asked == "forest and status = 'FAILED'"
    assert status_in(asked) == "FAILED"
    assert with_status(asked, "RUNNING") == "forest and status = 'RUNNING'"
    assert with_status(asked, None) == "forest"
    assert status_in("forest") is None
