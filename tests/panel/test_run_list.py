"""The list's window: which rows the browser holds, and what it asks for."""

from collections.abc import Callable
from typing import Any

import pytest

from nbruns.panel.run_list import FIRST_LOOK, RunList
from nbruns.panel.selection import Selection
from nbruns.records import ModelLink, ModelVersion, Run

MakeRun = Callable[..., Run]
Say = Callable[..., None]


class NeverCalled:
    """A call that never comes: no time passes in these tests."""

    def cancel(self) -> None:
        pass


def no_clock(_: float, __: Callable[[], None]) -> NeverCalled:
    return NeverCalled()


class Heard:
    """What the list asks of the panel."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.registered: list[str] = []
        self.ends = 0
        self.retries = 0

    def end(self) -> None:
        self.ends += 1

    def retry(self) -> None:
        self.retries += 1


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def runs_list(heard: Heard) -> RunList:
    return RunList(
        Selection(),
        on_open=heard.opened.append,
        on_register=heard.registered.append,
        on_end=heard.end,
        on_retry=heard.retry,
        later=no_clock,
    )


@pytest.fixture
def thousand(make_run: MakeRun) -> list[Run]:
    return [make_run(f"run-{number:04}") for number in range(1000)]


def row_of(view: RunList, run_id: str) -> dict[str, Any]:
    return next(row for row in view.window["rows"] if row["id"] == run_id)


def test_of_a_thousand_rows_only_the_first_look_is_sent(
    runs_list: RunList, thousand: list[Run]
) -> None:
    runs_list.show(thousand, {})

    assert runs_list.window["total"] == 1000
    assert len(runs_list.window["rows"]) == FIRST_LOOK


def test_scrolling_moves_the_window(runs_list: RunList, thousand: list[Run], say: Say) -> None:
    runs_list.show(thousand, {})
    say(runs_list, type="look", first=500, count=20)

    assert runs_list.window["first"] == 500
    assert [row["id"] for row in runs_list.window["rows"]] == [
        f"run-{number:04}" for number in range(500, 520)
    ]


def test_a_look_however_tall_is_answered_in_measure(
    runs_list: RunList, thousand: list[Run], say: Say
) -> None:
    runs_list.show(thousand, {})
    say(runs_list, type="look", first=-5, count=100_000)

    assert len(runs_list.window["rows"]) == 200
    assert runs_list.window["first"] == 0


def test_reaching_the_end_asks_for_more_only_where_there_is_more(
    runs_list: RunList, thousand: list[Run], heard: Heard, say: Say
) -> None:
    runs_list.show(thousand, {}, more=False)
    say(runs_list, type="look", first=990, count=20)
    assert heard.ends == 0

    runs_list.show(thousand, {}, more=True)
    say(runs_list, type="look", first=500, count=20)
    assert heard.ends == 0
    say(runs_list, type="look", first=990, count=20)
    assert heard.ends == 1


def test_a_shorter_list_brings_the_window_back(
    runs_list: RunList, thousand: list[Run], say: Say
) -> None:
    runs_list.show(thousand, {})
    say(runs_list, type="look", first=900, count=20)
    runs_list.show(thousand[:3], {})

    assert runs_list.window["first"] <= 2
    assert runs_list.window["rows"]


def test_ticks_in_the_browser_reach_the_selection(
    runs_list: RunList, make_run: MakeRun, say: Say
) -> None:
    runs_list.show([make_run("a"), make_run("b")], {})
    say(runs_list, type="tick", run_id="a")
    say(runs_list, type="tick", run_id="b")

    assert runs_list.selection.ticked == ("a", "b")
    assert row_of(runs_list, "b")["colour"] == runs_list.selection.colours["b"]
    assert runs_list.ticked_count == 2


def test_unticking_all_clears_the_selection(runs_list: RunList, say: Say) -> None:
    runs_list.selection.toggle("a")
    say(runs_list, type="clear")

    assert runs_list.selection.ticked == ()


def test_a_column_s_head_sorts(runs_list: RunList, make_run: MakeRun, say: Say) -> None:
    runs_list.show([make_run("a", values={"acc": 0.9})], {})
    say(runs_list, type="sort", column=runs_list.columns[0]["order"])

    assert runs_list.selection.order == "metrics.`acc` DESC"
    assert runs_list.order == runs_list.selection.order


def test_a_row_shows_its_metrics_rounded_and_in_full(runs_list: RunList, make_run: MakeRun) -> None:
    runs_list.show([make_run("a", values={"acc": 0.123456789, "bad": float("nan")})], {})

    assert row_of(runs_list, "a")["cells"] == [
        ["0.1235", "acc = 0.123456789"],
        ["NaN", "bad = NaN"],
    ]


def test_a_better_metric_takes_the_first_column_when_it_arrives(
    runs_list: RunList, make_run: MakeRun
) -> None:
    runs_list.show([make_run("a", values={"loss": 1.0})], {})
    runs_list.show([make_run("a", values={"loss": 1.0, "val_acc": 0.5})], {})

    assert [column["key"] for column in runs_list.columns] == ["val_acc", "loss"]


def test_columns_keep_their_place_while_the_metrics_are_the_same(
    runs_list: RunList, make_run: MakeRun
) -> None:
    only_gain, both = {"gain": 1.0}, {"gain": 1.0, "heat": 2.0}
    runs_list.show([make_run("a", values=both), make_run("b", values=only_gain)], {})
    runs_list.show([make_run("a", values={"heat": 2.0}), make_run("c", values=both)], {})

    assert [column["key"] for column in runs_list.columns] == ["gain", "heat"]


def test_a_registered_run_carries_its_badge(runs_list: RunList, make_run: MakeRun) -> None:
    version = ModelVersion("churn", 3, created_ms=1, updated_ms=1, aliases=("champion",))
    runs_list.show([make_run("a")], {"a": [version]})

    assert row_of(runs_list, "a")["badge"] == "churn v3 @champion"


def test_a_row_offers_what_the_run_has(
    runs_list: RunList, make_run: MakeRun, heard: Heard, say: Say
) -> None:
    runs_list.can_open = True
    with_both = make_run("a", tags={"nbruns.revision": "r"}, model_outputs=(ModelLink("m-1"),))
    runs_list.show([with_both, make_run("b")], {})
    offered = [(row["has_revision"], row["has_model"]) for row in runs_list.window["rows"]]
    say(runs_list, type="open", run_id="a")
    say(runs_list, type="register", run_id="a")

    assert offered == [(True, True), (False, False)]
    assert (heard.opened, heard.registered) == (["a"], ["a"])


def test_no_revision_is_offered_where_none_can_be_opened(
    runs_list: RunList, make_run: MakeRun
) -> None:
    runs_list.show([make_run("a", tags={"nbruns.revision": "r"})], {})

    assert not row_of(runs_list, "a")["has_revision"]


def test_a_killed_run_says_why(runs_list: RunList, make_run: MakeRun) -> None:
    runs_list.show([make_run("a", status="KILLED", tags={"nbruns.end_reason": "kernel died"})], {})

    assert row_of(runs_list, "a")["reason"] == "kernel died"


def test_words_replace_the_rows_until_there_are_rows(
    runs_list: RunList, make_run: MakeRun, heard: Heard, say: Say
) -> None:
    runs_list.show([make_run("a")], {})
    runs_list.say("The server does not answer", action="Retry")
    say(runs_list, type="retry")
    assert (runs_list.window["rows"], heard.retries) == ([], 1)

    runs_list.show([make_run("a")], {})
    assert runs_list.note == {}
