"""This notebook's runs as a plain table, for consoles and pages without the live one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING

from nbruns.panel.columns import metric_columns
from nbruns.panel.wording import number

if TYPE_CHECKING:
    from nbruns.records import Run

MOST_RUNS = 50
_MOST_METRICS = 6
_MOST_PARAMS = 8


class RunTable:
    """Runs, newest first: one row each, with their metrics and what was set differently."""

    def __init__(self, runs: Sequence[Run], about: str = "") -> None:
        self.has_more = len(runs) > MOST_RUNS
        self.runs = runs[:MOST_RUNS]
        self.about = about
        self.metrics = metric_columns(self.runs, most=_MOST_METRICS)
        self.params = differing_params(self.runs)[:_MOST_PARAMS]

    def _repr_html_(self) -> str:
        if not self.runs:
            return f"<div>{escape(self._nothing())}</div>"
        head, *rows = self._rows()
        body = "".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
        table = f"<table><thead><tr>{_cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"
        return table + (f"<div>{escape(self._more())}</div>" if self.has_more else "")

    def __repr__(self) -> str:
        if not self.runs:
            return self._nothing()
        rows = list(self._rows())
        widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, self._more()] if self.has_more else lines)

    def _rows(self) -> Iterator[list[str]]:
        yield ["run", "status", "started", "took", *self.metrics, *self.params]
        for run in self.runs:
            values = {point.key: number(point.value) for point in run.metrics}
            yield [
                run.name or run.run_id[:8],
                run.status,
                _moment(run.started_ms),
                _span(run.started_ms, run.ended_ms),
                *(values.get(key, "") for key in self.metrics),
                *(run.params.get(key, "") for key in self.params),
            ]

    def _nothing(self) -> str:
        if self.about:
            return f"No run of this notebook matches {self.about}"
        return "This notebook has no runs yet: start one with %run_start, or fit a model"

    def _more(self) -> str:
        return f"The newest {MOST_RUNS} are shown; a filter finds others (%runs? shows how)"


def differing_params(runs: Sequence[Run]) -> list[str]:
    """The parameters that were not the same in all runs; all of them where there is one run."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    if len(runs) < 2:
        return list(keys)
    return [key for key in keys if len({run.params.get(key) for run in runs}) > 1]


def _cells(row: Sequence[str], kind: str) -> str:
    return "".join(f"<{kind}>{escape(text)}</{kind}>" for text in row)


def _moment(at_ms: int | None) -> str:
    return "" if at_ms is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at_ms / 1000))


def _span(from_ms: int | None, to_ms: int | None) -> str:
    if from_ms is None or to_ms is None:
        return ""
    seconds = max(0, to_ms - from_ms) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
