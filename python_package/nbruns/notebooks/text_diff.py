"""The difference of two texts, line by line, and word by word within lines that were edited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nbruns.notebooks.alignment import Pair, pairs

Kind = Literal["same", "removed", "added"]

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
# Longer stretches are shown as replaced: nobody reads marks on thousands of words.
_MOST_WORDS = 4_000
# With less in common, marks on single words would be a mosaic.
_LEAST_IN_COMMON = 0.25


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line; `is_marked` where it is what changed."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of either text, with its number (from 1) in the ones that hold it."""

    kind: Kind
    old_number: int | None
    new_number: int | None
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The line without its marks."""
        return "".join(piece.text for piece in self.pieces)


def lines(old: str, new: str) -> tuple[Line, ...]:
    """Every line of both, in reading order; of a replaced stretch first the old ones."""
    ours, theirs = old.split("\n") if old else [], new.split("\n") if new else []
    return tuple(_walk(ours, theirs, pairs(ours, theirs)))


def _walk(old: list[str], new: list[str], kept: list[Pair]) -> Iterator[Line]:
    at_old, at_new = 0, 0
    for kept_old, kept_new in [*kept, (len(old), len(new))]:
        yield from _replaced(old, new, (at_old, kept_old), (at_new, kept_new))
        if kept_old < len(old) and kept_new < len(new):
            text = old[kept_old]
            yield Line("same", kept_old + 1, kept_new + 1, (Piece(text),) if text else ())
        at_old, at_new = kept_old + 1, kept_new + 1


def _replaced(old: list[str], new: list[str], ours: Pair, theirs: Pair) -> Iterator[Line]:
    removed, added = _marked("\n".join(old[slice(*ours)]), "\n".join(new[slice(*theirs)]))
    if ours[0] < ours[1]:
        for number, pieces in enumerate(_by_line(removed), ours[0] + 1):
            yield Line("removed", number, None, pieces)
    if theirs[0] < theirs[1]:
        for number, pieces in enumerate(_by_line(added), theirs[0] + 1):
            yield Line("added", None, number, pieces)


def _marked(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; without marks where they have too little in common."""
    ours, theirs = _WORD.findall(old), _WORD.findall(new)
    plain = [Piece(old)], [Piece(new)]
    if not ours or not theirs or len(ours) + len(theirs) > _MOST_WORDS:
        return plain
    kept = pairs(ours, theirs)
    common = sum(len(ours[at]) for at, _ in kept if not ours[at].isspace())
    if common < _LEAST_IN_COMMON * max(_inked(old), _inked(new)):
        return plain
    return _pieces(ours, {at for at, _ in kept}), _pieces(theirs, {at for _, at in kept})


def _inked(text: str) -> int:
    return sum(len(word) for word in text.split())


def _pieces(words: Sequence[str], kept: set[int]) -> list[Piece]:
    found: list[Piece] = []
    for at, word in enumerate(words):
        is_marked = at not in kept
        if found and found[-1].is_marked == is_marked:
            found[-1] = Piece(found[-1].text + word, is_marked)
        else:
            found.append(Piece(word, is_marked))
    return found


def _by_line(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    line: list[Piece] = []
    for piece in pieces:
        first, *rest = piece.text.split("\n")
        line.append(Piece(first, piece.is_marked))
        for text in rest:
            yield tuple(one for one in line if one.text)
            line = [Piece(text, piece.is_marked)]
    yield tuple(one for one in line if one.text)
