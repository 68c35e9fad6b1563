"""Which items of two sequences belong together, in time that stays bearable.

Difflib alone takes the square of a long text that changed in many places: lines (or
cells, or words) that are unique in both cut it into short stretches first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher

# Pairs of items difflib may look at in one stretch; 4 million take some 0.3 s.
_MOST_PAIRS = 4_000_000

Pair = tuple[int, int]


def pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Positions of equal items, rising on both sides: what an edit left in its place."""
    start = _common(old, new)
    tail = _common(old[start:][::-1], new[start:][::-1])
    found = [(at, at) for at in range(start)]
    found += _between(old, new, (start, len(old) - tail), (start, len(new) - tail))
    found += [(len(old) - left, len(new) - left) for left in range(tail, 0, -1)]
    return found


def rising(numbers: Sequence[int]) -> set[int]:
    """The positions of a longest rising subsequence: the items that need not move."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        ends[length : length + 1] = [at]
    kept: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(at)
        at = before[at]
    return kept


def _between(
    old: Sequence[Hashable], new: Sequence[Hashable], ours: Pair, theirs: Pair
) -> Iterator[Pair]:
    """The pairs of a stretch: unique items are fixed, difflib sees to what lies between."""
    at_old, at_new = ours[0], theirs[0]
    for fixed_old, fixed_new in [*_anchors(old, new, ours, theirs), (ours[1], theirs[1])]:
        yield from _matched(old, new, (at_old, fixed_old), (at_new, fixed_new))
        if fixed_old < ours[1] and fixed_new < theirs[1]:
            yield fixed_old, fixed_new
        at_old, at_new = fixed_old + 1, fixed_new + 1


def _anchors(
    old: Sequence[Hashable], new: Sequence[Hashable], ours: Pair, theirs: Pair
) -> list[Pair]:
    in_old, in_new = Counter(old[slice(*ours)]), Counter(new[slice(*theirs)])
    places = {item: at for at, item in enumerate(new[slice(*theirs)], theirs[0])}
    once = [
        (at, places[item])
        for at, item in enumerate(old[slice(*ours)], ours[0])
        if in_old[item] == 1 and in_new[item] == 1
    ]
    kept = rising([place for _, place in once])
    return [pair for at, pair in enumerate(once) if at in kept]


def _matched(
    old: Sequence[Hashable], new: Sequence[Hashable], ours: Pair, theirs: Pair
) -> Iterator[Pair]:
    sizes = (ours[1] - ours[0], theirs[1] - theirs[0])
    if 0 in sizes or sizes[0] * sizes[1] > _MOST_PAIRS:
        return
    matcher = SequenceMatcher(None, old[slice(*ours)], new[slice(*theirs)])
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            yield ours[0] + block.a + step, theirs[0] + block.b + step


def _common(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """How many items both begin with."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count
