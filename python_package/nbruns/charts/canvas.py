"""An empty Plotly figure, and text as Plotly may draw it.

Kept apart because importing plotly has a price that is avoided here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any


@contextmanager
def _without_nbformat() -> Iterator[None]:
    """Hide nbformat: plotly 6 loads it with jsonschema (1 s, 50 MB) to look at its version."""
    hidden = "nbformat" not in sys.modules
    if hidden:
        # Python's own way to say that a module cannot be imported; its stubs know modules only.
        sys.modules["nbformat"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules["nbformat"]


class _VersionOnly:
    """All that plotly 6 asks of nbformat before it shows a figure in a cell."""

    def __init__(self, number: str) -> None:
        self.__version__ = number


def _let_figures_show() -> None:
    """Give plotly 6 back what was hidden from it: without nbformat it shows no figure."""
    renderers: Any = sys.modules.get("plotly.io._renderers")
    if renderers is not None and renderers.nbformat is None and find_spec("nbformat"):
        try:
            renderers.nbformat = _VersionOnly(version("nbformat"))
        except PackageNotFoundError:
            return


with _without_nbformat():
    import plotly.graph_objects as go
_let_figures_show()


def text(words: str) -> str:
    """Words as they are: Plotly reads markup in every text it draws."""
    return escape(words, quote=False)


def shortened(words: str, most: int = 18) -> str:
    """Words that fit beside an axis."""
    return text(words if len(words) <= most else f"{words[: most - 1]}…")


def axis(title: str, *, log: bool = False) -> dict[str, Any]:
    """An axis with a title, its ticks one for every power of ten where it is logarithmic."""
    kind: dict[str, Any] = {"type": "log", "dtick": 1} if log else {}
    return {"title": {"text": text(title)}, **kind}


__all__ = ["axis", "go", "shortened", "text"]
