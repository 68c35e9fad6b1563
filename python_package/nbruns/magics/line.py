"""A command's line: its words, the user's names in braces, pairs and numbers.

IPython would put the values of names in before a line is parted into words. Here the words
come first, so that a value with spaces or quotes in it stays whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from IPython.core.error import UsageError

_QUOTES = "\"'"


def parsed(magics: Any, name: str, line: str, *, sign: str = "%") -> Any:
    """The arguments of a command's line, read by the parser that makes its help."""
    try:
        return getattr(type(magics), name).parser.parse_args(words(magics.shell, line))
    except UsageError as error:
        raise UsageError(f"{sign}{name}: {error} ({sign}{name}? shows how)") from None


def words(shell: Any, line: str) -> list[str]:
    """The words of a line as a shell reads quotes, with `{name}` and `$name` put in."""
    names = _Names(shell)
    return [names.put_in(word) for word in split(line)]


def split(line: str) -> list[str]:
    """The words of a line; quotes keep one together, and so do braces around an expression."""
    found = list(pieces(line))
    if found and not found[-1].is_closed:
        raise UsageError(f"Cannot read '{line.strip()}': a quote is not closed")
    return [piece.text for piece in found]


class Piece:
    """A word without its quotes, where it begins, and whether its quotes are closed."""

    # A NamedTuple or a dataclass takes 0.3 ms to make, of a kernel's start.
    __slots__ = ("begin", "is_closed", "text")

    def __init__(self, text: str, begin: int, is_closed: bool) -> None:
        self.text, self.begin, self.is_closed = text, begin, is_closed


def pieces(line: str) -> Iterator[Piece]:
    """The words of a line that may still be in the making.

    A backslash stands for itself (paths of Windows), save before a quote or a space.
    """
    place, end = 0, len(line)
    while place < end:
        if line[place].isspace():
            place += 1
            continue
        begin, word, quote = place, "", ""
        while place < end and (quote or not line[place].isspace()):
            char = line[place]
            if char == "\\" and line[place + 1 : place + 2] in (*_QUOTES, " "):
                place += 1
                word += line[place : place + 1]
            elif char == quote:
                quote = ""
            elif not quote and char in _QUOTES:
                quote = char
            elif not quote and char == "{":
                closing = _closing(line, place)
                word += line[place:closing]
                place = closing - 1
            else:
                word += char
            place += 1
        yield Piece(word, begin, not quote)


def pairs(given: Iterable[str], what: str) -> dict[str, str]:
    """The key and value of each `key=value`; further equals signs belong to the value."""
    found: dict[str, str] = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"{what} needs key=value, not '{word}'")
        if found.get(key, value) != value:
            raise UsageError(f"{what} names '{key}' twice: '{found[key]}' and '{value}'")
        found[key] = value
    return found


def number(key: str, value: str) -> float:
    """The value of a metric."""
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"The value of '{key}' is no number: '{value}'") from None


def _closing(line: str, place: int) -> int:
    """Where the expression that begins with this brace ends; a brace alone is a letter."""
    depth, quote = 0, ""
    for at in range(place, len(line)):
        char = line[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at + 1
    return place + 1


class _Names:
    """The user's names where a command stands, looked up when the first word asks."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._values: dict[str, Any] | None = None

    def put_in(self, word: str) -> str:
        """The word with its expressions worked out, as IPython does for a whole line."""
        if "{" not in word and "$" not in word:
            return word
        from IPython.utils.text import DollarFormatter

        if self._values is None:
            self._values = {**self.shell.user_ns, **_callers_names()}
        try:
            return str(DollarFormatter().vformat(word, [], self._values))
        except NameError as error:
            if "{" in word:
                raise UsageError(
                    f"Cannot fill in '{word}': {error} (double the braces to keep them)"
                ) from None
            return word
        except Exception:
            # As IPython: what is no expression stays as it is written.
            return word


def _callers_names() -> dict[str, Any]:
    """The local names of the user's code that holds the command."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name in ("run_line_magic", "run_cell_magic"):
            return dict(frame.f_back.f_locals) if frame.f_back is not None else {}
        frame = frame.f_back
    return {}
