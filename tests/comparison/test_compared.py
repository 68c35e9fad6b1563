"""What differs between runs, as plain data and in one line."""

from __future__ import annotations

import math
from typing import Any

import pytest
from compared_runs import environment, notebook, run

from nbruns.comparison import Comparison, Side, compare
from nbruns.errors import InvalidValue
from nbruns.records import Environment, Package, Run


def compared(old: Run, new: Run) -> Comparison:
    return compare([Side(old), Side(new)])


def values(found: Any) -> dict[str, tuple[Any, ...]]:
    return {row.name: row.values for row in found}


def test_parameters_that_differ_are_told_apart_from_equal_ones() -> None:  # N1
    found = compared(
        run("a", params={"lr": "0.1", "depth": "3", "old": "x"}),
        run("b", params={"lr": "0.01", "depth": "3", "new": "y"}),
    )

    assert values(found.params) == {"lr": ("0.1", "0.01"), "old": ("x", None), "new": (None, "y")}
    assert [row.kind() for row in found.params] == ["changed", "added", "removed"]
    assert values(found.equal.params) == {"depth": ("3", "3")}


def test_metrics_come_with_their_distance_from_the_first_run() -> None:
    found = compared(
        run("a", metrics={"acc": 0.8, "loss": -2.0, "zero": 0.0, "nan": math.nan, "same": 1.0}),
        run(
            "b", metrics={"acc": 0.9, "loss": -1.0, "zero": 0.5, "nan": 3.0, "same": 1.0, "x": 1.0}
        ),
    )

    rows = {row.name: row for row in found.metrics}
    assert rows["acc"].deltas == (0.0, pytest.approx(0.1))
    assert rows["acc"].relative == (0.0, pytest.approx(0.125))
    assert rows["loss"].relative[1] == pytest.approx(0.5)
    assert (rows["zero"].deltas[1], rows["zero"].relative[1]) == (0.5, None)
    assert rows["nan"].deltas == (None, None)
    assert rows["x"].deltas == (None, None)
    assert values(found.equal.metrics) == {"same": (1.0, 1.0)}


def test_not_a_number_equals_itself() -> None:
    found = compared(run("a", metrics={"m": math.nan}), run("b", metrics={"m": math.nan}))

    assert found.metrics == ()


def test_noise_of_the_last_digits_is_no_distance() -> None:
    found = compared(run("a", metrics={"m": 0.3}), run("b", metrics={"m": 0.1 + 0.2}))

    assert found.metrics[0].deltas[1] == 0.0


def test_a_tiny_baseline_leaves_no_infinite_part() -> None:
    found = compared(run("a", metrics={"m": 5e-324}), run("b", metrics={"m": 1e300}))

    assert found.metrics[0].relative[1] is None


def test_datasets_are_told_apart_by_name_use_and_digest() -> None:  # F22
    found = compared(
        run("a", datasets=[("churn", "d1", "train"), ("churn", "e1", "eval")]),
        run("b", datasets=[("churn", "d2", "train"), ("churn", "e1", "eval"), ("extra", "x", "")]),
    )

    assert values(found.datasets) == {"churn (train)": ("d1", "d2"), "extra": (None, "x")}
    assert values(found.equal.datasets) == {"churn (eval)": ("e1", "e1")}


def test_packages_are_compared_by_their_normal_names() -> None:  # F21
    found = compare(
        [
            Side(run("a"), environment(numpy="2.1", Foo_Bar="1", gone="3")),
            Side(
                run("b"),
                Environment(
                    "3.11.7",
                    "Linux",
                    (
                        Package("numpy", "2.2"),
                        Package("foo-bar", "1"),
                        Package("own", "0", "editable /x"),
                    ),
                ),
            ),
        ]
    )

    assert values(found.packages) == {
        "numpy": ("2.1", "2.2"),
        "gone": ("3", None),
        "own": (None, "0 (editable /x)"),
    }
    assert values(found.equal.packages) == {"Foo_Bar": ("1", "1")}
    assert found.unknown == (
        "No revision of the notebook is kept for run 'a'",
        "No revision of the notebook is kept for run 'b'",
    )


def test_packages_of_one_run_only_are_not_taken_for_removed_ones() -> None:
    found = compare([Side(run("a"), environment(numpy="2")), Side(run("b"))])

    assert found.packages == ()
    assert "The packages of run 'b' were not recorded" in found.unknown


def test_source_and_own_tags_are_told_apart() -> None:
    tags = {"mlflow.source.git.commit": "c1", "nbruns.pid": "1", "team": "x"}
    found = compared(
        run("a", tags=tags),
        run("b", tags=tags | {"mlflow.source.git.commit": "c2", "nbruns.pid": "2"}, user="bob"),
    )

    assert values(found.source) == {"commit": ("c1", "c2"), "user": ("ada", "bob")}
    assert found.tags == ()
    assert values(found.equal.tags) == {"team": ("x", "x")}


def test_code_is_compared_cell_by_cell() -> None:
    found = compare(
        [Side(run("a"), None, notebook("x", "y")), Side(run("b"), None, notebook("x", "z"))]
    )

    assert found.code[0].difference is not None
    assert [cell.kind for cell in found.code[0].difference.changes] == ["edited"]
    assert found.code[0].words == "cell 2 edited"


@pytest.mark.parametrize(
    ("names", "words"), [(("k", "k"), "unchanged"), (("k", "l"), "changed"), (("k", None), "")]
)
def test_without_the_notebooks_the_codes_names_still_say_something(
    names: tuple[str | None, str | None], words: str
) -> None:
    old, new = ({"nbruns.code": name} if name else {} for name in names)

    assert compared(run("a", tags=old), run("b", tags=new)).code[0].words == words


def test_the_sentence_names_code_parameters_data_and_packages() -> None:
    old = run("a", params={"lr": "0.1"}, datasets=[("train", "0123456789abcdef", "")])
    new = run("b", params={"lr": "0.01"}, datasets=[("train", "fedcba9876543210", "")])
    found = compare(
        [
            Side(old, environment(numpy="2.1"), notebook("a", "b", "c")),
            Side(new, environment(numpy="2.2", torch="3"), notebook("x", "b", "y")),
        ]
    )

    assert found.sentence == (
        "cells 1, 3 edited; lr 0.1 → 0.01; data train 01234567 → fedcba98; "
        "numpy 2.1 → 2.2; torch 3 added"
    )


def test_a_long_sentence_counts_the_rest() -> None:
    old = {f"p{n}": "1" for n in range(9)}
    new = {f"p{n}": "2" * 100 for n in range(9)}

    said = compared(run("a", params=old), run("b", params=new)).sentence
    assert said.endswith("6 more parameters")
    assert len(said) < 200


@pytest.mark.parametrize("with_code", [True, False])
def test_where_nothing_differs_only_what_is_known_is_said_to_be_the_same(with_code: bool) -> None:
    tags = {"nbruns.code": "k"} if with_code else {}
    found = compared(run("a", tags=tags), run("b", tags=tags))

    assert found.sentence == ("same code and parameters" if with_code else "same parameters")


def test_equal_runs_of_which_all_is_known_are_said_to_be_the_same() -> None:
    same = {
        "params": {"a": "1"},
        "datasets": [("d", "1", "")],
        "tags": {"mlflow.source.git.commit": "c"},
    }
    sides = [Side(run(name, **same), environment(x="1"), notebook("x")) for name in "ab"]

    assert compare(sides).sentence == "same code, parameters, data and packages"


def test_a_commit_or_another_python_is_a_change() -> None:
    old, new = ({"mlflow.source.git.commit": one * 40} for one in "ab")
    found = compare(
        [Side(run("a", tags=old), environment()), Side(run("b", tags=new), environment("3.12"))]
    )

    assert found.sentence == "Python 3.11.7 → 3.12; commit aaaaaaa → bbbbbbb"


def test_more_runs_are_each_compared_with_the_first() -> None:
    runs = [
        run(name, params={"lr": lr}, metrics={"m": float(lr)})
        for name, lr in (("a", "1"), ("b", "2"), ("c", "3"))
    ]
    found = compare([Side(one) for one in runs])

    assert found.params[0].values == ("1", "2", "3")
    assert found.metrics[0].deltas == (0.0, 1.0, 2.0)
    assert found.sentence == "b: lr 1 → 2 | c: lr 1 → 3"


def test_one_run_is_no_comparison() -> None:
    with pytest.raises(InvalidValue, match="two runs or more"):
        compare([Side(run())])


def test_tables_fit_into_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    found = compare(
        [
            Side(
                run("a", metrics={"acc": 0.5, "same": 1.0}), environment(numpy="1"), notebook("x")
            ),
            Side(
                run("b", metrics={"acc": 0.75, "same": 1.0}), environment(numpy="2"), notebook("y")
            ),
        ]
    ).to_dict()

    metrics = pandas.DataFrame(found["metrics"]).set_index("name")
    assert metrics.loc["acc", ["a", "b", "delta", "relative"]].tolist() == [0.5, 0.75, 0.25, 0.5]
    assert pandas.DataFrame(found["packages"]).to_dict("records") == [
        {"name": "numpy", "differs": True, "a": "1", "b": "2"}
    ]
    assert pandas.DataFrame(found["code"])[
        ["kind", "old_source", "new_source"]
    ].values.tolist() == [["edited", "x", "y"]]


def test_columns_are_ids_where_names_are_not_unique() -> None:
    old = run("a", params={"p": "1"})
    new = Run(**{f: getattr(run("b", params={"p": "2"}), f) for f in Run.__slots__} | {"name": "a"})

    assert compared(old, new).to_dict()["params"] == [
        {"name": "p", "differs": True, "a" * 32: "1", "b" * 32: "2"}
    ]
