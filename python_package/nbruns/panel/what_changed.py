"""Why a run came out otherwise than the one before it: what the card says of `runs/changes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nbruns.notebooks.text_diff import Line, lines
from nbruns.panel.wording import delta, number

Json = dict[str, Any]
# The card tells the gist; JupyterLab shows the cells side by side.
_MOST_CELLS, _MOST_LINES, _MOST_ROWS = 8, 40, 30
_LONGEST = 300
_AROUND = 1
_GROUPS = {"params": "Parameters", "datasets": "Data", "packages": "Packages", "source": "Source"}


def describe(reply: Mapping[str, Any]) -> Json:
    """What differs from the run before: the cells, and rows of old and new by their kind."""
    found = reply.get("comparison")
    if not found:
        return {"before": None}
    before, code = found["runs"][0], found["code"][0]
    cells = [cell for cell in code["cells"] if cell["kind"] in ("added", "removed", "edited")]
    groups = [("Metrics", _metrics(found["metrics"]))]
    groups += [(title, _rows(found[name])) for name, title in _GROUPS.items()]
    return {
        "before": {"run_id": before["run_id"], "name": before["name"] or before["run_id"][:8]},
        "words": found["sentence"],
        "cells": [_cell(cell) for cell in cells[:_MOST_CELLS]],
        "cell_count": len(cells),
        "groups": [
            {"title": title, "count": len(rows), "rows": rows[:_MOST_ROWS]}
            for title, rows in groups
            if rows
        ],
    }


def _cell(cell: Mapping[str, Any]) -> Json:
    place = cell["new_position"] or cell["old_position"]
    return {
        "words": f"Cell {place} {cell['kind']}",
        "lines": list(_near_changes(lines(cell["old_source"], cell["new_source"]))),
    }


def _near_changes(found: Sequence[Line]) -> Iterator[Json]:
    """The changed lines and those beside them; gaps are lines of their own."""
    near = {
        place
        for at, line in enumerate(found)
        if line.kind != "same"
        for place in range(at - _AROUND, at + _AROUND + 1)
    }
    shown, last = 0, -1
    for at, line in enumerate(found):
        if at not in near:
            continue
        if at > last + 1:
            yield {"kind": "gap", "pieces": []}
        if shown == _MOST_LINES:
            yield {"kind": "gap", "pieces": []}
            return
        yield _line(line)
        shown, last = shown + 1, at


def _line(line: Line) -> Json:
    pieces = [[piece.text[:_LONGEST], piece.is_marked] for piece in line.pieces]
    return {"kind": line.kind, "pieces": pieces}


def _metrics(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    return [_metric(row["name"], *map(_number, row["values"])) for row in rows]


def _metric(name: str, old: float | None, new: float | None) -> Json:
    return {
        "name": name,
        "old": "" if old is None else number(old),
        "new": "" if new is None else number(new),
        "delta": "" if old is None or new is None else delta(new, old),
    }


def _number(value: Any) -> float | None:
    # JSON has no NaN: it comes as that word, which float() reads.
    return None if value is None else float(value)


def _rows(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    return [
        {"name": row["name"], "old": _text(row["values"][0]), "new": _text(row["values"][1])}
        for row in rows
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_LONGEST]
