"""Which cell of one notebook is which of another: by id, by equal text, by likeness."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from nbruns.notebooks.alignment import Pair, pairs
from nbruns.notebooks.canonical import cell_ids, text_of
from nbruns.records import NotebookContent

Cell = Mapping[str, Any]

_WORD = re.compile(r"\w+")
# What is enough to know a long cell by.
_LOOKED_AT = 20_000
# Cells whose notebook keeps ids have a new one because they are new: they must be almost equal.
_ALIKE, _ALMOST_EQUAL = 0.5, 0.8
# Of very many cells that are new on both sides, only near ones are compared.
_MOST_COMPARED, _NEAR = 10_000, 12


def cells_of(content: NotebookContent) -> list[Cell]:
    """Its cells; what is none, in a file anybody wrote, is passed over."""
    return [cell for cell in content.get("cells") or () if isinstance(cell, dict)]


def paired(old: NotebookContent, new: NotebookContent) -> dict[int, int]:
    """The position in `new` of each cell of `old` that is still there, counted from 0."""
    ours, theirs = cells_of(old), cells_of(new)
    found = _by_id(ours, theirs) if cell_ids(old) and cell_ids(new) else {}
    least = _ALMOST_EQUAL if found else _ALIKE
    for find in (_in_order, _elsewhere, partial(_alike, least=least)):
        taken = set(found.values())
        left = [at for at in range(len(ours)) if at not in found]
        free = [at for at in range(len(theirs)) if at not in taken]
        for one, other in find([ours[at] for at in left], [theirs[at] for at in free]):
            found[left[one]] = free[other]
    return found


def _by_id(old: Sequence[Cell], new: Sequence[Cell]) -> dict[int, int]:
    places: dict[str, int] = {}
    for at, cell in enumerate(new):
        places.setdefault(_id(cell), at)
    found: dict[int, int] = {}
    for at, cell in enumerate(old):
        # An id that somebody wrote down twice names the first of its cells.
        place = places.pop(_id(cell), None) if _id(cell) else None
        if place is not None:
            found[at] = place
    return found


def _id(cell: Cell) -> str:
    found = cell.get("id")
    return found if isinstance(found, str) else ""


def _in_order(old: Sequence[Cell], new: Sequence[Cell]) -> Iterable[Pair]:
    return pairs([_said(cell) for cell in old], [_said(cell) for cell in new])


def _elsewhere(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[Pair]:
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at in reversed(range(len(new))):
        places[_said(new[at])].append(at)
    for at, cell in enumerate(old):
        if places[_said(cell)] and text_of(cell).strip():
            yield at, places[_said(cell)].pop()


def _said(cell: Cell) -> tuple[str, str]:
    return str(cell.get("cell_type")), text_of(cell)


def _alike(old: Sequence[Cell], new: Sequence[Cell], least: float) -> Iterator[Pair]:
    """The likest first, and among equally alike ones the nearest."""
    ours, theirs = [_words(cell) for cell in old], [_words(cell) for cell in new]
    scored = (
        (_likeness(ours[one], theirs[other]), -abs(one - other), one, other)
        for one, other in _near(len(old), len(new))
        if old[one].get("cell_type") == new[other].get("cell_type")
    )
    left, free = set(range(len(old))), set(range(len(new)))
    for _, _, one, other in sorted((s for s in scored if s[0] >= least), reverse=True):
        if one in left and other in free:
            left.remove(one)
            free.remove(other)
            yield one, other


def _near(old: int, new: int) -> Iterator[Pair]:
    reach = _NEAR if old * new > _MOST_COMPARED else new
    for one in range(old):
        middle = one * new // old
        for other in range(max(0, middle - reach), min(new, middle + reach + 1)):
            yield one, other


def _words(cell: Cell) -> Counter[str]:
    return Counter(_WORD.findall(text_of(cell)[:_LOOKED_AT]))


def _likeness(old: Counter[str], new: Counter[str]) -> float:
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 0.0
