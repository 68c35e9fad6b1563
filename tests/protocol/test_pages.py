"""Page tokens go out sealed and come back only to the search they belong to."""

import pytest

from nbruns.errors import InvalidValue
from nbruns.protocol import pages


def test_a_token_comes_back_as_it_went() -> None:
    mark = pages.mark("runs", ["1"], "metrics.a > 1")
    sealed = pages.seal('[1.5, "abc", "ü"]', mark)

    assert pages.unseal(sealed, mark) == '[1.5, "abc", "ü"]'


def test_the_last_page_has_no_token() -> None:
    assert pages.seal(None, pages.mark("runs")) is None


@pytest.mark.parametrize("text", [None, ""])
def test_no_token_asks_for_the_first_page(text: str | None) -> None:
    assert pages.unseal(text, pages.mark("runs")) is None


def test_a_token_of_another_search_is_refused() -> None:
    sealed = pages.seal("[1]", pages.mark("runs", "metrics.a > 1"))

    with pytest.raises(InvalidValue, match="another search"):
        pages.unseal(sealed, pages.mark("runs", "metrics.a > 2"))


@pytest.mark.parametrize("text", ["garbage!", "////", "YWJj", "ü", "a" * 10_000])
def test_a_token_we_did_not_make_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="token"):
        pages.unseal(text, pages.mark("runs"))
