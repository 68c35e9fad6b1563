"""The panel's calls about experiments: which there are, and what is changed of one."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from nbruns.panel.connection import Connection
from nbruns.protocol.names import NOTE_TAG, OWN_PREFIX
from nbruns.records import ExperimentAtAGlance, Page

_EXPERIMENTS = "api/2.0/mlflow/experiments/"
_KNOWN = {field.name for field in fields(ExperimentAtAGlance)}


class ExperimentClient:
    """What the panel asks and tells the server of experiments."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def page(
        self, text: str = "", *, first: int = 0, count: int = 100, deleted: bool = False
    ) -> Page[ExperimentAtAGlance]:
        """Experiments whose name or notebook holds a text, the one used last first."""
        reply = await self.connection.get(
            f"{OWN_PREFIX}experiments/overview",
            text=text,
            first=first,
            count=count,
            deleted=str(deleted).lower(),
        )
        items = [_record(item) for item in reply.get("experiments", ())]
        return Page(items, str(first + count) if reply.get("has_more") else None)

    async def rename(self, experiment_id: str, name: str) -> None:
        """Give an experiment another name; raises AlreadyExists where it is taken."""
        await self._tell("update", experiment_id, new_name=name)

    async def describe(self, experiment_id: str, note: str) -> None:
        """Write an experiment's note."""
        await self._tell("set-experiment-tag", experiment_id, key=NOTE_TAG, value=note)

    async def delete(self, experiment_id: str) -> None:
        """Put an experiment, with its runs, into the trash."""
        await self._tell("delete", experiment_id)

    async def restore(self, experiment_id: str) -> None:
        """Take an experiment out of the trash."""
        await self._tell("restore", experiment_id)

    async def _tell(self, what: str, experiment_id: str, **more: str) -> None:
        body = {"experiment_id": experiment_id, **more}
        await self.connection.post(f"{_EXPERIMENTS}{what}", body)


def _record(wire: dict[str, Any]) -> ExperimentAtAGlance:
    """Our own records travel field by field; those of a newer server are left out."""
    return ExperimentAtAGlance(**{name: wire[name] for name in _KNOWN & set(wire)})
