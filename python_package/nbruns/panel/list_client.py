"""The panel's calls about lists of runs: parts of one by place, keys, small curves, the trash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nbruns.panel.connection import Connection
from nbruns.protocol.list_messages import (
    columns_to_wire,
    counts_from_wire,
    key_from_wire,
    row_from_wire,
)
from nbruns.protocol.messages import run_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import ListColumns, ListedRun, LoggedKey, Run, RunCounts

SPARK_POINTS = 32
Keys = dict[str, list[LoggedKey]]
Sparks = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list: whose runs, what must hold of them, in which order, with which columns."""

    experiment_id: str
    filter_text: str = ""
    order: str = ""
    columns: ListColumns = field(default_factory=ListColumns)
    expanded: tuple[str, ...] = ()
    is_folded: bool = False
    is_trash: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a list, and what was counted of all."""

    rows: list[ListedRun]
    total: int = 0
    counts: RunCounts = field(default_factory=RunCounts)
    best: str | None = None
    keys: Keys = field(default_factory=dict)


class ListClient:
    """What the panel asks of the server for its list."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def part(self, wanted: Wanted, first: int, count: int, *, totals: bool = True) -> Part:
        """The rows from a place on; `totals` has all that is counted come with them."""
        body = {
            **_asked(wanted),
            "first": first,
            "count": count,
            "totals": totals,
        }
        reply = await self.connection.post(f"{OWN_PREFIX}runs/list", body)
        return Part(
            [row_from_wire(row) for row in reply["rows"]],
            reply.get("total", 0),
            counts_from_wire(reply.get("counts") or {}),
            reply.get("best"),
            _keys(reply.get("keys") or {}),
        )

    async def place(self, wanted: Wanted, run_id: str) -> int | None:
        """Where a run stands in a list, None where it is not in it."""
        body = {**_asked(wanted), "run_id": run_id}
        reply = await self.connection.post(f"{OWN_PREFIX}runs/place", body)
        found: int | None = reply["place"]
        return found

    async def keys(self, experiment_id: str) -> Keys:
        """All metrics, params and tags of an experiment's runs."""
        path = f"{OWN_PREFIX}experiments/keys"
        return _keys(await self.connection.get(path, experiment_id=experiment_id))

    async def values(self, experiment_id: str, kind: str, key: str) -> list[str]:
        """The usual values of a param or a tag."""
        path = f"{OWN_PREFIX}experiments/values"
        reply = await self.connection.get(path, experiment_id=experiment_id, kind=kind, key=key)
        return [str(value) for value in reply["values"]]

    async def sparks(self, run_ids: Sequence[str], keys: Sequence[str]) -> Sparks:
        """Some metrics of some runs as a few values each."""
        body = {"run_ids": list(run_ids), "metric_keys": list(keys), "points": SPARK_POINTS}
        reply = await self.connection.post(f"{OWN_PREFIX}metrics/sparks", body)
        found: Sparks = reply["sparks"]
        return found

    async def logging(self, notebook_id: str) -> tuple[Run, str] | None:
        """The run a notebook started last, and what its experiment is called."""
        reply = await self.connection.get(f"{OWN_PREFIX}notebooks/logging", notebook_id=notebook_id)
        if reply["run"] is None:
            return None
        return run_from_wire(reply["run"]), reply["experiment_name"]

    async def delete(self, run_ids: Sequence[str]) -> list[str]:
        """Put runs into the trash with those nested in them; the ids of all."""
        reply = await self._tell("delete-nested", run_ids)
        return [str(run_id) for run_id in reply["run_ids"]]

    async def restore(self, run_ids: Sequence[str]) -> None:
        """Take runs out of the trash."""
        await self._tell("restore-all", run_ids)

    async def purge(self, run_ids: Sequence[str]) -> None:
        """Delete runs of the trash for good."""
        await self._tell("purge", run_ids)

    async def move(self, run_ids: Sequence[str], experiment_id: str) -> None:
        """Put runs into another experiment; raises InvalidState while one is running."""
        await self._tell("move", run_ids, experiment_id=experiment_id)

    async def _tell(self, what: str, run_ids: Sequence[str], **more: str) -> dict[str, Any]:
        body = {"run_ids": list(run_ids), **more}
        return await self.connection.post(f"{OWN_PREFIX}runs/{what}", body)


def _keys(wire: dict[str, Any]) -> Keys:
    return {kind: [key_from_wire(key) for key in keys] for kind, keys in wire.items()}


def _asked(wanted: Wanted) -> dict[str, Any]:
    return {
        "experiment_id": wanted.experiment_id,
        "filter": wanted.filter_text,
        "order_by": [wanted.order] if wanted.order else [],
        "columns": columns_to_wire(wanted.columns),
        "expanded": list(wanted.expanded),
        "folded": wanted.is_folded,
        "run_view_type": "DELETED_ONLY" if wanted.is_trash else "ACTIVE_ONLY",
    }
