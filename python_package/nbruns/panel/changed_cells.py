"""The cells that changed between two runs, as the browser lays them out side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbruns.notebooks.text_diff import Line, lines

Wire = Mapping[str, Any]
_WRITTEN = ("added", "removed", "edited", "moved")
_AROUND = 2
_MOST_CELLS, _MOST_LINES, _LONGEST_LINE = 40, 200, 500


def changed_cells(cells: Iterable[Wire]) -> dict[str, Any]:
    """The cells of a comparison of the server's that were written differently.

    `{"cells": [{"title", "lines"}], "more": how many are left out}`. A line is
    `[kind, old number, new number, [[text, is marked]]]`; one of kind "fold" stands for as many
    equal lines as its first number says.
    """
    written = [cell for cell in cells if cell["kind"] in _WRITTEN]
    shown = [{"title": _title(cell), "lines": _lines(cell)} for cell in written[:_MOST_CELLS]]
    return {"cells": shown, "more": max(len(written) - _MOST_CELLS, 0)}


def _title(cell: Wire) -> str:
    place = cell["new_position"] or cell["old_position"]
    words = f"Cell {place} {cell['kind']}"
    if cell["kind"] == "edited" and cell["is_moved"]:
        words += " and moved"
    if cell["is_moved"] and cell["old_position"] is not None:
        words += f", was cell {cell['old_position']}"
    return words + (" (cut: it is very long)" if cell.get("is_cut") else "")


def _lines(cell: Wire) -> list[list[Any]]:
    if cell["kind"] == "moved":
        return []
    found = lines(cell["old_source"], cell["new_source"])
    near = {
        place
        for at, line in enumerate(found)
        if line.kind != "same"
        for place in range(at - _AROUND, at + _AROUND + 1)
    }
    return _folded(found, near)[:_MOST_LINES]


def _folded(found: Sequence[Line], near: set[int]) -> list[list[Any]]:
    shown: list[list[Any]] = []
    for at, line in enumerate(found):
        if at in near:
            pieces = [[piece.text[:_LONGEST_LINE], piece.is_marked] for piece in line.pieces]
            shown.append([line.kind, line.old_number, line.new_number, pieces])
        elif shown and shown[-1][0] == "fold":
            shown[-1][1] += 1
        else:
            shown.append(["fold", 1, None, []])
    return shown
