"""The colours of runs and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Told apart by people who confuse red and green, on white and on near-black alike.
COLOURS = (
    "#3f7fd9",
    "#e58a1f",
    "#1fa187",
    "#d1495b",
    "#8f63c9",
    "#b5a12c",
    "#3fa7c9",
    "#c26fa8",
    "#6d9b3a",
    "#8a7a6d",
)
# A run that nobody picked, among others: seen on white and on near-black alike.
QUIET = "#8a94a6"
# From low to high; both ends are seen on white and on near-black.
SCALE = [[0.0, "#6a63d9"], [0.25, "#3f7fd9"], [0.5, "#1fa187"], [0.75, "#a9b93a"], [1.0, "#eda827"]]


def colours_for(wanted: Iterable[str], before: Mapping[str, str]) -> dict[str, str]:
    """A colour for each run: the one it had, else the first that is free."""
    names = list(wanted)
    given = {name: before[name] for name in names if name in before}
    for name in names:
        if name not in given:
            free = [colour for colour in COLOURS if colour not in given.values()]
            given[name] = free[0] if free else COLOURS[len(given) % len(COLOURS)]
    return given


def transparent(colour: str, share: float) -> str:
    """A colour `#rrggbb` that lets what lies behind it through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"
