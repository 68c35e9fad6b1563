"""What becomes of our own faults in a user's kernel: one line, and the cell goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What could not be done in the executing cell: a loop meets one fault a thousand times.
_said: set[str] = set()


@contextmanager
def harmless(doing: str) -> Iterator[None]:
    """Run a piece of tracking that must not spoil the user's work; a fault becomes one line."""
    try:
        yield
    except Exception as error:
        complain(doing, error)


def complain(doing: str, error: BaseException) -> None:
    """Say that something could not be done: once a cell, and each reason once."""
    why = first_line(error)
    # One full disk is met by the recorder, the writer and the run alike.
    if not _said & {doing, why}:
        print(f"nbruns: could not {doing}: {why}", file=sys.stderr)
    _said.update((doing, why))
    import logging

    logging.getLogger("nbruns").debug("could not %s", doing, exc_info=error)


def new_cell(_info: object = None) -> None:
    """From here on everything is worth saying again."""
    _said.clear()


def tell(words: str) -> None:
    """One line to the user, beside the cell's own output."""
    print(f"nbruns: {words}")


def first_line(error: BaseException) -> str:
    """An error in one line."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
