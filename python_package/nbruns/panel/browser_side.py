"""The JavaScript and CSS of the panel's own widgets, read from `frontend/`."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import version
from importlib.resources import files

_STYLES = (
    "base",
    "header",
    "popup",
    "toolbar",
    "run_list",
    "run_card",
    "artifacts",
    "compare",
    "register_form",
    "experiment_list",
    "contrast",
)


@cache
def script(*names: str) -> str:
    """A widget's module: what all views share, then its own parts.

    One text, because a widget's module comes out of a message and can import no neighbour.
    """
    return "\n".join(_read(f"{name}.js") for name in ("dom", *names))


def plotly_wanted(base: str) -> dict[str, str]:
    """Which plotly.js the browser loads, and where from when the page does not say."""
    return {"version": version("plotly"), "base": base}


def packed_plotly() -> bytes:
    """The script plotly.js for pages that no server of ours served, compressed with gzip."""
    script = files("plotly") / "package_data" / "plotly.min.js"
    return gzip.compress(script.read_bytes(), 6)


@cache
def style() -> str:
    """The panel's style sheet: what all views share, then each view's own."""
    return "\n".join(_read(f"styles/{name}.css") for name in _STYLES)


@cache
def own_style(*names: str) -> str:
    """The style sheets of a view that most panels never show: they travel with it alone."""
    return "\n".join(_read(f"styles/{name}.css") for name in names)


def _read(name: str) -> str:
    return (files("nbruns.panel") / "frontend" / name).read_text("utf-8")
