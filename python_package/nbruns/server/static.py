"""The one file the panel's charts need in the browser: plotly.js, out of the Python package.

Served by us so that no chart brings its own copy, and nothing comes from the internet.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbruns.server.signed_in import SignedIn

_A_YEAR_S = 365 * 24 * 3600


class PlotlyHandler(SignedIn):
    """GET static/plotly.min.js, kept by the browser for as long as the version in the query is."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The installed plotly's script."""
        file = plotly_script()
        if file is None:
            raise web.HTTPError(404, "The Python package 'plotly' is not installed")
        if self.get_query_argument("v", ""):
            self.set_header("Cache-Control", f"private, max-age={_A_YEAR_S}, immutable")
        self.finish(file.read_bytes(), set_content_type="text/javascript; charset=UTF-8")


def plotly_script() -> Path | None:
    """Where the script lies; found without importing plotly, which the server must not load."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return file if file.is_file() else None
