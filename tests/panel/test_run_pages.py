"""Pages of runs that arrive, are refreshed, and pushed down by newer runs."""

from collections.abc import Callable

import pytest

from nbruns.panel.run_pages import RunPages
from nbruns.records import Page, Run

MakeRun = Callable[..., Run]


@pytest.fixture
def page(make_run: MakeRun) -> Callable[..., Page[Run]]:
    def make(names: str, token: str | None = None, **fields: object) -> Page[Run]:
        return Page([make_run(name, **fields) for name in names], token)

    return make


def names(pages: RunPages) -> str:
    return "".join(run.run_id for run in pages.runs)


@pytest.fixture
def two_pages(page: Callable[..., Page[Run]]) -> RunPages:
    pages = RunPages()
    pages.refresh(page("fed", "t1"))
    pages.extend(page("cba", "t2"))
    return pages


def test_pages_follow_each_other(two_pages: RunPages) -> None:
    assert names(two_pages) == "fedcba"
    assert two_pages.has_more


def test_the_last_page_has_none_after_it(
    two_pages: RunPages, page: Callable[..., Page[Run]]
) -> None:
    two_pages.extend(page("9"))

    assert not two_pages.has_more


def test_a_run_that_moved_between_pages_stands_once(
    two_pages: RunPages, page: Callable[..., Page[Run]]
) -> None:
    two_pages.extend(page("a9"))

    assert names(two_pages) == "fedcba9"


def test_a_refresh_in_the_same_order_keeps_later_pages(
    two_pages: RunPages, page: Callable[..., Page[Run]]
) -> None:
    two_pages.refresh(page("fed", "t1", status="FAILED"))

    assert names(two_pages) == "fedcba"
    assert [run.status for run in two_pages.runs[:4]] == ["FAILED"] * 3 + ["FINISHED"]
    assert two_pages.next_token == "t2"


def test_a_new_run_at_the_top_shows_at_once(
    two_pages: RunPages, page: Callable[..., Page[Run]]
) -> None:
    two_pages.refresh(page("gfe", "t9"))

    assert names(two_pages) == "gfe"
    assert two_pages.next_token == "t9"


def test_a_reader_further_down_keeps_the_rows_under_the_eye(
    two_pages: RunPages, page: Callable[..., Page[Run]]
) -> None:
    two_pages.refresh(page("gfe", "t9"), reading_from=4)

    assert names(two_pages) == "gfedcba"
    assert two_pages.next_token == "t2"


def test_a_deleted_run_leaves_while_one_reads_further_down(
    two_pages: RunPages, page: Callable[..., Page[Run]]
) -> None:
    two_pages.refresh(page("fdc", "t9"), reading_from=4)

    assert names(two_pages) == "fdcba"


def test_rows_in_sight_are_replaced_where_they_stand(
    two_pages: RunPages, make_run: MakeRun
) -> None:
    two_pages.replace([make_run("b", status="KILLED"), make_run("zz")])

    assert names(two_pages) == "fedcba"
    found = two_pages.find("b")
    assert found is not None
    assert found.status == "KILLED"
