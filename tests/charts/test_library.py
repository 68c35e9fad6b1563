"""`nbruns.charts` as a user calls it: on ids, MLflow's runs and DataFrames."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import plotly.graph_objects as go
import pytest

import nbruns
from nbruns.charts.reading import read_histories, read_runs, thinned
from nbruns.errors import InvalidValue, NotFound
from nbruns.records import MetricPoint


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Four runs in a store of this test's own, written with MLflow."""
    monkeypatch.setenv("NBRUNS_HOME", str(tmp_path))
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"nbruns://{tmp_path}")
    made = []
    for number in range(4):
        with mlflow.start_run(run_name=f"run {number}") as run:
            mlflow.log_params({"lr": 10.0**-number, "model": "ab"[number % 2], "depth": number})
            for step in range(6):
                mlflow.log_metric("loss", 1 / (step + 1 + number), step=step)
            mlflow.log_metric("accuracy", 0.9 + number / 100)
        made.append(mlflow.get_run(run.info.run_id))
    yield made
    mlflow.set_tracking_uri(before)


# F37
def test_ids_runs_and_their_dataframe_draw_the_same(runs: list[Any]) -> None:
    ids = [run.info.run_id for run in runs]
    frame = mlflow.search_runs(order_by=["start_time ASC"])
    figures = [nbruns.charts.curves(each, "loss") for each in (ids, runs, frame)]

    assert all(isinstance(figure, go.Figure) for figure in figures)
    assert [list(trace.y) for trace in figures[0].data] == [
        [1 / (step + 1 + number) for step in range(6)] for number in range(4)
    ]
    first = [(trace.name, trace.x, trace.y) for trace in figures[0].data]
    for figure in figures[1:]:
        assert [(trace.name, trace.x, trace.y) for trace in figure.data] == first


# F36 F37
def test_every_kind_of_chart_comes_as_a_figure(runs: list[Any]) -> None:
    frame, charts = mlflow.search_runs(), nbruns.charts
    figures = {
        "bar": charts.bar(frame, "accuracy"),
        "scatter": charts.scatter(frame, "lr", "accuracy", log_x=True),
        "parcoords": charts.parallel(frame, colour_by="accuracy"),
        "contour": charts.contour(frame, "lr", "depth", "accuracy", log_x=True),
        "box": charts.box(frame, "accuracy", by="model"),
    }

    assert {name: figure.data[0].type for name, figure in figures.items()} == {
        name: name for name in figures
    }
    labels = [dimension.label for dimension in figures["parcoords"].data[0].dimensions]
    assert labels == ["depth", "lr", "model", "accuracy"]


def test_a_single_run_needs_no_list(runs: list[Any]) -> None:
    assert len(nbruns.charts.curves(runs[0], "loss").data) == 1
    assert len(nbruns.charts.curves(runs[0].info.run_id, "loss", smoothing=0.5).data) == 2


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda charts, runs: charts.curves(runs, "lost"), "'lost'.* Did you mean 'loss'"),
        (lambda charts, runs: charts.curves(runs, "loss", x="epoch"), "'epoch'.*relative"),
        (lambda charts, runs: charts.curves(runs, "loss", smoothing=1), "'1' must lie between"),
        (lambda charts, runs: charts.curves(runs, "loss", spread="all"), "'all'"),
        (lambda charts, runs: charts.scatter(runs, "rate", "loss"), "'rate'"),
        (lambda charts, runs: charts.bar(runs, "model"), "'model'"),
        (lambda charts, runs: charts.contour(runs, "model", "lr", "loss"), "'model'"),
        (lambda charts, runs: charts.parallel(runs, ["lr"]), "two columns"),
        (lambda charts, runs: charts.curves([], "loss"), "empty"),
        (lambda charts, runs: charts.curves(7, "loss"), "7 is no run"),
        (lambda charts, runs: charts.curves([None], "loss"), "None is no run"),
    ],
)
def test_a_wrong_value_is_named(runs: list[Any], call: Any, named: str) -> None:
    with pytest.raises(InvalidValue, match=named):
        call(nbruns.charts, runs)


def test_an_id_of_no_run_is_named(runs: list[Any]) -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        nbruns.charts.curves("nowhere", "loss")


def test_a_name_that_could_be_two_things_is_asked_about(runs: list[Any]) -> None:
    with mlflow.start_run(run_id=runs[0].info.run_id):
        mlflow.log_metric("depth", 3)

    with pytest.raises(InvalidValue, match=r"metrics\.depth or params\.depth"):
        nbruns.charts.scatter([runs[0].info.run_id], "depth", "accuracy")


def test_a_frame_without_runs_is_refused(runs: list[Any]) -> None:
    frame = mlflow.search_runs()

    with pytest.raises(InvalidValue, match="run_id"):
        nbruns.charts.bar(frame[["status"]], "accuracy")
    with pytest.raises(InvalidValue, match="empty"):
        nbruns.charts.bar(frame[:0], "accuracy")


def test_a_frame_says_nothing_where_it_holds_nan(runs: list[Any]) -> None:
    with mlflow.start_run():
        mlflow.log_param("lr", "7")
    newest = read_runs(mlflow.search_runs())[0]

    assert (dict(newest.params), newest.metrics) == ({"lr": "7"}, ())


def test_only_runs_that_have_the_metric_are_asked_for_it(runs: list[Any]) -> None:
    with mlflow.start_run() as bare:
        pass
    histories = read_histories(read_runs([bare.info.run_id, runs[0]]), "loss")

    assert list(histories) == [runs[0].info.run_id]


def test_a_long_history_keeps_its_extremes() -> None:
    points = [MetricPoint("loss", float(step % 100), step=step) for step in range(10_000)]
    points[5_003] = MetricPoint("loss", -7.0, step=5_003)
    kept = thinned(points, 200)

    assert len(kept) <= 200
    assert min(point.value for point in kept) == -7.0
    assert [point.step for point in kept] == sorted(point.step for point in kept)


def test_naming_charts_costs_a_kernel_next_to_nothing() -> None:
    code = (
        "import sys, nbruns; nbruns.charts; "
        "heavy = {'plotly', 'pandas', 'numpy', 'mlflow', 'sqlite3'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_figure_leaves_nbformat_alone_and_can_be_shown_after_it() -> None:
    code = (
        "import sys; from nbruns.charts.canvas import go; "
        "go.Figure().to_plotly_json(); "
        "assert 'jsonschema' not in sys.modules; "
        "go.Figure().show(renderer='plotly_mimetype'); "
        "import nbformat; nbformat.v4.new_notebook()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)
