"""What there is to draw of some runs, and what is drawn where the reader chose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nbruns.charts.values import DURATION, START, Column, column
from nbruns.panel.chart_settings import ChartSettings
from nbruns.panel.columns import metric_columns
from nbruns.records import Run

MOST_METRICS = 500
_MOST_PARAMS = 200
_MOST_GROUPS = 20
_MOST_LINES = 5
_SYSTEM = ("mlflow.", "nbruns.")


@dataclass(frozen=True, slots=True)
class Choices:
    """Columns by their full names: all metrics by name, and best first; parameters that differ
    before those that do not; what runs can be grouped by."""

    metrics: tuple[str, ...]
    ranked: tuple[str, ...]
    differing: tuple[str, ...]
    alike: tuple[str, ...]
    groups: tuple[str, ...]
    numbers: frozenset[str]

    def metric(self, wanted: str | None, histories: set[str]) -> str | None:
        """The metric to draw: that wanted, else the best, one with a history before others."""
        if wanted in self.metrics:
            return wanted
        return next((key for key in self.ranked if key in histories), None) or (
            self.ranked[0] if self.ranked else None
        )

    def complete(self, settings: ChartSettings, metric: str | None) -> ChartSettings:
        """The settings with a column wherever one is needed, as far as there is one."""
        best = f"metrics.{metric}" if metric else ""
        numbers = [name for name in self.differing if name in self.numbers]
        words = [name for name in self.differing if name in self.groups]
        second = f"metrics.{self.ranked[1]}" if len(self.ranked) > 1 else START
        if settings.kind == "contour":
            across, up = settings.x, settings.y
            x = across if across in self.numbers else next(iter(numbers), "")
            y = up if up in self.numbers and up != x else _other(numbers, x)
        else:
            x = settings.x or next(iter([*numbers, *self.differing]), second)
            y = settings.y or best
        return replace(
            settings,
            x=x,
            y=y,
            z=settings.z or best,
            by=settings.by or next(iter([*words, *self.groups]), ""),
            axes=settings.axes or (*self.differing[:_MOST_LINES], *([best] if best else [])),
        )


def choices(runs: Sequence[Run]) -> Choices:
    """What there is to draw of these runs."""
    metrics = sorted({point.key for run in runs for point in run.metrics})[:MOST_METRICS]
    params = sorted({f"params.{key}" for run in runs for key in run.params})[:_MOST_PARAMS]
    tags = sorted({f"tags.{k}" for run in runs for k in run.tags if not k.startswith(_SYSTEM)})
    read = {name: column(runs, name) for name in [*params, *tags[:_MOST_PARAMS]]}
    differing = [name for name in params if _differs(read[name])]
    numbers = {name for name in params if read[name].is_number}
    return Choices(
        metrics=tuple(metrics),
        ranked=tuple(metric_columns(runs, most=MOST_METRICS)),
        differing=tuple(differing),
        alike=tuple(name for name in params if name not in set(differing)),
        groups=tuple(name for name, of in read.items() if _groups(of)),
        numbers=frozenset(numbers | {f"metrics.{key}" for key in metrics} | {START, DURATION}),
    )


def _differs(of: Column) -> bool:
    return len(set(of.values)) > 1


def _groups(of: Column) -> bool:
    return 1 < len(set(of.values)) <= min(_MOST_GROUPS, max(len(of.values) - 1, 2))


def _other(names: Sequence[str], taken: str) -> str:
    return next((name for name in names if name != taken), "")
