"""Filter text cut into words, each knowing where it stood.

Kept apart from the grammar so that every refusal can show the place it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from nbruns.errors import InvalidValue

Kind = Literal["word", "backtick", "text", "single", "number", "compare", "mark", "end"]

_SHOWN = 70
_LONGEST = 100_000

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<backtick>`[^`]*`)
  | (?P<text>"(?:""|\\"|[^"])*")
  | (?P<single>'(?:''|\\'|[^'])*')
  | (?P<number>-?(?:\d+(?:\.\d*)?|(?<![\w`"])\.\d+)(?:[eE][+-]?\d+)?(?!\w))
  | (?P<compare>[<>=!]+)
  | (?P<mark>[(),.])
  | (?P<word>\w+)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    raw: str
    at: int

    @property
    def inner(self) -> str:
        """What stands between the quotes."""
        return self.raw[1:-1]

    def is_word(self, word: str) -> bool:
        """Whether this is the (unquoted) keyword, in any case."""
        return self.kind == "word" and self.raw.lower() == word

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.raw[:_SHOWN]}'"


def refuse(source: str, at: int, reason: str) -> InvalidValue:
    """An error that shows the place: the text around it and a caret below."""
    start = max(0, at - _SHOWN // 2)
    piece = re.sub(r"\s", " ", source[start : start + _SHOWN])
    return InvalidValue(
        f"{reason} (at position {at + 1}):\n  {piece}\n  {' ' * (at - start)}^ here"
    )


def tokenize(source: str) -> list[Token]:
    """The words of a filter, with an end token last; raises InvalidValue with the place."""
    if len(source) > _LONGEST:
        raise InvalidValue(
            f"A filter of {len(source)} characters is too long: {_LONGEST} is the most"
        )
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise refuse(source, at, _why_unreadable(source[at]))
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match.group(), at))  # type: ignore[arg-type]
        at = match.end()
    return [*tokens, Token("end", "", len(source))]


def _why_unreadable(character: str) -> str:
    if character in "\"'`":
        return f"The quote {character} is never closed"
    return (
        f"Unexpected character '{character}'; a key with such a character needs "
        "backticks or double quotes around it"
    )
