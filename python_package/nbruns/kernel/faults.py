"""What becomes of our own faults in a user's kernel: one line, and the cell goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def harmless(doing: str) -> Iterator[None]:
    """Run a piece of tracking that must not spoil the user's work; a fault becomes one line."""
    try:
        yield
    except Exception as error:
        print(f"nbruns: could not {doing}: {_first_line(error)}", file=sys.stderr)
        import logging

        logging.getLogger("nbruns").debug("could not %s", doing, exc_info=True)


def tell(words: str) -> None:
    """One line to the user, beside the cell's own output."""
    print(f"nbruns: {words}")


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
