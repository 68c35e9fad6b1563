"""The JavaScript and CSS of the panel's own widgets, read from `frontend/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def script(name: str) -> str:
    """A widget's module: what all views share, then its own part.

    One text, because a widget's module comes out of a message and can import no neighbour.
    """
    return f"{_read('dom.js')}\n{_read(f'{name}.js')}"


@cache
def style() -> str:
    """The panel's style sheet."""
    return _read("panel.css")


def _read(name: str) -> str:
    return (files("nbruns.panel") / "frontend" / name).read_text("utf-8")
