"""Which columns a list has, and what they show."""

from collections.abc import Callable, Sequence

import pytest

from nbruns.panel.columns import (
    Column,
    Columns,
    less_is_better,
    listed,
    metric_columns,
    short_labels,
)
from nbruns.panel.selection import Selection
from nbruns.records import ListColumns, LoggedKey, Run


def test_metrics_on_held_out_data_come_before_those_of_training(
    make_run: Callable[..., Run],
) -> None:
    values = {"training_accuracy": 1.0, "loss": 0.1, "val_accuracy": 0.9, "lr": 0.1}

    assert metric_columns([make_run("a", values=values)]) == [
        "val_accuracy",
        "loss",
        "training_accuracy",
        "lr",
    ]


def test_of_equal_metrics_the_more_common_one_comes_first(make_run: Callable[..., Run]) -> None:
    runs = [make_run("a", values={"q": 1.0}), make_run("b", values={"b": 1.0, "q": 2.0})]

    assert metric_columns(runs) == ["q", "b"]


def test_measurements_of_the_machine_are_no_columns(make_run: Callable[..., Run]) -> None:
    run = make_run("a", values={"system/cpu_utilization_percentage": 3.0, "acc": 1.0})

    assert metric_columns([run]) == ["acc"]


def test_columns_are_few_however_many_metrics_there_are(make_run: Callable[..., Run]) -> None:
    run = make_run("a", values={f"m{number}": 1.0 for number in range(500)})

    assert len(metric_columns([run])) == 8


def test_labels_leave_out_the_words_they_share() -> None:
    assert short_labels(["training_score", "training_f1_score"]) == ["score", "f1_score"]


def test_labels_that_share_nothing_stay_whole() -> None:
    assert short_labels(["val_loss", "train_loss"]) == ["val_loss", "train_loss"]
    assert short_labels(["val_loss"]) == ["val_loss"]
    assert short_labels(["loss", "loss_a"]) == ["loss", "loss_a"]


def keys(**runs: int) -> list[LoggedKey]:
    return [LoggedKey(key, count, count) for key, count in runs.items()]


def names(columns: Sequence[Column]) -> list[str]:
    return [column.order for column in columns]


def test_chosen_by_the_panel_come_metrics_and_then_params_that_differ() -> None:
    found = {
        "metrics": keys(loss=3, val_acc=3),
        "params": [*keys(depth=2), LoggedKey("seed", 3, 1)],
    }

    assert names(Columns().of(Selection(), found)) == [
        "metrics.`val_acc`",
        "metrics.`loss`",
        "params.`depth`",
    ]


def test_columns_keep_their_place_while_the_keys_are_the_same() -> None:
    columns = Columns()
    columns.of(Selection(), {"metrics": keys(gain=2, heat=1)})
    again = columns.of(Selection(), {"metrics": keys(gain=1, heat=2)})
    better = columns.of(Selection(), {"metrics": keys(gain=1, heat=2, val_acc=1)})

    assert names(again) == ["metrics.`gain`", "metrics.`heat`"]
    assert names(better)[0] == "metrics.`val_acc`"


def test_chosen_columns_stand_in_their_order_whatever_was_logged() -> None:
    wanted = ("params.`depth`", "attributes.user_id", "metrics.`val loss`", "nonsense", "tags.team")
    columns = Columns().of(Selection(columns=wanted), {"metrics": keys(acc=9)})

    assert names(columns) == [
        "params.`depth`",
        "attributes.user_id",
        "metrics.`val loss`",
        "tags.`team`",
    ]
    assert [column.label for column in columns] == ["depth", "User", "val loss", "team"]


# F17
def test_a_metric_shows_its_best_value_by_its_direction() -> None:
    selection = Selection(
        columns=("metrics.`acc`", "metrics.`loss`", "metrics.`gap`"),
        aggregates={"acc": "best", "loss": "best", "gap": "min"},
        directions={"gap": "min"},
    )
    columns = Columns().of(selection, {})

    assert [(column.aggregate, column.best) for column in columns] == [
        ("max", "max"),
        ("min", "min"),
        ("min", "min"),
    ]
    assert listed(columns, tags=("t",)) == ListColumns(
        {"acc": ("max", "max"), "loss": ("min", "min"), "gap": ("min", "min")}, (), ("t",)
    )


@pytest.mark.parametrize(
    ("key", "is_less"),
    [("val_loss", True), ("RMSE", True), ("train/error", True), ("accuracy", False), ("f1", False)],
)
def test_a_metric_s_name_says_whether_less_is_better(key: str, is_less: bool) -> None:
    assert less_is_better(key) is is_less
