"""What tells ticked runs apart, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbruns.panel.wording import delta, exact, number
from nbruns.records import Run


@dataclass(frozen=True, slots=True)
class Cell:
    """One run's value: what is written, in full, and how far it is from the first run's."""

    text: str
    full: str = ""
    delta: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter or metric over the runs, in their order."""

    name: str
    cells: tuple[Cell, ...]


ABSENT = Cell("–", "not logged", absent=True)


def params_that_differ(runs: Sequence[Run]) -> list[Row]:
    """Parameters that not all runs have with the same value, by name."""
    names = sorted({name for run in runs for name in run.params})
    rows = []
    for name in names:
        values = [run.params.get(name) for run in runs]
        if len(set(values)) > 1:
            rows.append(Row(name, tuple(ABSENT if v is None else Cell(v, v) for v in values)))
    return rows


def metrics_side_by_side(runs: Sequence[Run]) -> list[Row]:
    """The newest value of every metric in every run, with its distance from the first run's."""
    values = [{point.key: point.value for point in run.metrics} for run in runs]
    names = sorted({name for found in values for name in found})
    return [Row(name, tuple(_metric_cells(name, values))) for name in names]


def _metric_cells(name: str, values: Sequence[dict[str, float]]) -> list[Cell]:
    baseline = values[0].get(name)
    cells = []
    for place, found in enumerate(values):
        value = found.get(name)
        if value is None:
            cells.append(ABSENT)
        else:
            apart = delta(value, baseline) if place and baseline is not None else ""
            cells.append(Cell(number(value), exact(value), apart))
    return cells
