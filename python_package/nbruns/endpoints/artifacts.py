"""Lists and deletions of artifacts; uploads and downloads are streams, which the server handles."""

from __future__ import annotations

from typing import Any

from nbruns.endpoints.runs import run_id
from nbruns.errors import InvalidValue
from nbruns.protocol.fields import optional, required
from nbruns.protocol.model_messages import artifact_to_wire
from nbruns.records import ArtifactFile
from nbruns.store import Store

Body = dict[str, Any]


def list_folder(store: Store, body: Body) -> Body:
    """GET mlflow-artifacts/artifacts?path=: names relative to the folder listed."""
    path = optional(body, "path") or ""
    return _files([_inside(file, path) for file in store.artifacts.list(path)])


def delete(store: Store, body: Body) -> Body:
    """DELETE mlflow-artifacts/artifacts/{path}."""
    store.artifacts.delete(required(body, "path"))
    return {}


def list_of_run(store: Store, body: Body) -> Body:
    """GET artifacts/list: a run's files below a path, relative to the run's root."""
    run = store.runs.get(run_id(body))
    return _below(store, run.artifact_uri, optional(body, "path") or "")


def list_of_model(store: Store, body: Body) -> Body:
    """GET logged-models/{model_id}/artifacts/directories: the same of a logged model."""
    model = store.models.get(required(body, "model_id"))
    return _below(store, model.artifact_uri, optional(body, "artifact_directory_path") or "")


def _below(store: Store, artifact_uri: str, path: str) -> Body:
    root = store.artifacts.folder(artifact_uri).relative_to(store.artifacts.root).as_posix()
    parts = path.split("/") if path else []
    if path.startswith("/") or ".." in parts:
        raise InvalidValue(f"Invalid artifact path '{path[:200]}'")
    found = [
        ArtifactFile(_named(path, file.path), file.is_dir, file.size_bytes)
        for file in store.artifacts.list("/".join([root, *parts]))
    ]
    return {**_files(found), "root_uri": artifact_uri}


def _named(folder: str, path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _inside(file: ArtifactFile, folder: str) -> ArtifactFile:
    return ArtifactFile(file.path.rsplit("/", 1)[-1], file.is_dir, file.size_bytes)


def _files(found: list[ArtifactFile]) -> Body:
    return {"files": [artifact_to_wire(file) for file in found]} if found else {}
