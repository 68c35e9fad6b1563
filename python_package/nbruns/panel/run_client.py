"""The panel's calls about one run: what it says now, its curves, and what is changed of it."""

from __future__ import annotations

from typing import Any

from nbruns.panel.connection import Connection
from nbruns.protocol.messages import metric_from_wire, run_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import MetricPoint, Run

_RUNS = "api/2.0/mlflow/runs/"


class RunClient:
    """What the panel asks and tells the server of a run."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def get(self, run_id: str) -> Run:
        """A run as it is now; raises NotFound."""
        reply = await self.connection.get(f"{_RUNS}get", run_id=run_id)
        return run_from_wire(reply["run"])

    async def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        await self._tell("update", run_id, run_name=name)

    async def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Set a tag of a run; the note is one of them."""
        await self._tell("set-tag", run_id, key=key, value=value)

    async def delete_tag(self, run_id: str, key: str) -> None:
        """Take a tag away."""
        await self._tell("delete-tag", run_id, key=key)

    async def delete(self, run_id: str) -> None:
        """Put a run into the bin."""
        await self._tell("delete", run_id)

    async def restore(self, run_id: str) -> None:
        """Take a run out of the bin."""
        await self._tell("restore", run_id)

    async def curve(self, run_id: str, key: str, points: int) -> list[MetricPoint]:
        """A metric over its steps in so many points, its extremes among them."""
        reply = await self.connection.get(
            "ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            run_ids=[run_id],
            metric_key=key,
            max_results=points,
        )
        return [metric_from_wire(item) for item in reply.get("metrics", ())]

    async def environment(self, run_id: str) -> dict[str, Any]:
        """Python, system and packages at the run's start; raises NotFound where none is known."""
        reply = await self.connection.get(f"{OWN_PREFIX}environments/get", run_id=run_id)
        return dict(reply["environment"])

    async def changes(self, run_id: str) -> dict[str, Any]:
        """What differs from the notebook's run before it."""
        return await self.connection.get(f"{OWN_PREFIX}runs/changes", run_id=run_id)

    async def _tell(self, path: str, run_id: str, **fields: str) -> None:
        await self.connection.post(f"{_RUNS}{path}", {"run_id": run_id, **fields})
