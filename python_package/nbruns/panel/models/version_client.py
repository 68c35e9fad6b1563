"""The panel's calls about one version of a model: all but two are MLflow's own."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from nbruns.errors import NotFound, NotPermitted
from nbruns.panel.connection import Connection
from nbruns.panel.run_client import RunClient
from nbruns.protocol.errors import NoSuchEndpoint
from nbruns.protocol.model_messages import logged_model_from_wire, version_from_wire
from nbruns.protocol.names import ARTIFACTS_PATH, OWN_PREFIX, PROXY_SCHEME
from nbruns.records import LoggedModel, ModelVersion, Run

_V2 = "api/2.0/mlflow/"
_VERSIONS = f"{_V2}model-versions/"
# Enough for all that hold something, in most registries; others are asked for one by one.
NEWEST = 100

Level = Literal["NONE", "READ", "EDIT", "MANAGE"]


class VersionClient:
    """What the page of a version asks and tells the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.runs = RunClient(connection)

    async def newest(self, name: str) -> list[ModelVersion]:
        """The newest versions of a name, newest first; none where the name is nobody's."""
        if "'" in name and '"' in name:
            # No filter can say such a name.
            return []
        reply = await self.connection.get(
            f"{_VERSIONS}search",
            filter=f"name = {_quoted(name)}",
            order_by=["version_number DESC"],
            max_results=NEWEST,
        )
        return [version_from_wire(item) for item in reply.get("model_versions", ())]

    async def get(self, name: str, version: int) -> ModelVersion:
        """A version; raises NotFound."""
        reply = await self.connection.get(f"{_VERSIONS}get", name=name, version=version)
        return version_from_wire(reply["model_version"])

    async def aliases(self, name: str) -> dict[str, int]:
        """The aliases of a name, each with its version; raises NotFound."""
        reply = await self.connection.get(f"{_V2}registered-models/get", name=name)
        found = reply["registered_model"].get("aliases", ())
        return {str(item["alias"]): int(item["version"]) for item in found}

    async def level(self, name: str) -> Level:
        """What the acting user may do with a name."""
        try:
            reply = await self.connection.get(f"{OWN_PREFIX}registry/rights", name=name)
        except NoSuchEndpoint:
            # Another MLflow server has no rules to ask for.
            return "MANAGE"
        except NotPermitted:
            return "NONE"
        level: Level = reply["level"]
        return level

    async def run(self, run_id: str) -> Run:
        """A run, one of the trash as well; raises NotFound and NotPermitted."""
        return await self.runs.get(run_id)

    async def logged_model(self, model_id: str) -> LoggedModel:
        """A logged model, a deleted one as well; raises NotFound and NotPermitted."""
        reply = await self.connection.get(
            f"{_V2}logged-models/{quote(model_id, safe='')}", allow_deleted="true"
        )
        return logged_model_from_wire(reply["model"])

    async def address_of_files(self, name: str, version: int) -> str:
        """Where the files of a version lie."""
        reply = await self.connection.get(
            f"{_VERSIONS}get-download-uri", name=name, version=version
        )
        return str(reply.get("artifact_uri", ""))

    async def text(self, uri: str, file: str, *, most_bytes: int) -> str:
        """The beginning of a model's file; raises NotFound, also for files elsewhere."""
        scheme, _, path = uri.partition(":/")
        if scheme != PROXY_SCHEME:
            raise NotFound(f"'{file}' lies outside this server's store")
        where = f"{ARTIFACTS_PATH}/{path.strip('/')}/{file}"
        return await self.connection.read_text(where, most_bytes=most_bytes)

    async def describe(self, name: str, version: int, text: str) -> None:
        """Write a version's description anew."""
        await self._tell("PATCH", "update", name, version, description=text)

    async def set_tag(self, name: str, version: int, key: str, value: str) -> None:
        """Set a tag of a version."""
        await self._tell("POST", "set-tag", name, version, key=key, value=value)

    async def delete_tag(self, name: str, version: int, key: str) -> None:
        """Take a tag of a version away."""
        await self._tell("DELETE", "delete-tag", name, version, key=key)

    async def delete(self, name: str, version: int) -> None:
        """Delete a version; its files and its run stay."""
        await self._tell("DELETE", "delete", name, version)

    async def _tell(self, method: str, call: str, name: str, version: int, **more: str) -> None:
        body = {"name": name, "version": str(version), **more}
        await self.connection.send(method, f"{_VERSIONS}{call}", body)


def _quoted(text: str) -> str:
    """A text as a filter takes it: in the quotation marks that are not in it."""
    return f"'{text}'" if "'" not in text else f'"{text}"'
