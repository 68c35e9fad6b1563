"""The calls about scoring files with a version; all ours, MLflow's protocol knows none."""

from __future__ import annotations

from typing import Any

from nbruns.panel.connection import Connection
from nbruns.protocol.names import OWN_PREFIX

_SCORING = f"{OWN_PREFIX}scoring/"


class ScoringClient:
    """What the box for scoring asks of the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def listed(self, name: str, version: int, *, most: int) -> dict[str, Any]:
        """`jobs` newest first, and as `refusal` why the reader may begin none."""
        return await self.connection.get(
            f"{_SCORING}list", name=name, version=str(version), max_results=most
        )

    async def files(self, path: str) -> list[dict[str, Any]]:
        """Folders and data files whose path begins so."""
        reply = await self.connection.get(f"{_SCORING}files", path=path)
        found: list[dict[str, Any]] = reply["files"]
        return found

    async def look(self, name: str, version: int, wish: dict[str, Any]) -> dict[str, Any]:
        """What the version does with a file's columns; under `message` why it takes them not."""
        return await self.connection.post(f"{_SCORING}look", _of(name, version) | wish)

    async def start(self, name: str, version: int, wish: dict[str, Any]) -> None:
        """Begin to score a file."""
        await self.connection.post(f"{_SCORING}start", _of(name, version) | wish)

    async def cancel(self, job_id: str) -> None:
        """Stop a scoring."""
        await self.connection.post(f"{_SCORING}cancel", {"job_id": job_id})


def _of(name: str, version: int) -> dict[str, str]:
    return {"name": name, "version": str(version)}
