"""The panel's calls about registered models: the list of all, one with its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from nbruns.panel.connection import Connection
from nbruns.protocol.errors import NoSuchEndpoint
from nbruns.protocol.model_messages import registered_model_from_wire, version_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import Activity, ModelAtAGlance, ModelVersion, RegisteredModel, SourceRun

_MODELS = "api/2.0/mlflow/registered-models/"
# A model's end stands among the newest of what was done to it.
_LOOKED_THROUGH = 50


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A line of the tree: a folder with as many `models` under it, or a model."""

    path: str
    label: str
    depth: int
    models: int = 0
    is_open: bool = False
    model: ModelAtAGlance | None = None


@dataclass(frozen=True, slots=True)
class ModelLines:
    """Some lines of the tree from the place `first` on, of `total` that show `models`."""

    first: int
    total: int
    models: int
    lines: tuple[ModelLine, ...]


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A version and the run that made it, where the reader may see that."""

    version: ModelVersion
    run: SourceRun | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """Some of a model's `total` versions, and how many of their runs have each metric.

    `below` is where the next ones begin, None where there are none.
    """

    items: tuple[ListedVersion, ...]
    total: int
    keys: dict[str, int]
    below: int | None


class ModelClient:
    """What the list of models and the page of one ask and tell the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def lines(
        self,
        filter_text: str = "",
        *,
        opened: Sequence[str] = (),
        closed: Sequence[str] = (),
        first: int = 0,
        count: int = 100,
    ) -> ModelLines:
        """Some lines of the tree of models; raises InvalidValue for what is no filter."""
        body = {
            "filter": filter_text,
            "opened": list(opened),
            "closed": list(closed),
            "first": first,
            "count": count,
        }
        reply = await self.connection.post(f"{OWN_PREFIX}registry/overview", body)
        lines = tuple(map(_line, reply["lines"]))
        return ModelLines(reply["first"], reply["total"], reply["models"], lines)

    async def get(self, name: str) -> RegisteredModel:
        """A model; raises NotFound."""
        reply = await self.connection.get(f"{_MODELS}get", name=name)
        return registered_model_from_wire(reply["registered_model"])

    async def versions(
        self, name: str, *, metrics: Sequence[str] = (), count: int = 50, below: int | None = None
    ) -> Versions:
        """A model's versions, the newest first, with these metrics of their runs."""
        reply = await self.connection.get(
            f"{OWN_PREFIX}registry/versions",
            name=name,
            metrics=list(metrics),
            count=count,
            below=below,
        )
        items = tuple(_listed(wire) for wire in reply["versions"])
        return Versions(items, reply["total"], reply.get("keys", {}), reply.get("below"))

    async def level(self, name: str) -> str:
        """What the acting user may do with a model: NONE, READ, EDIT or MANAGE."""
        try:
            reply = await self.connection.get(f"{OWN_PREFIX}registry/rights", name=name)
        except NoSuchEndpoint:
            # Another MLflow server has no rules to ask for.
            return "MANAGE"
        return str(reply["level"])

    async def end_of(self, name: str) -> Activity | None:
        """How a name that is nobody's now came to be free: a deletion, or another name."""
        reply = await self.connection.get(
            f"{OWN_PREFIX}activity/search", model=name, max_results=_LOOKED_THROUGH
        )
        for wire in reply["activities"]:
            found: Activity = _read(Activity, wire)
            is_end = found.version is None and found.subject == name
            if is_end and found.action in ("deleted", "renamed"):
                return found
        return None

    async def describe(self, name: str, text: str) -> None:
        """Write a model's description anew."""
        await self._tell("PATCH", "update", name, description=text)

    async def set_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a model."""
        await self._tell("POST", "set-tag", name, key=key, value=value)

    async def delete_tag(self, name: str, key: str) -> None:
        """Take a tag of a model away."""
        await self._tell("DELETE", "delete-tag", name, key=key)

    async def rename(self, name: str, new_name: str) -> None:
        """Call a model something else; raises AlreadyExists where that is taken."""
        await self._tell("POST", "rename", name, new_name=new_name)

    async def delete(self, name: str) -> None:
        """Delete a model with its versions; what they were made of stays."""
        await self._tell("DELETE", "delete", name)

    async def _tell(self, method: str, call: str, name: str, **more: str) -> None:
        await self.connection.send(method, f"{_MODELS}{call}", {"name": name, **more})


def _line(wire: dict[str, Any]) -> ModelLine:
    model = wire.get("model")
    known = {field.name: wire[field.name] for field in fields(ModelLine) if field.name in wire}
    return ModelLine(**known | {"model": _read(ModelAtAGlance, model) if model else None})


def _listed(wire: dict[str, Any]) -> ListedVersion:
    run = wire.get("source_run")
    if run is None:
        return ListedVersion(version_from_wire(wire))
    # Numbers that are none travel as words, which float reads.
    metrics = {key: float(value) for key, value in run.get("metrics", {}).items()}
    return ListedVersion(version_from_wire(wire), _read(SourceRun, run | {"metrics": metrics}))


def _read(kind: type[Any], wire: dict[str, Any]) -> Any:
    """Our own records travel field by field; those of a newer server are left out."""
    return kind(**{f.name: wire[f.name] for f in fields(kind) if f.name in wire})
