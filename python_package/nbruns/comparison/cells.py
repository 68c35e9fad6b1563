"""The changed cells of a notebook as HTML: edited lines with the words that changed marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nbruns.notebooks.diff import CellChange, NotebookDifference
from nbruns.notebooks.text_diff import Line

_WRITTEN = ("added", "removed", "edited", "moved")
_AROUND = 2
_MOST_CELLS, _MOST_LINES, _LONGEST_LINE = 60, 300, 1_000
_MARK = {"same": "", "added": "ins", "removed": "del"}


def cells_html(found: NotebookDifference) -> str:
    """Every cell that was written differently; what only ran differently is left out."""
    cells = [cell for cell in found.changes if cell.kind in _WRITTEN]
    shown = "".join(map(_cell, cells[:_MOST_CELLS]))
    more = len(cells) - _MOST_CELLS
    return shown + (f"<p>… and {more:,} more cells</p>" if more > 0 else "")


def _cell(cell: CellChange) -> str:
    head = f'<div class="nbr-cell-head">{escape(_title(cell))}</div>'
    if cell.is_skipped:
        return f'<div class="nbr-cell">{head}<p>Its text is not kept (nbruns-skip).</p></div>'
    if cell.kind == "moved":
        return f'<div class="nbr-cell">{head}</div>'
    lines = "".join(_lines(cell.lines))
    return f'<div class="nbr-cell">{head}<pre class="nbr-lines">{lines}</pre></div>'


def _title(cell: CellChange) -> str:
    place = cell.new_position or cell.old_position
    kind = "" if cell.cell_type == "code" else f" ({cell.cell_type})"
    if cell.is_moved and cell.old_position is not None:
        edited = "edited and moved" if cell.kind == "edited" else "moved"
        return f"Cell {place}{kind} {edited}, was cell {cell.old_position}"
    return f"Cell {place}{kind} {cell.kind}"


def _lines(lines: Sequence[Line]) -> Iterator[str]:
    """Changed lines and two around them; longer stretches of equal ones are counted."""
    near = {
        place
        for at, line in enumerate(lines)
        if line.kind != "same"
        for place in range(at - _AROUND, at + _AROUND + 1)
    }
    hidden = 0
    shown = 0
    for at, line in enumerate(lines):
        if at not in near:
            hidden += 1
            continue
        if hidden:
            yield _folded(hidden)
            hidden = 0
        shown += 1
        if shown > _MOST_LINES:
            yield f'<span class="nbr-fold">⋯ {len(lines) - at:,} more lines</span>'
            return
        yield _line(line)
    if hidden:
        yield _folded(hidden)


def _folded(count: int) -> str:
    return f'<span class="nbr-fold">⋯ {count:,} equal {"line" if count == 1 else "lines"}</span>'


def _line(line: Line) -> str:
    mark = _MARK[line.kind]
    sign = {"same": " ", "added": "+", "removed": "−"}[line.kind]
    text, left = "", _LONGEST_LINE
    for piece in line.pieces:
        words = escape(piece.text[:left])
        left -= len(piece.text)
        text += f"<{mark}>{words}</{mark}>" if piece.is_marked and mark else words
        if left <= 0:
            text += "…"
            break
    return f'<span class="nbr-line nbr-{line.kind}">{sign} {text}\n</span>'
