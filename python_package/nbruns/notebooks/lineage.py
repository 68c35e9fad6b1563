"""Whether a notebook met at some path is one already known, moved, copied, or new.

Plain decisions over plain facts; the store gathers them and acts on the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["same", "moved", "copied", "new"]


@dataclass(frozen=True, slots=True)
class Known:
    """A notebook of the store: where it was last, and whether a file is still there."""

    notebook_id: str
    path: str
    file_id: str | None
    is_there: bool
    is_deleted: bool
    cell_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Met:
    """A notebook met now; `cell_ids` is empty where its file keeps none."""

    path: str
    file_id: str | None
    cell_ids: frozenset[str]


def decide(met: Met, known: Iterable[Known]) -> tuple[Verdict, Known | None]:
    """What the notebook is, and of which known one it is the same, a move or a copy."""
    candidates = list(known)
    here = [one for one in candidates if one.path == met.path]
    elsewhere = [one for one in candidates if one.path != met.path]
    # Other tools give cells new ids at every save: a file that stayed in its place stays itself.
    for one in here:
        if not one.is_deleted or not met.cell_ids or _likeness(met, one) > 0:
            return "same", one
    for one in elsewhere:
        if met.file_id is not None and one.file_id == met.file_id and not one.is_there:
            return "moved", one
    alike = [one for one in elsewhere if _likeness(met, one) > 0.5]
    if not alike:
        return "new", None
    best = max(alike, key=lambda one: (not one.is_there, _likeness(met, one)))
    return ("copied" if best.is_there else "moved"), best


def _likeness(met: Met, one: Known) -> float:
    larger = max(len(met.cell_ids), len(one.cell_ids))
    return len(met.cell_ids & one.cell_ids) / larger if larger else 0.0
