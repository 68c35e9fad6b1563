"""Settings of charts as they come out of links, and what is chosen where they say nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from nbruns.panel.chart_choices import choices
from nbruns.panel.chart_settings import ChartSettings
from nbruns.records import MetricPoint, Run

MakeRun = Callable[..., Run]


def test_what_is_kept_brings_the_same_settings_back() -> None:
    asked = {
        "kind": "parallel",
        "smoothing": 0.5,
        "axes": ["params.lr", "metrics.acc"],
        "brush": {"params.lr": [[0.0, 1.0]]},
    }
    settings = ChartSettings.of(asked)

    assert settings.kept() == asked
    assert ChartSettings.of(settings.kept()) == settings


def test_what_stands_as_at_the_start_is_not_kept() -> None:
    assert ChartSettings.of({"kind": "curves", "log_x": False}).kept() == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "pie"},
        {"over": 3},
        {"smoothing": "much"},
        {"smoothing": float("nan")},
        {"log_x": "yes"},
        {"axes": "params.lr"},
        {"axes": [1]},
        {"brush": [1, 2]},
        {"brush": {"params.lr": [[1], ["a", "b"], [0, float("inf")]]}},
        {"shown": True},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_changes_nothing(wrong: dict[str, Any]) -> None:
    assert ChartSettings.of(wrong) == ChartSettings()


def test_smoothing_stays_below_one() -> None:
    assert ChartSettings.of({"smoothing": 7}).smoothing == 0.99


@pytest.fixture
def runs(make_run: MakeRun) -> list[Run]:
    """Three runs: a number, a word and a seed that is the same in all."""
    return [
        make_run(
            model,
            params={"lr": lr, "model": model, "seed": "7"},
            tags={"team": "x", "mlflow.user": model},
            values={"loss": 1.0, "val_acc": 0.5},
        )
        for model, lr in (("a", "0.1"), ("b", "0.2"), ("b", "0.3"))
    ]


def test_parameters_that_differ_come_first(runs: list[Run]) -> None:
    found = choices(runs)

    assert found.differing == ("params.lr", "params.model")
    assert found.alike == ("params.seed",)
    assert found.metrics == ("loss", "val_acc")


def test_groups_are_values_that_runs_share(runs: list[Run]) -> None:
    assert choices(runs).groups == ("params.model",)


def test_the_metric_with_a_history_is_drawn_first(make_run: MakeRun) -> None:
    found = choices([make_run("a", metrics=(MetricPoint("acc", 1.0), MetricPoint("loss", 1.0)))])

    assert found.metric("loss", set()) == "loss"
    assert found.metric("gone", {"loss"}) == "loss"
    assert found.metric(None, set()) == "acc"
    assert choices([make_run("a")]).metric(None, set()) is None


def test_axes_are_chosen_where_nobody_chose(runs: list[Run]) -> None:
    found = choices(runs)
    scatter = found.complete(ChartSettings(kind="scatter"), "val_acc")
    box = found.complete(ChartSettings(kind="box"), "val_acc")
    lines = found.complete(ChartSettings(kind="parallel"), "val_acc")
    contour = found.complete(ChartSettings(kind="contour", x="params.model"), "val_acc")

    assert (scatter.x, scatter.y) == ("params.lr", "metrics.val_acc")
    assert (box.by, box.z) == ("params.model", "metrics.val_acc")
    assert lines.axes == ("params.lr", "params.model", "metrics.val_acc")
    # Words make no map; a second parameter of numbers there is not.
    assert (contour.x, contour.y) == ("params.lr", "")


def test_what_the_reader_chose_stays(runs: list[Run]) -> None:
    chosen = ChartSettings(kind="scatter", x="attributes.duration", y="params.model")

    assert choices(runs).complete(chosen, "val_acc").x == "attributes.duration"
