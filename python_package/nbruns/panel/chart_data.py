"""What a chart shows, as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from nbruns.charts.series import series_of
from nbruns.charts.values import column, label
from nbruns.panel.chart_settings import ChartSettings
from nbruns.panel.drawing import Histories
from nbruns.records import Run


def csv_of(settings: ChartSettings, runs: Sequence[Run], key: str, histories: Histories) -> str:
    """A chart's data as CSV: the points of curves, else a line per run with its columns."""
    if settings.kind == "curves" and histories.get(key):
        return _written(_points(settings, runs, key, histories))
    names = {
        "scatter": (settings.x, settings.y),
        "parallel": settings.axes,
        "contour": (settings.x, settings.y, settings.z),
        "box": (settings.by, settings.z),
    }.get(settings.kind, (f"metrics.{key}",))
    chosen = dict.fromkeys([*names, settings.group] if settings.group else names)
    read = [column(runs, name) for name in chosen]
    rows: list[Iterable[object]] = [("run", "run_id", *(label(name) for name in chosen))]
    for place, run in enumerate(runs):
        rows.append((run.name, run.run_id, *(of.values[place] for of in read)))
    return _written(rows)


def _points(
    settings: ChartSettings, runs: Sequence[Run], key: str, histories: Histories
) -> Iterable[Iterable[object]]:
    curves, over = series_of(runs, histories[key], settings.over)
    yield "run", "run_id", "time (ms since 1970)" if over == "time" else over, key
    for curve in curves:
        for x, y in zip(curve.xs, curve.ys, strict=True):
            yield curve.run.name, curve.run.run_id, x, y


def _written(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
