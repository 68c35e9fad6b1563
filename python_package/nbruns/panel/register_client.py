"""The panel's calls about registering a model: names, rights, the version, its alias."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbruns.errors import AlreadyExists, InvalidValue, NotFound, NotPermitted, Unsupported
from nbruns.panel.connection import Connection
from nbruns.protocol.model_messages import registered_model_from_wire, version_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import ModelVersion, RegisteredModel

_V2 = "api/2.0/mlflow/"
MOST_NAMES = 1_000


@dataclass(frozen=True, slots=True)
class Rights:
    """What the acting user may do with a name and an alias of it, and who may where not."""

    name: str
    alias: str = ""
    level: str = "MANAGE"
    may_move: bool = True
    approvers: str = ""

    @property
    def may_register(self) -> bool:
        """Whether the user may make versions of the name."""
        return self.level in ("EDIT", "MANAGE")


class RegisterClient:
    """What the form that registers models asks of the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def names(self) -> list[RegisteredModel]:
        """Names in the registry, the first `MOST_NAMES`."""
        path = f"{_V2}registered-models/search"
        reply = await self.connection.get(path, max_results=MOST_NAMES)
        return [registered_model_from_wire(item) for item in reply.get("registered_models", ())]

    async def find(self, name: str) -> RegisteredModel | None:
        """A registered model, None where there is none that the user may see."""
        try:
            reply = await self.connection.get(f"{_V2}registered-models/get", name=name)
        except (NotFound, NotPermitted, InvalidValue):
            return None
        return registered_model_from_wire(reply["registered_model"])

    async def rights(self, name: str, alias: str = "") -> Rights:
        """What the user may do; everything where the server knows no rules."""
        try:
            reply = await self.connection.get(
                f"{OWN_PREFIX}registry/rights", name=name, aliases=[alias] if alias else None
            )
        except (NotFound, Unsupported):
            return Rights(name, alias)
        except NotPermitted:
            return Rights(name, alias, "NONE", may_move=False)
        target = reply["targets"].get(f"@{alias}") or {}
        may_move = bool(target.get("move", True))
        return Rights(name, alias, reply["level"], may_move, str(target.get("approvers", "")))

    async def register(
        self,
        name: str,
        *,
        source: str,
        run_id: str,
        model_id: str = "",
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """Make the next version of a name, which is made where it is new.

        Raises InvalidValue for a name the registry refuses.
        """
        with contextlib.suppress(AlreadyExists):
            await self.connection.post(f"{_V2}registered-models/create", {"name": name})
        body: dict[str, Any] = {
            "name": name,
            "source": source,
            "run_id": run_id,
            "model_id": model_id,
            "description": description,
            "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
        }
        given = {key: value for key, value in body.items() if value}
        reply = await self.connection.post(f"{_V2}model-versions/create", given)
        return version_from_wire(reply["model_version"])

    async def set_alias(self, version: ModelVersion, alias: str) -> None:
        """Point an alias of a name to a version, wherever it pointed before."""
        body = {"name": version.name, "alias": alias, "version": str(version.version)}
        await self.connection.post(f"{_V2}registered-models/alias", body)

    async def request_alias(self, version: ModelVersion, alias: str, comment: str) -> int:
        """Ask that an alias be pointed to a version; the number of the request."""
        body = {"name": version.name, "alias": alias, "version": str(version.version)}
        path = f"{OWN_PREFIX}requests/create"
        reply = await self.connection.post(path, body | {"comment": comment})
        return int(reply["request"]["request_id"])
