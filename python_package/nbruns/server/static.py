"""The one file the panel's charts need in the browser: plotly.js, out of the Python package.

Served by us so that no chart brings its own copy, and nothing comes from the internet.
"""

from __future__ import annotations

import asyncio
import gzip
from functools import lru_cache
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
        # Off the event loop: reading and packing 5 MB takes a quarter of a second.
        packed = await asyncio.to_thread(_packed_script)
        if packed is None:
            raise web.HTTPError(404, "The Python package 'plotly' is not installed")
        # With its encoding named, Jupyter does not pack it once more.
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
        else:
            self.set_header("Content-Encoding", "identity")
            packed = await asyncio.to_thread(gzip.decompress, packed)
        self.set_header("Vary", "Accept-Encoding")
        if self.get_query_argument("v", ""):
            self.set_header("Cache-Control", f"private, max-age={_A_YEAR_S}, immutable")
        self.finish(packed, set_content_type="text/javascript; charset=UTF-8")


def _packed_script() -> bytes | None:
    file = plotly_script()
    return None if file is None else _packed(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _packed(file: Path, changed_ns: int) -> bytes:
    """The script compressed, once for each version of the file."""
    return gzip.compress(file.read_bytes(), 6)


def plotly_script() -> Path | None:
    """Where the script lies; found without importing plotly, which the server must not load."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return file if file.is_file() else None
