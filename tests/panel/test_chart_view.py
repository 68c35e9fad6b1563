"""What of figures is sent to the browser, and when."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest

from nbruns.charts.curve_figure import curve_figure
from nbruns.panel.chart_view import ChartView, new_points, plain
from nbruns.records import MetricPoint, Run

MakeRun = Callable[..., Run]
Chart = tuple[ChartView, list[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def figure(make_run: MakeRun) -> Callable[..., go.Figure]:
    """Curves of values by run id."""

    def make(metric: str = "acc", **values: list[float]) -> go.Figure:
        histories = {
            run_id: [MetricPoint(metric, value, step=step) for step, value in enumerate(each)]
            for run_id, each in values.items()
        }
        return curve_figure([make_run(run_id) for run_id in values], histories, metric, colours={})

    return make


@pytest.fixture
def chart(monkeypatch: pytest.MonkeyPatch) -> Chart:
    """A chart, what it sends to the browser, and what it was asked."""
    asked: list[dict[str, Any]] = []
    view = ChartView(plotly_base="http://127.0.0.1/nbruns/", on_ask=asked.append)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(view, "send", lambda message, buffers=None: sent.append(message))
    return view, sent, asked


def test_a_figure_is_sent_as_json_without_its_template(figure: Callable[..., go.Figure]) -> None:
    sent = plain(figure(a=[1.0, float("nan")]))

    assert "template" not in sent["layout"]
    assert json.loads(json.dumps(sent, allow_nan=False))["data"][0]["y"] == [1.0, None]


def test_of_a_longer_curve_only_the_new_points_are_sent(figure: Callable[..., go.Figure]) -> None:
    before = plain(figure(a=[1, 2], b=[5]))
    after = plain(figure(a=[1, 2, 3], b=[5]))

    assert new_points(before, after) == [[[2], [3]], [[], []]]


def test_a_curve_that_changed_before_its_end_is_sent_whole(
    figure: Callable[..., go.Figure],
) -> None:
    before = plain(figure(a=[1, 2]))

    assert new_points(before, plain(figure(a=[9, 2, 3]))) is None
    assert new_points(before, plain(figure("loss", a=[1, 2]))) is None
    assert new_points(before, plain(figure(a=[1], b=[1]))) is None


def test_a_growing_chart_sends_its_figure_once(
    chart: Chart, figure: Callable[..., go.Figure]
) -> None:
    view, sent, _ = chart
    view.show({"acc": figure(a=[1])})
    view.show({"acc": figure(a=[1, 2])})
    view.show({"acc": figure(a=[1, 2])})

    assert [message["type"] for message in sent] == ["figures", "extend"]
    assert sent[1]["points"] == {"acc": [[[1], [2]]]}


def test_of_several_charts_only_those_that_changed_are_sent(
    chart: Chart, figure: Callable[..., go.Figure]
) -> None:
    view, sent, _ = chart
    view.show({"acc": figure(a=[1]), "loss": figure("loss", a=[1])})
    view.show({"acc": figure(a=[1]), "loss": figure("loss", a=[7])})
    view.show({"acc": figure(a=[1])})

    assert [list(message["figures"]) for message in sent] == [["acc", "loss"], ["loss"], []]
    assert sent[-1]["order"] == ["acc"]


def test_a_view_that_comes_later_gets_all_figures(
    chart: Chart, figure: Callable[..., go.Figure], say: Callable[..., None]
) -> None:
    view, sent, asked = chart
    view.show({"acc": figure(a=[1, 2])})
    say(view, type="ready")

    assert sent[0] == sent[1]
    assert asked == []


def test_words_take_the_place_of_figures(
    chart: Chart, figure: Callable[..., go.Figure], say: Callable[..., None]
) -> None:
    view, sent, asked = chart
    view.show({"acc": figure(a=[1])})
    view.say("Nothing to draw.")
    say(view, type="brush", ranges={})

    assert (view.caption, sent[-1]["order"]) == ("Nothing to draw.", [])
    assert asked == [{"type": "brush", "ranges": {}}]


def test_the_panel_starts_without_plotly() -> None:
    code = (
        "import sys, nbruns.panel.app; "
        "heavy = {'plotly', 'pandas', 'numpy', 'mlflow', 'nbformat'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_page_without_a_server_of_ours_is_sent_the_script_once_it_asks(
    chart: Chart, monkeypatch: pytest.MonkeyPatch, say: Callable[..., None]
) -> None:
    view, _, asked = chart
    buffers: list[bytes] = []
    monkeypatch.setattr(view, "send", lambda message, buffers: buffers_of(buffers))
    buffers_of = buffers.extend
    say(view, type="plotly")

    assert gzip.decompress(buffers[0]).startswith(b"/**\n* plotly.js")
    # Jupyter servers hold back kernels that say more than a megabyte a second.
    assert len(buffers[0]) < 2_500_000
    assert asked == []
