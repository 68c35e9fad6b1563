"""Records to figures: what is drawn where, and what is left out."""

import json
import math
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest

from nbruns.charts.bar_figure import bar_figure
from nbruns.charts.box_figure import box_figure
from nbruns.charts.contour_figure import contour_figure
from nbruns.charts.curve_figure import curve_figure
from nbruns.charts.dimensions import brushed
from nbruns.charts.groups import groups_by
from nbruns.charts.parallel_figure import parallel_figure
from nbruns.charts.scatter_figure import scatter_figure
from nbruns.errors import InvalidValue
from nbruns.records import MetricPoint, Run

MakeRun = Callable[..., Run]
Points = Callable[..., list[MetricPoint]]


def drawn(runs: list[Run], *histories: list[MetricPoint], **more: Any) -> go.Figure:
    by_run = {run.run_id: points for run, points in zip(runs, histories, strict=True)}
    return curve_figure(runs, by_run, "acc", colours={"a": "#111111"}, **more)


def test_a_history_becomes_one_line_per_run(make_run: MakeRun, points: Points) -> None:
    figure = drawn([make_run("a"), make_run("b")], points(1, 2), points(3))

    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert list(figure.data[0].x) == [0, 1]
    assert list(figure.data[1].y) == [3]
    assert figure.data[0].line.color == "#111111"
    assert figure.layout.yaxis.title.text == "acc"
    assert figure.layout.xaxis.title.text == "step"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.7976931348623157e308])
def test_a_value_json_cannot_carry_is_a_gap(
    make_run: MakeRun, points: Points, value: float
) -> None:
    figure = drawn([make_run("a")], points(1, value, 2), smoothing=0.5)

    sent = json.dumps([list(trace.y) for trace in figure.data], allow_nan=False)
    assert json.loads(sent)[0] == [1, None, 2]
    assert json.loads(sent)[1][1] is None


def test_time_is_in_milliseconds_and_relative_to_each_run(
    make_run: MakeRun, points: Points
) -> None:
    at = drawn([make_run("a")], points(1, 2), over="time")
    since = drawn([make_run("a")], points(1, 2), over="relative")

    assert (at.layout.xaxis.type, list(at.data[0].x)) == ("date", [2_000, 3_000])
    assert list(since.data[0].x) == [1, 2]
    assert since.layout.xaxis.title.text == "seconds since start"


def test_a_long_relative_time_is_told_in_hours(make_run: MakeRun) -> None:
    late = [MetricPoint("acc", 1.0, at_ms=1_000 + 4 * 3_600_000)]

    figure = drawn([make_run("a")], late, over="relative")

    assert figure.layout.xaxis.title.text == "hours since start"
    assert list(figure.data[0].x) == [4]


def test_axes_are_logarithmic_where_asked(make_run: MakeRun, points: Points) -> None:
    figure = drawn([make_run("a")], points(1, 2), log_x=True, log_y=True)

    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")


def test_a_smoothed_line_has_the_logged_one_faint_behind(make_run: MakeRun, points: Points) -> None:
    figure = drawn([make_run("a")], points(0, 1, 0, 1), smoothing=0.6)

    behind, smooth = figure.data
    assert list(behind.y) == [0, 1, 0, 1]
    assert behind.opacity < 0.5
    assert behind.hoverinfo == "skip"
    assert max(smooth.y) < 1
    assert smooth.opacity is None


def test_a_group_is_its_mean_with_a_band_around(make_run: MakeRun, points: Points) -> None:
    runs = [make_run("a", kind="x"), make_run("b", kind="x"), make_run("c", kind="y")]
    figure = drawn(
        runs, points(1, 1), points(3, 5), points(9, 9), groups=groups_by(runs, "params.kind")
    )

    band, mean, alone = figure.data
    assert (mean.name, list(mean.y)) == ("x (2)", [2, 3])
    assert list(band.y) == [3, 5, 1, 1]
    assert band.fill == "toself"
    assert (alone.name, list(alone.y)) == ("y (1)", [9, 9])


def test_a_group_means_its_runs_where_they_log_at_other_steps(
    make_run: MakeRun, points: Points
) -> None:
    runs = [make_run("a", kind="x"), make_run("b", kind="x")]
    sparse = [MetricPoint("acc", 0.0, step=0), MetricPoint("acc", 4.0, step=4)]
    figure = drawn(
        runs,
        sparse,
        points(2, 2, 2),
        groups=groups_by(runs, "params.kind"),
        spread="std",
    )

    mean = figure.data[1]
    assert dict(zip(mean.x, mean.y, strict=True)) == {0: 1, 1: 1.5, 2: 2, 4: 4}


def test_runs_of_one_name_have_a_bar_each(make_run: MakeRun) -> None:
    runs = [make_run("a", values={"acc": 1.0}), make_run("b", values={"acc": 2.0})]
    figure = bar_figure(runs, "metrics.acc", colours={})

    assert [list(trace.y) for trace in figure.data] == [["a"], ["b"]]
    assert [list(trace.x) for trace in figure.data] == [[1.0], [2.0]]


def test_a_group_s_bar_is_its_mean_with_its_deviation(make_run: MakeRun) -> None:
    runs = [make_run(str(value), values={"acc": value}, kind="x") for value in (1.0, 3.0)]
    figure = bar_figure(runs, "metrics.acc", colours={}, groups=groups_by(runs, "params.kind"))

    assert list(figure.data[0].x) == [2.0]
    assert figure.data[0].error_x.array[0] == pytest.approx(math.sqrt(2))


def test_points_know_their_run_and_those_without_a_value_are_left_out(make_run: MakeRun) -> None:
    runs = [
        make_run("a", values={"acc": 0.5}, lr="0.1"),
        make_run("b", values={"acc": 0.7}),
        make_run("c", values={"acc": 0.9}, lr="0.01"),
    ]
    figure = scatter_figure(runs, "params.lr", "metrics.acc", colours={"c": "#222222"}, log_x=True)

    quiet, picked = figure.data
    assert (list(quiet.customdata), list(quiet.x)) == (["a"], [0.1])
    assert (list(picked.customdata), picked.marker.color) == (["c"], "#222222")
    assert figure.layout.xaxis.type == "log"


def test_words_have_a_category_axis_in_their_order(make_run: MakeRun) -> None:
    runs = [make_run(v, values={"acc": 0.5}, depth=v) for v in ("10", "None", "2")]
    figure = scatter_figure(runs, "params.depth", "metrics.acc", colours={})

    assert figure.layout.xaxis.type == "category"
    assert list(figure.layout.xaxis.categoryarray) == ["2", "10", "None"]


def test_a_brush_keeps_the_runs_within_its_ranges(make_run: MakeRun) -> None:
    runs = [
        make_run("a", values={"acc": 0.5}, kind="tree", lr="0.0001"),
        make_run("b", values={"acc": 0.7}, kind="net", lr="0.1"),
        make_run("c", values={"acc": 0.9}, kind="net", lr="1"),
    ]
    names = ["params.kind", "params.lr", "metrics.acc"]
    # Words stand in their order ("net", "tree"), wide numbers by their powers of ten.
    brush = {"params.kind": [[-0.2, 0.2]], "params.lr": [[-2.0, -0.5]]}
    figure = parallel_figure(runs, names, brush=brush, colour_by="metrics.acc")

    assert [run.run_id for run in brushed(runs, brush)] == ["b"]
    kind, rate, _ = figure.data[0].dimensions
    assert list(kind.ticktext) == ["net", "tree"]
    assert list(kind.constraintrange) == [-0.2, 0.2]
    assert list(rate.values) == pytest.approx([-4, -1, 0])
    assert list(figure.data[0].line.color) == [0.5, 0.7, 0.9]


def test_several_ranges_of_one_axis_are_all_kept(make_run: MakeRun) -> None:
    runs = [make_run(str(v), values={"acc": v}) for v in (0.1, 0.5, 0.9)]

    kept = brushed(runs, {"metrics.acc": [[0.0, 0.2], [0.8, 1.0]]})
    assert [run.run_id for run in kept] == ["0.1", "0.9"]


def test_a_map_takes_the_mean_of_runs_at_one_place(make_run: MakeRun) -> None:
    places = [("1", "1", 1.0), ("1", "1", 3.0), ("2", "1", 5.0), ("2", "2", 6.0)]
    runs = [make_run(str(n), values={"acc": acc}, x=x, y=y) for n, (x, y, acc) in enumerate(places)]
    figure = contour_figure(runs, "params.x", "params.y", "metrics.acc")

    assert list(figure.data[0].z) == [2.0, 5.0, 6.0]
    assert list(figure.data[1].customdata) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("params", [{"x": "tree"}, {"x": "1"}])
def test_a_map_of_words_or_of_one_value_is_refused(
    make_run: MakeRun, params: dict[str, str]
) -> None:
    runs = [make_run(str(n), values={"acc": n}, y=n, **params) for n in range(3)]

    with pytest.raises(InvalidValue, match="'x'"):
        contour_figure(runs, "params.x", "params.y", "metrics.acc")


def test_a_box_holds_the_runs_of_one_value(make_run: MakeRun) -> None:
    runs = [make_run(str(n), values={"acc": n}, kind="ab"[n % 2]) for n in range(4)]
    figure = box_figure(runs, "metrics.acc", "params.kind", colours={"3": "#333333"})

    first, second, marked = figure.data
    assert (list(first.y), list(first.customdata)) == ([0, 2], ["0", "2"])
    assert list(second.y) == [1, 3]
    assert (list(marked.x), list(marked.y)) == (["b"], [3])


def test_markup_in_names_is_drawn_as_text(make_run: MakeRun, points: Points) -> None:
    runs = [
        make_run("<a href='x'>", values={"<b>": 1.0, "two": 2.0}, **{"<i>": place})
        for place in range(2)
    ]
    runs = [Run(**{**_fields(run), "run_id": str(n)}) for n, run in enumerate(runs)]
    histories = {run.run_id: points(1, 2) for run in runs}
    names = ("params.<i>", "metrics.<b>")
    figures = [
        curve_figure(runs, histories, "<b>", colours={}),
        bar_figure(runs, "metrics.<b>", colours={}),
        scatter_figure(runs, *names, colours={}),
        parallel_figure(runs, names),
        box_figure(runs, names[1], names[0]),
    ]

    for figure in figures:
        said = str({**figure.to_plotly_json(), "template": None})
        ours = said.replace("<b>%{", "").replace("</b><br>", "").replace("<extra>", "")
        assert "<a" not in ours
        assert "<i>" not in ours.replace("'name': 'params.<i>'", "")


def _fields(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in Run.__slots__}
