"""What tells runs apart, in the table's words."""

from collections.abc import Callable
from typing import Any

from nbruns.panel.changed_cells import changed_cells
from nbruns.panel.difference_table import Differences, in_order
from nbruns.panel.differences import Section, package_rows, sections
from nbruns.records import Dataset, DatasetInput, ModelLink, Run

MakeRun = Callable[..., Run]


def part(runs: list[Run], key: str, **more: Any) -> Section:
    return next(section for section in sections(runs, **more) if section.key == key)


def test_what_differs_is_a_row_and_what_does_not_is_counted(make_run: MakeRun) -> None:
    runs = [
        make_run("a", params={"depth": "4", "seed": "1"}),
        make_run("b", params={"depth": "8", "seed": "1"}),
    ]
    found = part(runs, "params")

    assert [(row.name, [cell.text for cell in row.cells]) for row in found.rows] == [
        ("depth", ["4", "8"])
    ]
    assert found.same == (("seed", "1"),)


def test_what_one_run_lacks_differs_and_says_so(make_run: MakeRun) -> None:
    runs = [make_run("a", params={"depth": "4", "note": ""}), make_run("b")]

    for row in part(runs, "params").rows:
        assert [cell.absent for cell in row.cells] == [False, True]


def test_metrics_are_measured_against_the_first_run(make_run: MakeRun) -> None:
    runs = [make_run("a", values={"acc": 0.9}), make_run("b", values={"acc": 0.95})]
    (row,) = part(runs, "metrics").rows

    assert [(cell.text, cell.delta) for cell in row.cells] == [("0.9", ""), ("0.95", "+0.050")]


def test_a_difference_is_better_or_worse_where_the_direction_is_known(make_run: MakeRun) -> None:
    runs = [
        make_run("a", values={"acc": 0.9, "loss": 0.3, "n": 1.0}),
        make_run("b", values={"acc": 0.8, "loss": 0.2, "n": 2.0}),
    ]
    found = part(runs, "metrics", directions={"acc": "max", "loss": "min"})

    moods = {row.name: row.cells[1].mood for row in found.rows}
    assert moods == {"acc": "worse", "loss": "better", "n": ""}


def test_values_that_are_no_numbers_are_harmless(make_run: MakeRun) -> None:
    runs = [
        make_run("a", values={"acc": float("nan"), "b": float("nan")}),
        make_run("b", values={"acc": float("inf"), "b": float("nan")}),
    ]
    found = part(runs, "metrics")

    assert [[cell.text for cell in row.cells] for row in found.rows] == [["NaN", "∞"]]
    assert [cell.delta for cell in found.rows[0].cells] == ["", ""]
    assert found.same == (("b", "NaN"),)


def test_digests_of_data_are_short_and_in_full_on_hover(make_run: MakeRun) -> None:
    data = [Dataset("iris", digest * 16, "local", "{}") for digest in ("ab12", "cd34")]
    runs = [
        make_run(str(n), dataset_inputs=(DatasetInput(each, {"mlflow.data.context": "train"}),))
        for n, each in enumerate(data)
    ]
    (row,) = part(runs, "data").rows

    assert row.name == "iris (train)"
    assert (row.cells[0].text, row.cells[0].full) == ("ab12ab12ab12", "ab12" * 16)


def test_packages_come_from_the_server(make_run: MakeRun) -> None:
    wire = {
        "packages": [{"name": "numpy", "values": ["2.1", "2.2"]}],
        "equal": {"packages": [{"name": "pandas", "values": ["3.0", "3.0"]}]},
    }
    found = part([make_run("a"), make_run("b")], "packages", packages=package_rows(wire))

    assert [(row.name, [cell.text for cell in row.cells]) for row in found.rows] == [
        ("numpy", ["2.1", "2.2"])
    ]
    assert found.same == (("pandas", "3.0"),)


def test_the_chosen_baseline_comes_first(make_run: MakeRun) -> None:
    runs = [make_run("a"), make_run("b"), make_run("c")]

    assert [run.run_id for run in in_order(runs, "b")] == ["b", "a", "c"]
    assert in_order(runs, "gone") == runs


def test_the_reader_chooses_the_baseline(make_run: MakeRun, say: Callable[..., None]) -> None:
    asked: list[str] = []
    view = Differences(on_baseline=asked.append, on_register=asked.append)
    view.show([make_run("a"), make_run("b")], {})
    say(view, type="baseline", run_id="b")

    assert [head["id"] for head in view.table["runs"]] == ["a", "b"]
    assert asked == ["b"]


def test_a_run_of_the_comparison_with_a_model_can_be_registered(
    make_run: MakeRun, say: Callable[..., None]
) -> None:
    asked: list[str] = []
    view = Differences(on_baseline=lambda _: None, on_register=asked.append)
    view.show([make_run("a", model_outputs=(ModelLink("m-1"),)), make_run("b")], {})
    say(view, type="register", run_id="a")

    assert [head["has_model"] for head in view.table["runs"]] == [True, False]
    assert asked == ["a"]


def edited(old: str, new: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "edited",
        "old_position": 2,
        "new_position": 2,
        "is_moved": False,
        "is_cut": False,
        "old_source": old,
        "new_source": new,
        **more,
    }


def test_an_edited_cell_shows_the_words_that_changed() -> None:
    found = changed_cells([edited("rate = 0.5\nfit()", "rate = 0.25\nfit()")])

    (cell,) = found["cells"]
    assert cell["title"] == "Cell 2 edited"
    assert [line[0] for line in cell["lines"]] == ["removed", "added", "same"]
    assert [text for text, marked in cell["lines"][1][3] if marked] == ["25"]


def test_long_stretches_of_equal_lines_are_counted() -> None:
    before = [f"line {n}" for n in range(30)]
    after = [*before[:29], "changed"]
    (cell,) = changed_cells([edited("\n".join(before), "\n".join(after))])["cells"]

    assert cell["lines"][0][:2] == ["fold", 27]


def test_cells_that_only_ran_are_left_out_and_moved_ones_say_from_where() -> None:
    ran = edited("a", "a", kind="outputs")
    moved = edited("a", "a", kind="moved", is_moved=True, old_position=5)
    found = changed_cells([ran, moved])

    assert [cell["title"] for cell in found["cells"]] == ["Cell 2 moved, was cell 5"]


def test_very_many_changed_cells_are_counted() -> None:
    found = changed_cells([edited("a", str(n)) for n in range(50)])

    assert (len(found["cells"]), found["more"]) == (40, 10)
