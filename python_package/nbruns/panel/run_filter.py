"""What is typed into the search box → the filter of a search.

It is the API's own grammar (`metrics.acc > 0.9 and params.model = 'rf'`), and one thing
more: a piece without a comparison is words that the run's name contains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbruns.errors import InvalidValue
from nbruns.protocol.filters import parse_filter
from nbruns.protocol.grammar import RUNS

_QUOTED = r"\"[^\"]*\"|'[^']*'|`[^`]*`"
_PIECE = re.compile(rf"(?:{_QUOTED}|(?!\s+and\s).)+", re.IGNORECASE | re.DOTALL)
_COMPARISON = re.compile(
    r"(?:metric|param|parameter|tag|attribute|dataset)s?\.|attr\.|run\."
    rf"|(?:{_QUOTED}|[^\"'`<>=!])*?"
    r"(?:[<>=!]|\bi?like\s*['\"]|\bin\s*\(|\bis\s+(?:not\s+)?null\b)",
    re.IGNORECASE,
)
_AND_BEFORE = re.compile(r"^\s*and\s+", re.IGNORECASE)
# What somebody is about to go on with is no reason to find nothing.
_AND_AFTER = re.compile(r"\s+and\s*$", re.IGNORECASE)
_STATUS = re.compile(r"^\s*(?:attributes?\.)?status\s*=\s*['\"](\w+)['\"]\s*$", re.IGNORECASE)
_PLACE = re.compile(r"(.*?) \(at position (\d+)\):", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text between two ANDs, and where it begins."""

    text: str
    at: int

    @property
    def is_comparison(self) -> bool:
        """Whether this is a condition of the grammar, not words."""
        return _COMPARISON.match(self.text) is not None


class UnreadableFilter(InvalidValue):
    """What was typed cannot be read; `at` is the place."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


def pieces(text: str) -> list[Piece]:
    """The text cut at its ANDs."""
    found = []
    for match in _PIECE.finditer(text):
        piece = _AND_BEFORE.sub(lambda m: " " * len(m[0]), match[0])
        stripped = _AND_AFTER.sub("", piece).strip()
        if stripped:
            found.append(Piece(stripped, match.start() + len(piece) - len(piece.lstrip())))
    return found


def as_filter(text: str) -> str:
    """The filter that a search takes; raises UnreadableFilter with the place that is wrong."""
    return " and ".join(_condition(piece) for piece in pieces(text))


def status_in(text: str) -> str | None:
    """The status the text asks for."""
    found = (_STATUS.match(piece.text) for piece in pieces(text))
    return next((match[1].upper() for match in found if match), None)


def with_status(text: str, status: str | None) -> str:
    """The text asking for another status, or for any."""
    kept = [piece.text for piece in pieces(text) if not _STATUS.match(piece.text)]
    return " and ".join([*kept, f"status = '{status}'"] if status else kept)


def _condition(piece: Piece) -> str:
    if not piece.is_comparison:
        return " and ".join(_named(word) for word in piece.text.split())
    try:
        parse_filter(piece.text, RUNS)
    except InvalidValue as error:
        match = _PLACE.match(str(error))
        reason, at = (match[1], int(match[2]) - 1) if match else (str(error), 0)
        raise UnreadableFilter(reason, piece.at + at) from error
    return piece.text


def _named(word: str) -> str:
    """A name that contains the word; the grammar knows no escape inside quotes."""
    quote = "'" if "'" not in word else '"'
    return f"attributes.run_name ILIKE {quote}%{word.replace(quote, '_')}%{quote}"
