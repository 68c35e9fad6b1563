"""Rows at their places: parts that are fetched, renewed, and pushed down by newer runs."""

from collections.abc import Callable

import pytest

from nbruns.panel.run_window import RunWindow
from nbruns.records import ListedRun, Run

Rows = Callable[..., list[ListedRun]]


@pytest.fixture
def rows(make_run: Callable[..., Run]) -> Rows:
    def make(names: str) -> list[ListedRun]:
        return [ListedRun(make_run(name)) for name in names]

    return make


def names(found: list[ListedRun | None]) -> str:
    return "".join("·" if row is None else row.run.run_id for row in found)


@pytest.fixture
def window(rows: Rows) -> RunWindow:
    window = RunWindow()
    window.renew(0, rows("abcd"), 10)
    return window


def test_what_was_not_fetched_yet_leaves_its_place_free(window: RunWindow, rows: Rows) -> None:
    window.add(6, rows("gh"))

    assert names(window.between(2, 6)) == "cd··gh"
    assert names(window.between(8, 9)) == "··"
    assert window.covers(0, 4)
    assert not window.covers(3, 3)


def test_the_end_of_a_list_is_covered_where_it_ends(window: RunWindow, rows: Rows) -> None:
    window.add(8, rows("ij"))

    assert window.covers(8, 40)


@pytest.mark.parametrize(
    ("first", "fresh", "moved"), [(0, "xyabcd", 2), (0, "bcde", -1), (2, "abcd", 2), (0, "vwxy", 0)]
)
def test_a_renewal_says_how_far_the_rows_moved(
    window: RunWindow, rows: Rows, first: int, fresh: str, moved: int
) -> None:
    assert window.renew(first, rows(fresh), 12) == moved
    assert window.total == 12
    assert names(window.between(first, len(fresh))) == fresh


def test_a_renewal_forgets_what_may_have_changed(window: RunWindow, rows: Rows) -> None:
    window.add(6, rows("gh"))
    window.renew(0, rows("abcd"), 10)

    assert names(window.between(4, 4)) == "····"


def test_a_run_is_found_where_it_stands(window: RunWindow) -> None:
    found = window.find("c")

    assert found is not None
    assert (found.run_id, window.find("z")) == ("c", None)


def test_a_renamed_run_has_its_name_before_it_is_fetched_again(
    make_run: Callable[..., Run],
) -> None:
    window = RunWindow()
    window.renew(0, [ListedRun(make_run("a")), ListedRun(make_run("b"))], 2)
    window.rename("b", "better")

    assert [row and row.run.name for row in window.between(0, 2)] == ["a", "better"]
