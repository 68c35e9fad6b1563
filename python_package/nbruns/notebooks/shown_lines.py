"""Lines of skipped cells that other cells' outputs show: an exception's way leads through them.

IPython prints the code around each place an exception passed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# '      2     x = 1', and the place itself: '----> 2     x = 1'.
# Matches every line: both parts of it may be empty.
_NUMBERED = re.compile(r"([-> ]*\d+ )?\s*(.*)", re.DOTALL)
_IN_PLACE = "(not kept: the cell is tagged nbruns-skip)"
# What is shorter (a bracket, 'x') says nothing.
_TELLING = 4


def lines_of(texts: Iterable[str]) -> set[str]:
    """The lines of skipped cells that must not be found elsewhere."""
    found = {line.strip() for text in texts for line in text.splitlines()}
    return {line for line in found if len(line) >= _TELLING}


def without_lines(
    outputs: Iterable[Mapping[str, Any]], hidden: Collection[str]
) -> list[Mapping[str, Any]]:
    """Outputs whose tracebacks do not show these lines."""
    return [
        {**one, "traceback": [_without(part, hidden) for part in one["traceback"]]}
        if one.get("output_type") == "error" and isinstance(one.get("traceback"), list)
        else one
        for one in outputs
    ]


def _without(part: Any, hidden: Collection[str]) -> Any:
    if not isinstance(part, str):
        return part
    lines = part.split("\n")
    for place, line in enumerate(lines):
        number, shown = _NUMBERED.fullmatch(_COLOURS.sub("", line)).groups()  # type: ignore[union-attr]
        if _is_hidden(shown.rstrip(), hidden):
            if number:
                # One place of the exception's way: values of the code may follow it.
                return f"{lines[0]}\n      {_IN_PLACE}\n"
            lines[place] = f"    {_IN_PLACE}"
    return "\n".join(lines)


def _is_hidden(shown: str, hidden: Collection[str]) -> bool:
    # A comment at the line's end may not be shown.
    return len(shown) >= _TELLING and any(one.startswith(shown) for one in hidden)
