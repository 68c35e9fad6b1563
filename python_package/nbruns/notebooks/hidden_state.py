"""Why a run cannot be had again by running its notebook from top to bottom.

Said is only what is sure: the order of executions, their text, and inputs that stand in
no cell. What an older text of a cell left behind is nobody's knowledge, so to edit a cell
and run it again, with all that was run below, is no reason; nor is a cell that raised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nbruns.notebooks.canonical import is_skipped, text_of
from nbruns.notebooks.pairing import cells_of
from nbruns.notebooks.wording import cells_listed
from nbruns.records import ExecutedCell, NotebookContent

_MOST_OF_A_KIND = 3
_MOST_CELLS = 2_000


def reasons(content: NotebookContent, executed: Sequence[ExecutedCell]) -> tuple[str, ...]:
    """In words, why; empty where nothing speaks against it.

    `executed` is what ran in the process of the run, in order, up to the run's end.
    Numbers of cells are their positions in the notebook, counted from 1.
    """
    if not executed:
        return ()
    trail = _trail(_Document(content), executed)
    return (*_shortened(_order(trail)), *_edited(trail), *_outside(trail))


@dataclass(frozen=True, slots=True)
class _Step:
    """One execution of a cell that the document holds; `text` is empty where it is not kept."""

    at: int
    text: str


@dataclass(slots=True)
class _Trail:
    """The executions by the cell's position; `last` is the cell that ran last."""

    document: _Document
    steps: dict[int, list[_Step]] = field(default_factory=lambda: defaultdict(list))
    outside: set[str] = field(default_factory=set)
    last: int = 0


class _Document:
    """The code cells of a notebook, found by id and by text; an ambiguous one is not found."""

    def __init__(self, content: NotebookContent) -> None:
        cells = [
            (number, cell)
            for number, cell in enumerate(cells_of(content), 1)
            if cell.get("cell_type") == "code"
        ]
        self.texts = {n: "" if is_skipped(cell) else _normal(text_of(cell)) for n, cell in cells}
        ids = Counter(str(cell.get("id") or "") for _, cell in cells)
        named = ((n, str(cell.get("id") or "")) for n, cell in cells)
        self._by_id = {name: n for n, name in named if name and ids[name] == 1}
        self._counts = Counter(self.texts.values())
        self._by_text = {text: n for n, text in self.texts.items() if self._counts[text] == 1}

    def named(self, cell: ExecutedCell) -> int | None:
        """The position of the cell with the execution's id."""
        return None if cell.cell_id is None else self._by_id.get(cell.cell_id)

    def alike(self, text: str) -> int | None:
        """The position of the one cell with a text."""
        return self._by_text.get(text) if text else None

    def holds(self, text: str) -> bool:
        """Whether any cell has the text."""
        return bool(text) and text in self._counts


def _trail(document: _Document, executed: Sequence[ExecutedCell]) -> _Trail:
    trail = _Trail(document)
    # Without ids, what is not there any more cannot be told from what was edited.
    has_ids = any(document.named(cell) is not None for cell in executed)
    for at, cell in enumerate(executed):
        text, is_last = _normal(cell.source), at == len(executed) - 1
        place = document.named(cell)
        # A cell that was cut and pasted has another id.
        place = document.alike(text) if place is None else place
        trail.last = place or len(document.texts) + 1 if is_last else 0
        if cell.outcome == "error" and not is_last:
            continue
        if place is not None:
            trail.steps[place].append(_Step(at, text))
        elif has_ids and not document.holds(text):
            trail.outside.add(cell.cell_id or text)
    return trail


def _order(trail: _Trail) -> Iterator[str]:
    """Cells that ran before one that stands above them and feeds them."""
    if len(trail.steps) > _MOST_CELLS:
        return
    never: dict[tuple[int, ...], list[int]] = defaultdict(list)
    stale: dict[tuple[int, ...], list[int]] = defaultdict(list)
    ran = sorted((steps[-1].at, place) for place, steps in trail.steps.items())
    for place in sorted(trail.steps):
        steps = trail.steps[place]
        early = sorted(below for at, below in ran if at < steps[-1].at and below > place)
        first = [n for n in early if trail.steps[n][-1].at < steps[0].at]
        never[tuple(first)].append(place)
        # Below the cell that ran last a notebook may be ahead: nothing of it feeds the run.
        rest = [n for n in early if n not in first and n <= trail.last]
        rest = [n for n in rest if _text_before(steps, trail.steps[n][-1].at) != steps[-1].text]
        stale[tuple(rest)].append(place)
    for early_ones, above in never.items():
        if early_ones:
            yield f"{cells_listed(early_ones)} ran before {cells_listed(above)}"
    for early_ones, above in stale.items():
        if early_ones:
            were = "was" if len(above) == 1 else "were"
            yield (
                f"{cells_listed(early_ones)} ran before {cells_listed(above)} "
                f"{were} edited and ran again"
            )


def _text_before(steps: Sequence[_Step], at: int) -> str:
    return next(step.text for step in reversed(steps) if step.at < at)


def _edited(trail: _Trail) -> Iterator[str]:
    """Cells that hold another text than the one they ran with."""
    numbers = [
        place
        for place, steps in sorted(trail.steps.items())
        if steps[-1].text and trail.document.texts[place] not in ("", steps[-1].text)
    ]
    if numbers:
        many = len(numbers) > 1
        were, they = ("were", "they") if many else ("was", "it")
        yield f"{cells_listed(numbers)} {were} edited after {they} ran"


def _outside(trail: _Trail) -> Iterator[str]:
    """Inputs that stand in no cell: of deleted cells, of a console, of another notebook."""
    count = len(trail.outside)
    if count:
        cells, are = ("cell", "is") if count == 1 else ("cells", "are")
        yield f"{count} executed {cells} {are} not in the notebook"


def _shortened(words: Iterator[str]) -> list[str]:
    found = list(words)
    more = len(found) - _MOST_OF_A_KIND
    return [*found[:_MOST_OF_A_KIND], f"{more} more out of order"] if more > 0 else found


def _normal(text: str) -> str:
    """A text without what front ends change of it on its way to the kernel."""
    return text.replace("\r\n", "\n").rstrip()
