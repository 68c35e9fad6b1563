"""What tells ticked runs apart, as the comparison's table writes it.

What differs is found by `nbruns.comparison`; here it is put in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbruns.comparison import Comparison, Side, compare
from nbruns.comparison.rows import MetricRow
from nbruns.comparison.rows import Row as Compared
from nbruns.panel.wording import delta, exact, number
from nbruns.records import Run

_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One run's value: what is written, in full, and how far it is from the baseline's.

    `mood` is "better" or "worse" where the metric's direction is known.
    """

    text: str
    full: str = ""
    delta: str = ""
    absent: bool = False
    mood: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter or metric over the runs, in their order."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The rows that differ, and under `same` the name and value of those that do not."""

    key: str
    title: str
    rows: tuple[Row, ...]
    same: tuple[tuple[str, str], ...] = ()


ABSENT = Cell("–", "not logged", absent=True)


def sections(
    runs: Sequence[Run],
    *,
    directions: Mapping[str, str] | None = None,
    packages: tuple[Sequence[Compared], Sequence[Compared]] = ((), ()),
) -> list[Section]:
    """All that differs from the first of the runs, part by part; empty parts are left out.

    `directions` says for a metric whether more ("max") or less ("min") is better; `packages`
    are the rows that differ and those that do not, which records do not carry.
    """
    found = compare([Side(run) for run in runs])
    parts = [
        _texts("params", "Parameters", found.params, found.equal.params),
        _metrics(found, directions or {}),
        _texts("data", "Data", found.datasets, found.equal.datasets, shown=_short),
        _texts("packages", "Packages", *packages),
        _texts("source", "Source", found.source, found.equal.source, shown=_short),
        _texts("tags", "Tags", found.tags, found.equal.tags),
    ]
    return [part for part in parts if part.rows or part.same]


def package_rows(wire: Mapping[str, Any]) -> tuple[list[Compared], list[Compared]]:
    """The packages in a comparison of the server's: those that differ, and those that do not."""
    return _packages(wire), _packages(wire.get("equal", {}))


def _packages(part: Mapping[str, Any]) -> list[Compared]:
    return [Compared(str(row["name"]), tuple(row["values"])) for row in part.get("packages", ())]


def _texts(
    key: str,
    title: str,
    differing: Sequence[Compared],
    same: Sequence[Compared],
    *,
    shown: Callable[[str], str] = str,
) -> Section:
    rows = (
        Row(row.name, tuple(ABSENT if v is None else Cell(shown(v), v) for v in row.values))
        for row in differing
    )
    return Section(key, title, tuple(rows), tuple((r.name, shown(r.values[0] or "")) for r in same))


def _metrics(found: Comparison, directions: Mapping[str, str]) -> Section:
    rows = (
        Row(row.name, tuple(_metric_cells(row, directions.get(row.name, ""))))
        for row in found.metrics
    )
    same = ((row.name, number(row.values[0] or 0.0)) for row in found.equal.metrics)
    return Section("metrics", "Metrics", tuple(rows), tuple(same))


def _metric_cells(row: MetricRow, direction: str) -> list[Cell]:
    against = row.values[0]
    cells = []
    for place, value in enumerate(row.values):
        if value is None:
            cells.append(ABSENT)
            continue
        cell = Cell(number(value), exact(value))
        if place and against is not None:
            apart = delta(value, against)
            cell = replace(cell, delta=apart, mood=_mood(apart, direction))
        cells.append(cell)
    return cells


def _mood(apart: str, direction: str) -> str:
    if not direction or apart in ("", "±0"):
        return ""
    return "better" if apart.startswith("+") == (direction == "max") else "worse"


def _short(text: str) -> str:
    """A digest as far as it is read; a path without its folders."""
    if "/" in text:
        return text.rpartition("/")[2]
    is_digest = len(text) > _DIGEST and all(letter in "0123456789abcdef" for letter in text)
    return text[:_DIGEST] if is_digest else text
