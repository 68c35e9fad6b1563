"""Whether a notebook met at some path is one already known, moved, copied, or new.

Plain decisions over plain facts; the store gathers them and acts on the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Literal

from nbruns.identity import digest
from nbruns.notebooks.canonical import cell_ids, text_of

# Shorter texts ("import pandas as pd") stand in many notebooks.
_TELLING = 30

Verdict = Literal["same", "moved", "copied", "new"]


def marks(content: object) -> list[str]:
    """What a notebook is known again by: its cells' ids, in formats without ids their texts.

    A file anybody wrote may hold anything: then there are none.
    """
    if not isinstance(content, dict):
        return []
    ids = cell_ids(content)
    cells = content.get("cells")
    if ids or not isinstance(cells, list):
        return ids
    try:
        texts = [text_of(one) for one in cells if isinstance(one, dict)]
    except TypeError:
        return []
    return [
        f"text-{digest(text.encode('utf-8', 'surrogatepass'))}"
        for text in texts
        if len(text) >= _TELLING
    ]


@dataclass(frozen=True, slots=True)
class Known:
    """A notebook of the store: where it was last, and whether its file is still there."""

    notebook_id: str
    path: str
    file_id: str | None
    is_there: bool
    is_deleted: bool
    cell_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Met:
    """A notebook met now; `cell_ids` is empty where its file keeps none.

    A blank one has no cells at all: it was made a moment ago.
    """

    path: str
    file_id: str | None
    cell_ids: frozenset[str]
    is_blank: bool = False


def decide(met: Met, known: Iterable[Known]) -> tuple[Verdict, Known | None]:
    """What the notebook is, and of which known one it is the same, a move or a copy."""
    candidates = list(known)
    here = [one for one in candidates if one.path == met.path]
    here.sort(key=lambda one: (not met.cell_ids & one.cell_ids, one.is_deleted))
    elsewhere = [one for one in candidates if one.path != met.path]
    moved = _moved_here(met, elsewhere)
    for one in here:
        # Other tools give cells new ids at every save: a file that stayed in its place stays
        # itself, unless it is one that lay elsewhere.
        if _is_back(met, one) if one.is_deleted else not (moved and _is_other(met, one)):
            return "same", one
    if moved is not None:
        return "moved", moved
    alike = [one for one in elsewhere if _is_akin(met, one)]
    return ("copied", max(alike, key=partial(_origin, met))) if alike else ("new", None)


def _moved_here(met: Met, elsewhere: Iterable[Known]) -> Known | None:
    """The notebook whose file lies at another path now."""
    found = list(elsewhere)
    for one in found:
        is_file = met.file_id is not None and one.file_id == met.file_id
        # The same file, though another lies at its former path: the two were swapped.
        if is_file and (not one.is_there or _is_akin(met, one)):
            return one
    left = [one for one in found if not one.is_there and _is_akin(met, one)]
    return max(left, key=partial(_likeness, met)) if left else None


def _is_back(met: Met, one: Known) -> bool:
    """Whether a deleted notebook was restored: a new one may have got its name."""
    if met.is_blank:
        return False
    return not met.cell_ids or bool(met.cell_ids & one.cell_ids)


def _is_other(met: Met, one: Known) -> bool:
    return bool(met.cell_ids and one.cell_ids) and not met.cell_ids & one.cell_ids


def _is_akin(met: Met, one: Known) -> bool:
    """Whether one holds most of the other's cells: much may have been added, or deleted."""
    smaller = min(len(met.cell_ids), len(one.cell_ids))
    return smaller > 0 and len(met.cell_ids & one.cell_ids) / smaller > 0.5


def _origin(met: Met, one: Known) -> tuple[float, int]:
    """How likely a copy was made of this one: names of copies begin with the original's."""
    stem, copied = PurePosixPath(one.path).stem, PurePosixPath(met.path).stem
    return _likeness(met, one), len(stem) if copied.startswith(stem) else 0


def _likeness(met: Met, one: Known) -> float:
    larger = max(len(met.cell_ids), len(one.cell_ids))
    return len(met.cell_ids & one.cell_ids) / larger if larger else 0.0
