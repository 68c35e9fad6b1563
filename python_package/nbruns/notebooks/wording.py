"""How cells are listed in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

_MOST_RANGES = 8


def cells_listed(numbers: Sequence[int]) -> str:
    """'cell 3', 'cells 3, 5–7'; their number where the list would be long."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], number]
        else:
            ranges.append([number])
    if len(ranges) > _MOST_RANGES:
        return f"{len(numbers)} cells"
    noun = "cell" if len(numbers) == 1 else "cells"
    return f"{noun} {', '.join('–'.join(map(str, one)) for one in ranges)}"
