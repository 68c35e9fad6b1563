"""Metric points to Plotly figures: plain functions, the same for the panel and for a user.

Names are escaped: Plotly reads markup in every text it draws.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape

from nbruns.records import MetricPoint


@contextmanager
def _without_nbformat() -> Iterator[None]:
    """Hide nbformat: plotly 6 loads it with jsonschema (1 s, 50 MB) for renderers unused here."""
    hidden = "nbformat" not in sys.modules
    if hidden:
        sys.modules["nbformat"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["nbformat"]


with _without_nbformat():
    import plotly.graph_objects as go


def history_chart(
    histories: Mapping[str, Sequence[MetricPoint]],
    metric: str,
    *,
    names: Mapping[str, str] | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Draw one line per run: a metric over its steps.

    `histories` maps run ids to points in step order; a NaN or an infinite value is a gap.
    """
    figure = go.Figure(
        layout={"xaxis_title": "step", "yaxis_title": escape(metric), "hovermode": "x unified"}
    )
    for run_id, points in histories.items():
        figure.add_scatter(
            x=[point.step for point in points],
            y=[point.value if math.isfinite(point.value) else None for point in points],
            name=escape((names or {}).get(run_id, run_id)),
            mode="lines" if len(points) > 24 else "lines+markers",
            line={"color": (colours or {}).get(run_id), "width": 2},
            marker={"size": 5},
            hovertemplate="%{y:.4~g}",
            meta=run_id,
        )
    return figure


def latest_chart(
    latest: Mapping[str, float],
    metric: str,
    *,
    names: Mapping[str, str] | None = None,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Draw one bar per run: a metric that was logged once."""
    figure = go.Figure(layout={"xaxis_title": escape(metric), "bargap": 0.35})
    # By id, not by name: two runs may share one.
    for run_id, value in latest.items():
        figure.add_bar(
            x=[value if math.isfinite(value) else None],
            y=[run_id],
            name=escape((names or {}).get(run_id, run_id)),
            orientation="h",
            marker={"color": (colours or {}).get(run_id)},
            hovertemplate="%{x}",
            meta=run_id,
        )
    labels = [_shortened((names or {}).get(run_id, run_id)) for run_id in latest]
    figure.update_yaxes(
        autorange="reversed", type="category", tickvals=list(latest), ticktext=labels
    )
    return figure


def _shortened(name: str, most: int = 18) -> str:
    return escape(name if len(name) <= most else f"{name[: most - 1]}…")
