"""The list's window: which rows the browser holds, what they show, and what they ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from nbruns.panel.columns import Column
from nbruns.panel.list_rows import Surroundings, spark_text
from nbruns.panel.run_list import FIRST_LOOK, RunList
from nbruns.panel.run_window import RunWindow
from nbruns.panel.selection import Selection
from nbruns.records import ListedRun, MetricPoint, ModelLink, ModelVersion, Run

MakeRun = Callable[..., Run]
Say = Callable[..., None]
ACC = Column("metrics", "acc", "acc")


class NeverCalled:
    """A call that never comes: no time passes in these tests."""

    def cancel(self) -> None:
        pass


def no_clock(_: float, __: Callable[[], None]) -> NeverCalled:
    return NeverCalled()


class Heard:
    """What the list asks of the panel."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str]] = []
        self.looks = 0

    def act(self, name: str, run_id: str, _: dict[str, Any]) -> None:
        self.acts.append((name, run_id))

    def look(self) -> None:
        self.looks += 1


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def runs_list(heard: Heard) -> RunList:
    return RunList(Selection(), on_act=heard.act, on_look=heard.look, later=no_clock)


def show(view: RunList, *runs: Run | ListedRun, **around: Any) -> list[dict[str, Any]]:
    """The rows the browser is sent."""
    rows = [run if isinstance(run, ListedRun) else ListedRun(run) for run in runs]
    window = RunWindow()
    window.renew(0, rows, len(rows))
    view.show(window, Surroundings(**around))
    return list(view.window["rows"])


@pytest.fixture
def thousand(make_run: MakeRun) -> RunWindow:
    window = RunWindow()
    runs = [ListedRun(make_run(f"run-{number:04}")) for number in range(1000)]
    window.renew(0, runs, 1000)
    return window


def test_of_a_thousand_rows_only_the_first_look_is_sent(
    runs_list: RunList, thousand: RunWindow
) -> None:
    runs_list.show(thousand, Surroundings())

    assert runs_list.window["total"] == 1000
    assert len(runs_list.window["rows"]) == FIRST_LOOK


def test_scrolling_asks_for_the_rows_in_sight(
    runs_list: RunList, thousand: RunWindow, heard: Heard, say: Say
) -> None:
    runs_list.show(thousand, Surroundings())
    say(runs_list, type="look", first=500, count=20)
    assert (heard.looks, runs_list.looking_at) == (1, (500, 20))

    runs_list.show(thousand, Surroundings())
    assert runs_list.window["first"] == 500
    assert [row["id"] for row in runs_list.window["rows"]] == [
        f"run-{number:04}" for number in range(500, 520)
    ]


def test_a_look_however_tall_is_answered_in_measure(
    runs_list: RunList, thousand: RunWindow, say: Say
) -> None:
    say(runs_list, type="look", first=-5, count=100_000)
    runs_list.show(thousand, Surroundings())

    assert len(runs_list.window["rows"]) == 200
    assert runs_list.window["first"] == 0


def test_rows_that_are_still_to_come_leave_their_place_free(
    runs_list: RunList, make_run: MakeRun, say: Say
) -> None:
    window = RunWindow()
    window.renew(0, [ListedRun(make_run("a"))], 100)
    say(runs_list, type="look", first=0, count=3)
    runs_list.show(window, Surroundings())

    assert [row and row["id"] for row in runs_list.window["rows"]] == ["a", None, None]


def test_a_reader_further_down_goes_with_the_rows(
    runs_list: RunList, thousand: RunWindow, say: Say
) -> None:
    say(runs_list, type="look", first=500, count=20)
    runs_list.show(thousand, Surroundings(), moved=3)

    assert runs_list.window["moved"] == 3


def test_a_reader_at_the_top_sees_what_is_new(runs_list: RunList, thousand: RunWindow) -> None:
    runs_list.show(thousand, Surroundings(), moved=3)

    assert (runs_list.window["first"], runs_list.window["moved"]) == (0, 0)


def test_a_shorter_list_brings_the_window_back(
    runs_list: RunList, thousand: RunWindow, make_run: MakeRun, say: Say
) -> None:
    say(runs_list, type="look", first=900, count=20)
    runs_list.show(thousand, Surroundings())
    show(runs_list, make_run("a"), make_run("b"), make_run("c"))

    assert runs_list.window["first"] <= 2
    assert runs_list.window["rows"]


def test_ticks_in_the_browser_reach_the_selection(
    runs_list: RunList, make_run: MakeRun, say: Say
) -> None:
    show(runs_list, make_run("a"), make_run("b"))
    for run_id in ("a", "b", "b"):
        say(runs_list, type="tick", run_id=run_id, ticked=True)

    assert runs_list.selection.ticked == ("a", "b")
    assert runs_list.window["colours"] == runs_list.selection.colours
    say(runs_list, type="tick", run_id="a", ticked=False)
    assert list(runs_list.window["colours"]) == ["b"]


def test_unticking_all_clears_the_selection(runs_list: RunList, say: Say) -> None:
    runs_list.selection.toggle("a")
    say(runs_list, type="clear")

    assert runs_list.selection.ticked == ()


# F40
@pytest.mark.parametrize(
    ("column", "orders"),
    [
        ("metrics.`acc`", ["DESC", "ASC", "DESC"]),
        ("metrics.`val_loss`", ["ASC", "DESC", "ASC"]),
        ("params.`depth`", ["ASC", "DESC", "ASC"]),
        ("attributes.duration", ["DESC", "ASC", "DESC"]),
    ],
)
def test_a_column_s_head_sorts_the_best_first_and_then_turns_round(
    runs_list: RunList, say: Say, column: str, orders: list[str]
) -> None:
    for direction in orders:
        say(runs_list, type="sort", column=column)
        assert runs_list.selection.order == f"{column} {direction}"
    assert runs_list.order == runs_list.selection.order


def test_what_is_best_in_a_metric_is_remembered(runs_list: RunList, say: Say) -> None:
    runs_list.selection.directions = {"acc": "min"}
    say(runs_list, type="sort", column="metrics.`acc`")

    assert runs_list.selection.order == "metrics.`acc` ASC"


def test_a_row_shows_its_metrics_rounded_and_in_full(runs_list: RunList, make_run: MakeRun) -> None:
    run = make_run("a", values={"acc": 0.123456789, "bad": float("nan")})
    (row,) = show(runs_list, run, columns=[ACC, Column("metrics", "bad", "bad")])

    assert row["cells"] == [
        {"text": "0.1235", "exact": "0.123456789"},
        {"text": "NaN"},
    ]


# F17
@pytest.mark.parametrize(("aggregate", "shown"), [("last", "0.6"), ("min", "0.5"), ("max", "0.9")])
def test_a_column_shows_the_value_of_the_history_it_is_to_show(
    runs_list: RunList, make_run: MakeRun, aggregate: Any, shown: str
) -> None:
    listed = ListedRun(make_run("a", values={"acc": 0.6}), extremes={"acc": (0.5, 0.9)})
    (row,) = show(runs_list, listed, columns=[Column("metrics", "acc", "acc", aggregate)])

    assert row["cells"][0]["text"] == shown
    assert row["cells"][0]["ends"] == ["0.5", "0.9"]
    assert row["cells"][0].get("last", shown) == "0.6"


def test_the_best_row_is_marked_in_the_column_the_list_is_sorted_by(
    runs_list: RunList, make_run: MakeRun
) -> None:
    runs = [make_run(name, values={"acc": value}) for name, value in (("a", 0.9), ("b", 0.8))]
    rows = show(runs_list, *runs, columns=[ACC], best="a", order="metrics.`acc` DESC")

    assert [row["cells"][0].get("best") for row in rows] == [True, None]


def test_params_tags_and_what_runs_are_have_columns_too(
    runs_list: RunList, make_run: MakeRun
) -> None:
    run = make_run("a", params={"depth": "3"}, tags={"team": "growth"})
    kinds: list[Any] = ["params", "tags", "attributes", "attributes", "attributes"]
    keys = ["depth", "team", "user_id", "duration", "start_time"]
    columns = [Column(kind, key, key) for kind, key in zip(kinds, keys, strict=True)]
    (row,) = show(runs_list, run, columns=columns)

    assert row["cells"] == [
        {"text": "3", "number": True},
        {"text": "growth"},
        {"text": "ada"},
        {"took": True},
        {"ms": 1_000},
    ]


def test_a_parent_carries_its_count_and_the_best_value_of_its_children(
    runs_list: RunList, make_run: MakeRun
) -> None:
    listed = ListedRun(make_run("sweep"), children=8, best_of_children={"acc": 0.93})
    (row,) = show(runs_list, listed, columns=[ACC], is_folded=True)

    assert (row["children"], row["cells"][0]["inner"]) == (8, {"text": "0.93"})


def test_a_nested_run_that_was_searched_for_names_its_parent(
    runs_list: RunList, make_run: MakeRun
) -> None:
    listed = ListedRun(make_run("trial"), parent_name="sweep")

    assert show(runs_list, listed)[0]["parent"] == "sweep"
    assert show(runs_list, listed, is_folded=True)[0]["parent"] == ""


def test_a_registered_run_carries_its_badge(runs_list: RunList, make_run: MakeRun) -> None:
    version = ModelVersion("churn", 3, created_ms=1, updated_ms=1, aliases=("champion",))
    (row,) = show(runs_list, make_run("a"), versions={"a": [version]})

    assert row["badge"] == "churn v3 @champion"


def test_a_row_offers_what_the_run_has_and_passes_on_what_is_asked(
    runs_list: RunList, make_run: MakeRun, heard: Heard, say: Say
) -> None:
    with_both = make_run("a", tags={"nbruns.revision": "r"}, model_outputs=(ModelLink("m-1"),))
    rows = show(runs_list, with_both, make_run("b"))
    say(runs_list, type="act", name="open", run_id="a")

    assert [(row["has_revision"], row["has_model"]) for row in rows] == [
        (True, True),
        (False, False),
    ]
    assert heard.acts == [("open", "a")]


def test_a_row_says_why_it_ended_and_what_is_wrong_with_its_code(
    runs_list: RunList, make_run: MakeRun
) -> None:
    tags = {
        "nbruns.end_reason": "kernel died",
        "nbruns.code_change": "cells 3, 7 edited",
        "nbruns.hidden_state": "cell 2 was not run",
    }
    (row,) = show(runs_list, make_run("a", status="KILLED", tags=tags))

    assert row["reason"] == "kernel died"
    assert (row["change"], row["hidden_state"]) == ("cells 3, 7 edited", "cell 2 was not run")


def test_words_replace_the_rows_until_there_are_rows(runs_list: RunList, make_run: MakeRun) -> None:
    show(runs_list, make_run("a"))
    runs_list.say("The server does not answer", action="Retry")
    assert runs_list.window["rows"] == []
    assert runs_list.note["title"] == "The server does not answer"

    show(runs_list, make_run("a"))
    assert runs_list.note == {}


def test_before_anything_was_counted_no_number_is_said(runs_list: RunList) -> None:
    runs_list.wait()

    assert runs_list.window["total"] is None


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([0.0, 0.5, 1.0], "07f"),
        ([1.0, 1.0], "77"),
        ([-1.7e308, 0.0, 1.7e308], "07f"),
        ([3.0, -3.0], "f0"),
    ],
)
def test_a_curve_is_a_digit_a_point(values: list[float], drawn: str) -> None:
    assert spark_text(values) == drawn


def test_a_text_of_a_megabyte_is_cut_short(runs_list: RunList, make_run: MakeRun) -> None:
    run = make_run("a", params={"p": "x" * 1_000_000})
    (row,) = show(runs_list, run, columns=[Column("params", "p", "p")])

    assert len(row["cells"][0]["text"]) == 200
    assert row["cells"][0]["cut"]


def test_points_that_are_not_numbers_are_never_the_best(
    runs_list: RunList, make_run: MakeRun
) -> None:
    run = make_run("a", metrics=(MetricPoint("acc", float("nan")),))
    (row,) = show(runs_list, run, columns=[ACC], best=None, order="metrics.`acc` DESC")

    assert "best" not in row["cells"][0]


class Browser:
    """A page's list, kept by what it is sent after it opened."""

    def __init__(self, view: RunList, monkeypatch: pytest.MonkeyPatch) -> None:
        self.picture = view.window
        self.sent: list[dict[str, Any]] = []
        monkeypatch.setattr(view, "send", self.hear)

    def hear(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        if message["type"] == "picture":
            self.picture = message["picture"]
            return
        assert message["since"] == self.picture["version"]
        known = {row["id"]: row for row in self.picture["rows"] if row} | message["rows"]
        order = message.get("order", [row and row["id"] for row in self.picture["rows"]])
        rows = [run_id and known[run_id] for run_id in order]
        self.picture = {**self.picture, **message["fields"], "rows": rows}


def test_a_page_is_told_what_changed_and_no_more(
    runs_list: RunList, make_run: MakeRun, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Browser(runs_list, monkeypatch)
    runs = [make_run(f"run-{number}") for number in range(30)]
    show(runs_list, *runs)
    runs[7] = make_run("run-7", status="FAILED")
    show(runs_list, *runs)
    assert list(page.sent[-1]["rows"]) == ["run-7"]
    assert "order" not in page.sent[-1]

    show(runs_list, make_run("new"), *runs[:-1])
    assert list(page.sent[-1]["rows"]) == ["new"]
    assert page.sent[-1]["order"][:2] == ["new", "run-0"]
    say(runs_list, type="tick", run_id="run-3", ticked=True)
    assert page.sent[-1]["rows"] == {}
    assert page.picture == runs_list.window


def test_a_page_that_missed_a_change_is_sent_all(
    runs_list: RunList, make_run: MakeRun, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Browser(runs_list, monkeypatch)
    show(runs_list, make_run("a"))
    say(runs_list, type="ready", version=runs_list.window["version"])
    assert len(page.sent) == 1

    page.picture = {"version": 0, "rows": []}
    say(runs_list, type="ready", version=0)
    assert page.picture == runs_list.window


def test_a_picture_says_which_wishes_it_knows(
    runs_list: RunList, make_run: MakeRun, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Browser(runs_list, monkeypatch)
    show(runs_list, make_run("a"))
    say(runs_list, type="tick", run_id="a", ticked=True, view="v", wish=1)
    assert (page.picture["heard"], list(page.picture["colours"])) == ({"v": 1}, ["a"])

    # It is as wished already: the page waits for an answer all the same.
    say(runs_list, type="tick", run_id="a", ticked=True, view="v", wish=2)
    assert page.picture["heard"] == {"v": 2}
