"""Ticked runs side by side: their curves, the parameters that differ, their metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import anywidget
import ipywidgets as w
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.panel.chart_view import ChartView
from nbruns.panel.columns import metric_columns
from nbruns.panel.differences import metrics_side_by_side, params_that_differ
from nbruns.panel.selection import Selection
from nbruns.records import MetricPoint, Run

MOST_METRICS = 500
Histories = Mapping[str, Sequence[MetricPoint]]


class Differences(anywidget.AnyWidget):
    """What tells the ticked runs apart, one column per run."""

    _esm = script("differences")

    table: t.Dict[str, Any] = t.Dict({"runs": [], "params": [], "metrics": []}).tag(sync=True)

    def show(self, runs: Sequence[Run], colours: Mapping[str, str]) -> None:
        """Compare these runs, the first being the baseline of the deltas."""
        heads = [
            {"id": run.run_id, "name": run.name, "colour": colours.get(run.run_id, "")}
            for run in runs
        ]
        self.table = {
            "runs": heads,
            "params": [asdict(row) for row in params_that_differ(runs)],
            "metrics": [asdict(row) for row in metrics_side_by_side(runs)],
        }


class Compare(w.VBox):  # type: ignore[misc]
    """A chart of one metric over the ticked runs, and what differs between them."""

    def __init__(self, selection: Selection, *, plotly_base: str) -> None:
        self.selection = selection
        self.chart = ChartView(plotly_base=plotly_base, on_metric=self._choose)
        self.differences = Differences()
        super().__init__([self.chart, self.differences])
        self.add_class("nbruns-compare")

    def show(self, runs: Sequence[Run]) -> str | None:
        """Compare these runs; answers with the metric whose histories it wants to draw."""
        metrics = sorted({point.key for run in runs for point in run.metrics})[:MOST_METRICS]
        if self.selection.metric not in metrics:
            best = metric_columns(runs, most=MOST_METRICS)
            self.selection.metric = next(
                (key for key in best if has_history(runs, key)), best[0] if best else None
            )
        self.chart.choose_from(metrics, self.selection.metric)
        self.differences.show(runs, self.selection.colours)
        if not metrics:
            self.chart.say("These runs have no metrics yet.")
        return self.selection.metric

    def draw(self, runs: Sequence[Run], metric: str, histories: Histories) -> None:
        """Draw a metric of the runs: curves, or bars where each has one value only."""
        # Plotly comes with the first chart, not with the first list.
        from nbruns.panel.charts import history_chart, latest_chart

        if metric != self.selection.metric:
            return
        names = {run.run_id: run.name for run in runs}
        kept = {run.run_id: histories[run.run_id] for run in runs if run.run_id in histories}
        if any(len(points) > 1 for points in kept.values()):
            figure = history_chart(kept, metric, names=names, colours=self.selection.colours)
        else:
            newest = {run_id: points[-1].value for run_id, points in kept.items()}
            figure = latest_chart(newest, metric, names=names, colours=self.selection.colours)
        self.chart.show(figure)

    def _choose(self, metric: str) -> None:
        self.selection.metric = metric


def has_history(runs: Sequence[Run], key: str) -> bool:
    """Whether a metric was logged at more than its first step, as far as the newest point tells."""
    return any(point.key == key and point.step > 0 for run in runs for point in run.metrics)
