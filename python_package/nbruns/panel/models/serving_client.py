"""The calls about models that are served: starting, stopping, asking and trying them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from nbruns.panel.connection import Connection
from nbruns.protocol.model_messages import version_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import ModelVersion

_V2 = "api/2.0/mlflow/"
_SERVING = f"{OWN_PREFIX}serving/"
# As long as MLflow's scoring server lets a prediction take, and some.
_PATIENCE_S = 90.0


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a request, and how long it took from here."""

    status: int
    text: str
    took_ms: float


class ServingClient:
    """What the part about serving asks of the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def served(self, name: str | None = None) -> tuple[list[dict[str, Any]], bool]:
        """What is served, of all models or of one, and whether the reader may serve that one."""
        reply = await self.connection.get(f"{_SERVING}list", name=name)
        return list(reply["served"]), bool(reply.get("may_control"))

    async def holdings(self, name: str) -> tuple[dict[str, int], dict[str, int], int]:
        """Which versions a model's aliases and stages hold, and which is its newest."""
        reply = await self.connection.get(f"{_V2}registered-models/get", name=name)
        model = reply["registered_model"]
        aliases = {one["alias"]: int(one["version"]) for one in model.get("aliases", ())}
        newest = [version_from_wire(one) for one in model.get("latest_versions", ())]
        stages = {one.stage: one.version for one in newest}
        return aliases, stages, max((one.version for one in newest), default=0)

    async def version(self, name: str, version: int) -> ModelVersion:
        """One version; NotFound where there is none."""
        reply = await self.connection.get(
            f"{_V2}model-versions/get", name=name, version=str(version)
        )
        return version_from_wire(reply["model_version"])

    async def differences(self, target: dict[str, str]) -> list[dict[str, Any]]:
        """The packages a model asks for and the server has not."""
        reply = await self.connection.get(f"{_SERVING}fit", **target)
        return list(reply["differences"])

    async def start(self, target: dict[str, str], environment: str) -> str:
        """Start serving; the id."""
        reply = await self.connection.post(
            f"{_SERVING}start", {**target, "environment": environment}
        )
        return str(reply["served"]["id"])

    async def control(self, action: str, served_id: str) -> None:
        """Stop, restart or remove."""
        await self.connection.post(f"{_SERVING}{action}", {"id": served_id})

    async def detail(self, served_id: str) -> dict[str, Any]:
        """The example and the columns of one that is served."""
        return await self.connection.get(f"{_SERVING}get", id=served_id)

    async def log(self, served_id: str) -> str:
        """The last lines of its log."""
        reply = await self.connection.get(f"{_SERVING}logs", id=served_id, lines=300)
        return str(reply["log"])

    async def try_out(self, served_id: str, body: str) -> Tried:
        """Ask for a prediction."""
        path = f"serving/{quote(served_id, safe='@/')}/invocations"
        begun = time.perf_counter()
        status, text = await self.connection.exchange(path, body, patience_s=_PATIENCE_S)
        return Tried(status, text, (time.perf_counter() - begun) * 1000)
