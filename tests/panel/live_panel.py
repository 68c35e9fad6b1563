"""A whole panel without a browser, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nbruns.panel.connection import Address, Connection
from nbruns.panel.run_panel import RunPanel


@asynccontextmanager
async def panel_at(address: Address, path: str | None) -> AsyncIterator[RunPanel]:
    """The panel of the notebook at a path, closed when the block ends."""
    panel = RunPanel(path, connection=Connection(address))
    try:
        yield panel
    finally:
        panel.close_all()
        await asyncio.sleep(0)
