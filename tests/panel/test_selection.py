"""What is picked, and in which colour."""

import json

from nbruns.charts.palette import COLOURS
from nbruns.panel.selection import NEWEST_FIRST, Selection


def test_ticking_a_run_again_unticks_it() -> None:
    selection = Selection()
    selection.toggle("a")
    selection.toggle("b")
    selection.toggle("a")

    assert selection.ticked == ("b",)


def test_picking_one_run_alone_unticks_the_others() -> None:
    selection = Selection(ticked=("a", "b"))
    selection.only("c")

    assert selection.ticked == ("c",)


def test_a_wish_to_tick_that_is_said_twice_is_one() -> None:
    selection = Selection()
    selection.tick("a")
    selection.tick("a")
    assert selection.ticked == ("a",)

    selection.tick("a", ticked=False)
    selection.tick("a", ticked=False)
    assert selection.ticked == ()


def test_a_run_keeps_its_colour_when_another_is_unticked() -> None:
    selection = Selection()
    for run_id in "abc":
        selection.toggle(run_id)
    before = selection.colours["c"]
    selection.toggle("a")

    assert selection.colours == {"b": COLOURS[1], "c": before}


def test_the_colour_of_an_unticked_run_is_free_again() -> None:
    selection = Selection()
    for run_id in ("a", "b", "a", "c"):
        selection.toggle(run_id)

    assert selection.colours["c"] == COLOURS[0]


def test_more_runs_than_colours_still_have_one_each() -> None:
    selection = Selection()
    for number in range(25):
        selection.toggle(str(number))

    assert len(selection.colours) == 25


def test_colours_are_there_when_ticks_are_heard_of() -> None:
    selection = Selection()
    seen: list[set[str]] = []
    selection.observe(lambda change: seen.append(set(selection.colours)), "ticked")
    selection.toggle("a")

    assert seen == [{"a"}]


def test_sorting_by_a_column_again_turns_the_order_round() -> None:
    selection = Selection()
    orders = []
    for _ in range(2):
        selection.sort_by("metrics.`acc`")
        orders.append(selection.order)

    assert orders == ["metrics.`acc` DESC", "metrics.`acc` ASC"]


def test_runs_come_newest_first_until_asked_otherwise() -> None:
    assert Selection().order == NEWEST_FIRST


def test_unticking_the_run_that_is_registered_ends_the_registering() -> None:
    selection = Selection()
    selection.toggle("a")
    selection.registering = "a"
    selection.toggle("a")

    assert selection.registering is None


def test_deleted_runs_are_forgotten() -> None:
    selection = Selection(ticked=("a", "b", "c"))
    selection.forget({"b", "x"})

    assert selection.ticked == ("a", "c")


# F43
def test_a_state_brings_the_same_view_back() -> None:
    one, other = Selection(), Selection()
    one.toggle("a")
    one.toggle("b")
    one.sort_by("metrics.`loss`")
    one.filter_text, one.columns = "metrics.loss < 1", ("params.depth",)
    one.charts = {"kind": "scatter"}

    other.restore(json.loads(json.dumps(one.state())))

    assert other.state() == one.state()
    assert other.ticked == ("a", "b")
    assert set(other.colours) == {"a", "b"}
    assert other.columns == ("params.depth",)


def test_a_state_holds_only_what_was_chosen() -> None:
    assert Selection().state() == {}


def test_a_state_of_another_version_changes_what_fits() -> None:
    selection = Selection()

    selection.restore({"order": 3, "filter_text": "x", "unheard_of": [1], "ticked": None})

    assert selection.state() == {"filter_text": "x"}


def test_another_experiment_begins_afresh_and_the_former_goes_on_where_it_was() -> None:
    selection = Selection(filter_text="forest", columns=("params.`p`",), directions={"acc": "min"})
    selection.toggle("a")
    left = selection.listed_state()
    selection.turn_to({})

    assert (selection.ticked, selection.filter_text, selection.columns) == ((), "", None)
    assert selection.directions == {"acc": "min"}

    selection.take_up(left)
    assert (selection.ticked, selection.filter_text) == (("a",), "forest")
    assert selection.colours == left["colours"]


def test_nested_runs_are_shown_and_folded_away_as_it_is_wished() -> None:
    selection = Selection()
    for run_id in ("a", "b", "a"):
        selection.expand(run_id)
    selection.expand("a", expanded=False)

    assert selection.expanded == ("b",)


def test_what_a_brush_keeps_is_asked_for_beside_the_filter() -> None:
    selection = Selection(filter_text="forest", brushed=("x",))

    assert selection.list_filter == (
        "attributes.run_name ILIKE '%forest%' and attributes.run_id IN ('x')"
    )


def test_a_file_of_the_run_that_is_turned_to_is_looked_at() -> None:
    selection = Selection()
    selection.observe(lambda _: setattr(selection, "artifact", ""), ["ticked"])

    selection.turn_to({"experiment_id": "3", "ticked": ("a",), "artifact": "rows.parquet"})

    assert selection.artifact == "rows.parquet"
