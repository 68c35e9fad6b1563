"""What tells runs apart."""

from collections.abc import Callable

from nbruns.panel.differences import metrics_side_by_side, params_that_differ
from nbruns.records import Run


def test_only_parameters_that_differ_are_listed(make_run: Callable[..., Run]) -> None:
    runs = [
        make_run("a", params={"depth": "4", "seed": "1"}),
        make_run("b", params={"depth": "8", "seed": "1"}),
    ]
    (row,) = params_that_differ(runs)

    assert row.name == "depth"
    assert [cell.text for cell in row.cells] == ["4", "8"]


def test_a_parameter_one_run_lacks_differs_and_says_so(make_run: Callable[..., Run]) -> None:
    (row,) = params_that_differ([make_run("a", params={"depth": "4"}), make_run("b")])

    assert [cell.absent for cell in row.cells] == [False, True]


def test_an_empty_parameter_is_not_an_absent_one(make_run: Callable[..., Run]) -> None:
    (row,) = params_that_differ([make_run("a", params={"note": ""}), make_run("b")])

    assert [cell.absent for cell in row.cells] == [False, True]


def test_metrics_are_compared_with_the_first_run(make_run: Callable[..., Run]) -> None:
    runs = [make_run("a", values={"acc": 0.9}), make_run("b", values={"acc": 0.95})]
    (row,) = metrics_side_by_side(runs)

    assert [(cell.text, cell.delta) for cell in row.cells] == [("0.9", ""), ("0.95", "+0.050")]


def test_a_metric_the_first_run_lacks_has_no_deltas(make_run: Callable[..., Run]) -> None:
    (row,) = metrics_side_by_side([make_run("a"), make_run("b", values={"acc": 0.95})])

    assert [cell.delta for cell in row.cells] == ["", ""]
