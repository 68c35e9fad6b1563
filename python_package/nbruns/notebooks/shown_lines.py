"""Lines of skipped cells that other cells' outputs show: an exception's way leads through them.

IPython prints the code around each place an exception passed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# '      2     x = 1', and the place itself: '----> 2     x = 1'.
_NUMBERED = re.compile(r"([-> ]*\d+ )?\s*(.*)")
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
    return "\n".join(_line(line, hidden) for line in part.split("\n"))


def _line(line: str, hidden: Collection[str]) -> str:
    found = _NUMBERED.fullmatch(_COLOURS.sub("", line))
    shown = found[2].rstrip() if found is not None else ""
    # A comment at the line's end may not be shown.
    if found is None or len(shown) < _TELLING or not any(one.startswith(shown) for one in hidden):
        return line
    return f"{found[1] or '    '}{_IN_PLACE}"
