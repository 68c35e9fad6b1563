"""The panel's calls about artifacts: what lies in a folder, and the beginning of a text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbruns.errors import NotFound
from nbruns.panel.connection import Connection
from nbruns.protocol.model_messages import artifact_from_wire
from nbruns.protocol.names import ARTIFACTS_PATH, PROXY_SCHEME
from nbruns.records import ArtifactFile, LoggedModel, Page, Run

_V2 = "api/2.0/mlflow/"
PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class ArtifactRoot:
    """Where artifacts begin: those of a run, or of a model it logged; else just a folder."""

    name: str
    uri: str
    run_id: str = ""
    model_id: str = ""

    @property
    def address(self) -> str:
        """The path below the server's nbruns at which bytes are had; empty for those elsewhere."""
        scheme, _, path = self.uri.partition(":/")
        return f"{ARTIFACTS_PATH}/{path.strip('/')}" if scheme == PROXY_SCHEME else ""


def root_of_run(run: Run) -> ArtifactRoot:
    """A run's own files."""
    return ArtifactRoot("", run.artifact_uri, run_id=run.run_id)


def root_of_model(model: LoggedModel) -> ArtifactRoot:
    """A model's files, which MLflow 3 keeps apart from its run's."""
    return ArtifactRoot(model.name, model.artifact_uri, model_id=model.model_id)


class ArtifactClient:
    """What the panel asks of the artifact folder."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def files(
        self, root: ArtifactRoot, path: str, token: str | None = None
    ) -> Page[ArtifactFile]:
        """A page of a folder, by name."""
        asked = {"max_results": PAGE_SIZE, "page_token": token}
        if root.model_id:
            reply = await self.connection.get(
                f"{_V2}logged-models/{root.model_id}/artifacts/directories",
                artifact_directory_path=path or None,
                **asked,
            )
        elif root.run_id:
            reply = await self.connection.get(
                f"{_V2}artifacts/list", run_id=root.run_id, path=path or None, **asked
            )
        else:
            return Page(await self._in_folder(root, path))
        found = [artifact_from_wire(item) for item in reply.get("files", ())]
        return Page(found, reply.get("next_page_token") or None)

    async def _in_folder(self, root: ArtifactRoot, path: str) -> list[ArtifactFile]:
        """All of a folder, by its place alone."""
        below = f"{path}/" if path else ""
        place = f"{root.address.removeprefix(ARTIFACTS_PATH)}/{path}".strip("/")
        reply = await self.connection.get(ARTIFACTS_PATH, path=place)
        found = map(artifact_from_wire, reply.get("files", ()))
        return [replace(file, path=f"{below}{file.path}") for file in found]

    async def beginning(self, root: ArtifactRoot, path: str, *, most_bytes: int) -> str:
        """The beginning of a file as text; empty where there is none, or none to be had here."""
        if not root.address:
            return ""
        try:
            return await self.connection.read_text(f"{root.address}/{path}", most_bytes=most_bytes)
        except NotFound:
            return ""
