"""Figures out of points, and what of them is sent to the browser."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest

from nbruns.panel.chart_view import ChartView, new_points, plain
from nbruns.panel.charts import history_chart, latest_chart
from nbruns.records import MetricPoint


def points(*values: float) -> list[MetricPoint]:
    return [MetricPoint("acc", value, step=step) for step, value in enumerate(values)]


def test_a_history_becomes_one_line_per_run() -> None:
    figure = history_chart(
        {"a": points(1, 2), "b": points(3)},
        "acc",
        names={"a": "first", "b": "second"},
        colours={"a": "#111111"},
    )

    assert isinstance(figure, go.Figure)
    assert [trace.name for trace in figure.data] == ["first", "second"]
    assert list(figure.data[0].x) == [0, 1]
    assert figure.data[0].line.color == "#111111"
    assert figure.layout.yaxis.title.text == "acc"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_json_cannot_carry_is_a_gap(value: float) -> None:
    figure = history_chart({"a": points(1, value, 2)}, "acc")

    sent = json.dumps(plain(figure), allow_nan=False)
    assert json.loads(sent)["data"][0]["y"] == [1, None, 2]


def test_runs_of_one_name_have_a_bar_each() -> None:
    figure = latest_chart({"a": 1.0, "b": 2.0}, "acc", names={"a": "same", "b": "same"})

    assert [list(trace.y) for trace in figure.data] == [["a"], ["b"]]
    assert list(figure.layout.yaxis.ticktext) == ["same", "same"]


def test_markup_in_names_is_drawn_as_text() -> None:
    names = {"a": "<a href='x'>run</a>"}
    figures = [
        history_chart({"a": points(1, 2)}, "<b>acc", names=names),
        latest_chart({"a": 1.0}, "<b>acc", names=names),
    ]

    assert not any("<b>" in str(plain(figure)) for figure in figures)
    assert not any("<a" in str(plain(figure)) for figure in figures)


def test_a_figure_is_sent_without_its_template() -> None:
    assert "template" not in plain(history_chart({"a": points(1)}, "acc"))["layout"]


def test_of_a_longer_curve_only_the_new_points_are_sent() -> None:
    before = plain(history_chart({"a": points(1, 2), "b": points(5)}, "acc"))
    after = plain(history_chart({"a": points(1, 2, 3), "b": points(5)}, "acc"))

    assert new_points(before, after) == [[[2], [3]], [[], []]]


def test_a_curve_that_changed_before_its_end_is_sent_whole() -> None:
    before = plain(history_chart({"a": points(1, 2)}, "acc"))

    assert new_points(before, plain(history_chart({"a": points(9, 2, 3)}, "acc"))) is None
    assert new_points(before, plain(history_chart({"a": points(1, 2)}, "loss"))) is None
    assert new_points(before, plain(history_chart({"a": points(1), "b": points(1)}, "acc"))) is None


@pytest.fixture
def chart(monkeypatch: pytest.MonkeyPatch) -> tuple[ChartView, list[dict[str, Any]]]:
    """A chart, and what it sends to the browser."""
    view = ChartView(plotly_base="http://127.0.0.1/nbruns/", on_metric=lambda metric: None)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(view, "send", lambda message, buffers=None: sent.append(message))
    return view, sent


def test_a_growing_chart_sends_its_figure_once(
    chart: tuple[ChartView, list[dict[str, Any]]],
) -> None:
    view, sent = chart
    view.show(history_chart({"a": points(1)}, "acc"))
    view.show(history_chart({"a": points(1, 2)}, "acc"))
    view.show(history_chart({"a": points(1, 2)}, "acc"))

    assert [message["type"] for message in sent] == ["figure", "extend"]


def test_a_view_that_comes_later_gets_the_whole_figure(
    chart: tuple[ChartView, list[dict[str, Any]]], say: Callable[..., None]
) -> None:
    view, sent = chart
    view.show(history_chart({"a": points(1, 2)}, "acc"))
    say(view, type="ready")

    assert sent[0] == sent[1]


def test_importing_charts_leaves_nbformat_alone() -> None:
    code = (
        "import sys, nbruns.panel.charts as c; "
        "c.history_chart({}, 'a').to_plotly_json(); "
        "assert 'jsonschema' not in sys.modules; "
        "import nbformat; nbformat.v4.new_notebook()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_panel_starts_without_plotly() -> None:
    code = (
        "import sys, nbruns.panel.app; "
        "heavy = {'plotly', 'pandas', 'numpy', 'mlflow', 'nbformat'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
