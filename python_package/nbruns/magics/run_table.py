"""This notebook's runs as a plain table, for consoles and pages without the live one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbruns.magics.table import Table
from nbruns.panel.columns import metric_columns
from nbruns.panel.wording import number

if TYPE_CHECKING:
    from nbruns.records import Run

MOST_RUNS = 50
_MOST_METRICS = 6
_MOST_PARAMS = 8
_MORE = f"The newest {MOST_RUNS} are shown; a filter finds others (%runs? shows how)"


class RunTable(Table):
    """Runs, newest first: one row each, with their metrics and what was set differently."""

    def __init__(self, runs: Sequence[Run], about: str = "") -> None:
        shown = runs[:MOST_RUNS]
        metrics = metric_columns(shown, most=_MOST_METRICS)
        params = differing_params(shown)[:_MOST_PARAMS]
        super().__init__(
            ["run", "status", "started", "took", *metrics, *params],
            [_row(run, metrics, params) for run in shown],
            nothing=_nothing(about),
            more=_MORE if len(runs) > MOST_RUNS else "",
        )


def _row(run: Run, metrics: Sequence[str], params: Sequence[str]) -> list[str]:
    values = {point.key: number(point.value) for point in run.metrics}
    return [
        run.name or run.run_id[:8],
        run.status,
        moment(run.started_ms),
        _span(run.started_ms, run.ended_ms),
        *(values.get(key, "") for key in metrics),
        *(run.params.get(key, "") for key in params),
    ]


def _nothing(about: str) -> str:
    if about:
        return f"No run of this notebook matches {about}"
    return "This notebook has no runs yet: start one with %run_start, or fit a model"


def differing_params(runs: Sequence[Run]) -> list[str]:
    """The parameters that were not the same in all runs; all of them where there is one run."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    if len(runs) < 2:
        return list(keys)
    return [key for key in keys if len({run.params.get(key) for run in runs}) > 1]


def moment(at_ms: int | None) -> str:
    """A time as tables show it, to the minute."""
    return "" if at_ms is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at_ms / 1000))


def _span(from_ms: int | None, to_ms: int | None) -> str:
    if from_ms is None or to_ms is None:
        return ""
    seconds = max(0, to_ms - from_ms) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
