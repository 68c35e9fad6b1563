"""Which metrics become columns."""

from collections.abc import Callable

from nbruns.panel.columns import metric_columns, short_labels
from nbruns.records import Run


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
