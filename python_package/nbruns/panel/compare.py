"""Runs side by side: the charts of the ticked ones or of all listed, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import ipywidgets as w

from nbruns.charts.values import DURATION, START
from nbruns.panel.chart_choices import Choices, choices
from nbruns.panel.chart_data import csv_of
from nbruns.panel.chart_settings import A_PAGE, OF_MANY, ChartSettings
from nbruns.panel.chart_view import ChartView
from nbruns.panel.difference_table import Differences
from nbruns.panel.drawing import Drawing, Histories, draw
from nbruns.panel.heard import Heard
from nbruns.panel.registry import has_model
from nbruns.panel.selection import Selection
from nbruns.records import Run

_MOST_OFFERED = 12
Zoom = Callable[[str, tuple[float, float] | None], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be drawn: the runs, how, and the metrics whose histories that takes.

    `heard` are the wishes it knows of.
    """

    settings: ChartSettings
    choices: Choices
    runs: Sequence[Run]
    metrics: tuple[str, ...]
    heard: dict[str, int] = field(default_factory=dict)


class Compare(w.VBox):  # type: ignore[misc]
    """Charts of runs, and under them what differs between those ticked."""

    def __init__(
        self,
        selection: Selection,
        *,
        plotly_base: str,
        on_zoom: Zoom,
        on_register: Callable[[str], None],
    ) -> None:
        self.selection = selection
        self._on_zoom, self._on_register = on_zoom, on_register
        self._drawn: tuple[Plan, Histories] | None = None
        self._heard = Heard()
        self.chart = ChartView(plotly_base=plotly_base, on_ask=self._ask)
        self.differences = Differences(
            on_baseline=lambda run_id: self.set(baseline=run_id), on_register=on_register
        )
        super().__init__([self.chart, self.differences])
        self.add_class("nbruns-compare")

    @property
    def settings(self) -> ChartSettings:
        """How the reader wants charts drawn."""
        return ChartSettings.of(self.selection.charts)

    def set(self, **asked: Any) -> None:
        """Change some settings."""
        self.selection.charts = self.settings.changed(asked).kept()

    def plan(self, ticked: Sequence[Run], listed: Sequence[Run]) -> Plan:
        """Decide what to draw; `listed` are the runs of the list, as far as charts take them."""
        settings = self.settings
        of_many = len(ticked) < 2 or (settings.scope == "listed" and settings.kind in OF_MANY)
        if len(ticked) < 2 and settings.kind not in OF_MANY:
            settings = replace(settings, kind="scatter")
        runs = listed if of_many else ticked
        found = choices(runs)
        metric = found.metric(self.selection.metric, _with_history(runs))
        if metric is not None and not of_many:
            self.selection.metric = metric
        complete = replace(
            found.complete(settings, metric), scope="listed" if of_many else "ticked"
        )
        metrics = _drawn(complete, found, metric)
        return Plan(complete, found, runs, metrics, self._heard.to_browser())

    def show(
        self, plan: Plan, histories: Histories, *, ticked: Sequence[Run], listed: int, more: bool
    ) -> None:
        """Draw what was planned, and offer what else there is."""
        self._drawn = plan, histories
        # Plotly comes with the first chart, not with the first list.
        drawing = draw(
            plan.settings,
            plan.runs,
            metrics=plan.metrics,
            histories=histories,
            colours=self.selection.colours,
        )
        self.chart.controls = {
            **_offer(plan, drawing, several=len(ticked) > 1),
            "metric": self.selection.metric,
            "heard": plan.heard,
            "ticked": len(ticked),
            "listed": listed,
            "listed_more": more,
            "brushed": None if self.selection.brushed is None else len(self.selection.brushed),
        }
        if drawing.instead:
            self.chart.say(drawing.instead)
        else:
            self.chart.show(drawing.figures)

    def close_all(self) -> None:
        """Leave every page."""
        for part in (self.chart, self.differences, self):
            part.close()

    def _ask(self, message: dict[str, Any]) -> None:
        self._heard.note(message)
        kind = message.get("type")
        if kind == "set" and isinstance(message.get("settings"), dict):
            self.set(**{str(name): value for name, value in message["settings"].items()})
        elif kind == "metric":
            self.selection.metric = str(message["metric"])
        elif kind == "pick":
            self.selection.toggle(str(message["run_id"]))
        elif kind == "register":
            self._on_register(str(message["run_id"]))
        elif kind == "menu":
            self._offer_runs([str(run_id) for run_id in message.get("run_ids", ())])
        elif kind == "brush":
            self.set(brush=message.get("ranges"))
        elif kind == "csv":
            self._send_data(str(message["key"]))
        elif kind == "zoom":
            self._on_zoom(str(message["key"]), _range(message.get("range")))

    def _offer_runs(self, asked: Sequence[str]) -> None:
        """Tell what can be done with the runs of a point; asked for none, with all drawn."""
        drawn = {run.run_id: run for run in self._drawn[0].runs} if self._drawn else {}
        runs = [drawn[run_id] for run_id in asked if run_id in drawn] or list(drawn.values())
        if len(runs) > 1:
            runs = [run for run in runs if has_model(run)]
        offered = [
            {
                "id": run.run_id,
                "name": run.name,
                "ticked": run.run_id in self.selection.ticked,
                "has_model": has_model(run),
            }
            for run in runs[:_MOST_OFFERED]
        ]
        self.chart.send({"type": "menu", "runs": offered})

    def _send_data(self, key: str) -> None:
        if self._drawn is not None:
            plan, histories = self._drawn
            text = csv_of(plan.settings, plan.runs, key, histories)
            self.chart.send({"type": "file", "name": key, "text": text})


def _range(said: Any) -> tuple[float, float] | None:
    if not isinstance(said, list) or len(said) != 2:
        return None
    return float(said[0]), float(said[1])


def _drawn(settings: ChartSettings, found: Choices, metric: str | None) -> tuple[str, ...]:
    if settings.kind not in ("curves", "bar") or metric is None:
        return ()
    return found.ranked[: settings.shown] if settings.many else (metric,)


def _offer(plan: Plan, drawing: Drawing, *, several: bool) -> dict[str, Any]:
    found = plan.choices
    hidden = len(found.ranked) - len(plan.metrics) if plan.settings.many else 0
    return {
        **asdict(plan.settings),
        "kinds": None if several else list(OF_MANY),
        "metrics": list(found.metrics),
        "columns": {
            "Parameters that differ": list(found.differing),
            "Metrics": [f"metrics.{key}" for key in found.metrics],
            "Run": [START, DURATION],
            "Other parameters": list(found.alike),
        },
        "numbers": sorted(found.numbers),
        "groups": list(found.groups),
        "more_metrics": max(hidden, 0),
        "a_page": A_PAGE,
        "remark": drawing.remark,
        "runs": [[run.run_id, run.name] for run in plan.runs] if plan.metrics else [],
        "legend": [list(each) for each in drawing.legend],
    }


def _with_history(runs: Sequence[Run]) -> set[str]:
    """The metrics logged beyond their first step, as far as the newest point tells."""
    return {point.key for run in runs for point in run.metrics if point.step > 0}
