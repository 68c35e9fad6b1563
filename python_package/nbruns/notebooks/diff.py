"""What changed from one notebook to another, cell by cell.

Cells belong together by their id, then by equal text, then by likeness: files of the
older formats keep no ids, and some tools give new ones at every save. What a reader
wrote (sources, order) is told apart from what execution left behind (outputs, metadata).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

from nbruns.notebooks import text_diff
from nbruns.notebooks.alignment import rising
from nbruns.notebooks.canonical import is_skipped, kept_metadata, text_of
from nbruns.notebooks.pairing import Cell, cells_of, paired
from nbruns.notebooks.wording import cells_listed
from nbruns.records import NotebookContent

ChangeKind = Literal["same", "added", "removed", "edited", "moved", "outputs", "metadata"]


@dataclass(frozen=True)
class CellChange:
    """One cell of either notebook, or of both; positions count from 1.

    `kind` is the weightiest of its changes: a cell may be edited and moved at once.
    """

    kind: ChangeKind
    old: Cell | None
    new: Cell | None
    old_position: int | None
    new_position: int | None
    is_moved: bool = False
    outputs_differ: bool = False
    metadata_differ: bool = False

    @property
    def cell_id(self) -> str | None:
        """The id it has now, or had; None in a file that keeps none."""
        found = self._shown.get("id")
        return found if isinstance(found, str) and found else None

    @property
    def cell_type(self) -> str:
        """`code`, `markdown` or `raw`."""
        return str(self._shown.get("cell_type", "raw"))

    @property
    def is_skipped(self) -> bool:
        """Whether its text is none of our business, and so not compared."""
        return any(cell is not None and is_skipped(cell) for cell in (self.old, self.new))

    @property
    def old_source(self) -> str:
        """Its text before; empty where it was not there."""
        return "" if self.old is None else text_of(self.old)

    @property
    def new_source(self) -> str:
        """Its text after; empty where it is gone."""
        return "" if self.new is None else text_of(self.new)

    @cached_property
    def lines(self) -> tuple[text_diff.Line, ...]:
        """Its text, line by line and word by word, compared when first asked for."""
        return text_diff.lines(self.old_source, self.new_source)

    @property
    def _shown(self) -> Cell:
        return self.new if self.new is not None else self.old or {}


@dataclass(frozen=True)
class NotebookDifference:
    """Every cell of both notebooks in reading order, the unchanged ones too."""

    cells: tuple[CellChange, ...]
    metadata_differ: bool

    @property
    def changes(self) -> tuple[CellChange, ...]:
        """The cells in which anything differs."""
        return tuple(cell for cell in self.cells if cell.kind != "same")

    def words(self) -> str:
        """What was written differently: 'cells 3, 7 edited, 1 added', or 'unchanged'.

        Numbers of cells are those of the new notebook.
        """
        edited, rest = self._of("edited"), ("added", "removed", "moved")
        said = [f"{cells_listed([c.new_position or 0 for c in edited])} edited"] if edited else []
        for kind, number in ((kind, len(self._of(kind))) for kind in rest):
            if number:
                noun = "" if said else " cell" if number == 1 else " cells"
                said.append(f"{number}{noun} {kind}")
        return ", ".join(said) or "unchanged"

    def other_words(self) -> str:
        """What else differs: 'outputs of 2 cells, metadata of 1 cell'; empty where nothing."""
        outputs = sum(cell.outputs_differ for cell in self.cells)
        metadata = sum(cell.metadata_differ for cell in self.cells)
        said = [
            f"{what} of {number} {'cell' if number == 1 else 'cells'}"
            for what, number in (("outputs", outputs), ("metadata", metadata))
            if number
        ]
        return ", ".join([*said, *["the notebook's metadata"] * self.metadata_differ])

    def _of(self, kind: str) -> list[CellChange]:
        return [cell for cell in self.cells if cell.kind == kind]


def diff(old: NotebookContent, new: NotebookContent) -> NotebookDifference:
    """What changed from one notebook to another."""
    ours, theirs, place = cells_of(old), cells_of(new), paired(old, new)
    staying = rising([place[at] for at in sorted(place)])
    stays = {one for rank, one in enumerate(sorted(place)) if rank in staying}
    came_from = {other: one for one, other in place.items()}
    gone = _gone_after(len(ours), place, stays)
    found = [_removed(ours, at) for at in gone[-1]]
    for at, cell in enumerate(theirs):
        one = came_from.get(at)
        if one is None:
            found.append(CellChange("added", None, cell, None, at + 1))
        else:
            found.append(_compared(ours[one], cell, (one + 1, at + 1), one not in stays))
        found += [_removed(ours, one) for one in gone[at]]
    return NotebookDifference(tuple(found), _frame(old) != _frame(new))


def is_same(old: Cell, new: Cell) -> bool:
    """Whether nothing differs in a cell but what changes with each execution."""
    return _compared(old, new, (1, 1), False).kind == "same"


def _gone_after(count: int, place: Mapping[int, int], stays: Set[int]) -> dict[int, list[int]]:
    """Old cells that are no more, by the new cell they would stand behind (-1: the top)."""
    gone: dict[int, list[int]] = defaultdict(list)
    behind = -1
    for at in range(count):
        if at not in place:
            gone[behind].append(at)
        elif at in stays:
            behind = place[at]
    return gone


def _removed(cells: Sequence[Cell], at: int) -> CellChange:
    return CellChange("removed", cells[at], None, at + 1, None)


def _compared(old: Cell, new: Cell, positions: tuple[int, int], is_moved: bool) -> CellChange:
    is_secret = is_skipped(old) or is_skipped(new)
    is_edited = not is_secret and _written(old) != _written(new)
    outputs = not is_secret and _outputs(old) != _outputs(new)
    metadata = _about(old) != _about(new)
    facts = (
        (is_edited, "edited"),
        (is_moved, "moved"),
        (outputs, "outputs"),
        (metadata, "metadata"),
    )
    kind = next((kind for is_true, kind in facts if is_true), "same")
    return CellChange(cast(ChangeKind, kind), old, new, *positions, is_moved, outputs, metadata)


def _written(cell: Cell) -> tuple[object, str]:
    return cell.get("cell_type"), text_of(cell)


def _outputs(cell: Cell) -> list[Any]:
    """Its outputs without counters, texts in one piece however the file keeps them."""
    outputs = cell.get("outputs")
    return [_whole(one) for one in outputs] if isinstance(outputs, list) else []


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _whole(v) for k, v in value.items() if k not in ("execution_count", "transient")}
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "".join(value)
    return value


def _about(cell: Cell) -> tuple[object, object]:
    return kept_metadata(cell), cell.get("attachments") or {}


def _frame(content: NotebookContent) -> dict[str, Any]:
    # What the language is exactly is written by whichever kernel answered last.
    return {k: v for k, v in (content.get("metadata") or {}).items() if k != "language_info"}
