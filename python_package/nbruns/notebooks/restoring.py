"""The notebook that a restore leaves behind: a revision, or one cell of it, put into the present.

What was never kept cannot be got back: cells whose text is skipped stay as they are now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import chain
from typing import Any

from nbruns.errors import InvalidValue
from nbruns.notebooks.canonical import SKIP_TAG, as_kept, is_skipped
from nbruns.notebooks.diff import is_same
from nbruns.notebooks.pairing import Cell, cells_of, paired
from nbruns.records import NotebookContent


def restored(revision: NotebookContent, present: NotebookContent) -> NotebookContent:
    """The revision's notebook, with the present's text of every cell that is skipped in either.

    A cell in which nothing differs stays as it is, with its counter and its folds.
    """
    theirs, place = cells_of(present), paired(revision, present)
    comparable = cells_of(as_kept(present))
    cells: list[Cell] = []
    # Where each present cell stands in the result.
    stands: dict[int, int] = {}
    for at, cell in enumerate(cells_of(revision)):
        if at not in place:
            cells.append(cell)
            continue
        now = theirs[place[at]]
        stands[place[at]] = len(cells)
        stays = is_skipped(cell) or is_skipped(now) or is_same(cell, comparable[place[at]])
        cells.append(now if stays else cell)
    kept: dict[int, list[Cell]] = defaultdict(list)
    for at, now in enumerate(theirs):
        if at not in stands and is_skipped(now):
            kept[_behind(at, stands)].append(now)
    both = ([cell, *kept[at]] for at, cell in enumerate(cells, 1))
    return {**revision, "cells": [*kept[0], *chain.from_iterable(both)]}


def with_cell(
    present: NotebookContent, revision: NotebookContent, position: int
) -> NotebookContent:
    """The present, with one cell as it was in a revision; positions count from 1.

    It replaces the cell it was, or comes back behind the one it stood behind.
    Raises InvalidValue where there is no such cell, or its text was not kept.
    """
    wanted, cells = cells_of(revision), [*cells_of(present)]
    if not 1 <= position <= len(wanted):
        raise InvalidValue(
            f"The revision has no cell '{position}': it has {len(wanted)}, the first is 1"
        )
    cell, place = wanted[position - 1], paired(revision, present)
    at = place.get(position - 1)
    if is_skipped(cell) or (at is not None and is_skipped(cells[at])):
        raise InvalidValue(f"The text of cell {position} is not kept: it is tagged '{SKIP_TAG}'")
    if at is not None:
        cells[at] = _named_as(cell, cells[at])
    else:
        stands = {one: other for one, other in place.items() if one < position - 1}
        cells.insert(stands[max(stands)] + 1 if stands else 0, cell)
    return {**present, "cells": cells}


def _behind(at: int, stands: Mapping[int, int]) -> int:
    """The place in the result behind the nearest cell that stands before this one."""
    before = [one for one in stands if one < at]
    return stands[max(before)] + 1 if before else 0


def _named_as(cell: Cell, present: Cell) -> dict[str, Any]:
    """The cell under the id it has now; without one where the file keeps none."""
    kept = {key: value for key, value in cell.items() if key != "id"}
    return {**kept, "id": present["id"]} if "id" in present else kept
