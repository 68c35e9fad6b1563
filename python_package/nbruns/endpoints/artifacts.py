"""Lists and deletions of artifacts; uploads and downloads are streams, which the server handles."""

from __future__ import annotations

from typing import Any

from nbruns.endpoints.experiments import with_token
from nbruns.endpoints.runs import run_id
from nbruns.endpoints.sight import sight_of
from nbruns.errors import InvalidValue
from nbruns.protocol import pages
from nbruns.protocol.fields import limit, optional, required
from nbruns.protocol.model_messages import artifact_to_wire
from nbruns.records import ArtifactFile, Page
from nbruns.store import Store

MOST_FILES = 5000

Body = dict[str, Any]


def list_folder(store: Store, body: Body) -> Body:
    """GET mlflow-artifacts/artifacts?path=: names relative to the folder listed."""
    path = optional(body, "path") or ""
    found = [_inside(file, path) for file in store.artifacts.list(path)]
    return _files(found if path else _in_sight(store, found))


def read_file(store: Store, body: Body) -> Body:
    """GET mlflow-artifacts/artifacts/{path}: asked before the server sends the file."""
    return {}


def write_file(store: Store, body: Body) -> Body:
    """PUT mlflow-artifacts/artifacts/{path}: asked before the server takes it in."""
    return {}


def delete(store: Store, body: Body) -> Body:
    """DELETE mlflow-artifacts/artifacts/{path}."""
    store.artifacts.delete(required(body, "path"))
    return {}


def list_of_run(store: Store, body: Body) -> Body:
    """GET artifacts/list: a run's files below a path, relative to the run's root.

    All of them, as MLflow's client expects; in pages where `max_results` says so.
    """
    run = store.runs.get(run_id(body))
    return _below(store, run.artifact_uri, optional(body, "path") or "", body)


def list_of_model(store: Store, body: Body) -> Body:
    """GET logged-models/{model_id}/artifacts/directories: the same of a logged model."""
    model = store.models.get(required(body, "model_id"))
    return _below(store, model.artifact_uri, optional(body, "artifact_directory_path") or "", body)


def _below(store: Store, artifact_uri: str, path: str, body: Body) -> Body:
    root = store.artifacts.folder(artifact_uri).relative_to(store.artifacts.root).as_posix()
    parts = path.split("/") if path else []
    if path.startswith("/") or ".." in parts:
        raise InvalidValue(f"Invalid artifact path '{path[:200]}'")
    page = _page(store, "/".join([root, *parts]), body)
    found = [
        ArtifactFile(_named(path, file.path), file.is_dir, file.size_bytes) for file in page.items
    ]
    return with_token({**_files(found), "root_uri": artifact_uri}, page.next_token)


def _page(store: Store, folder: str, body: Body) -> Page[ArtifactFile]:
    asked, mark = limit(body, "max_results", 0, MOST_FILES), pages.mark("artifacts", folder)
    if not asked:
        return Page(store.artifacts.list(folder))
    page = store.artifacts.list_page(
        folder, limit=asked, after=pages.unseal(optional(body, "page_token"), mark)
    )
    return Page(page.items, pages.seal(page.next_token, mark))


def _named(folder: str, path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _inside(file: ArtifactFile, folder: str) -> ArtifactFile:
    return ArtifactFile(file.path.rsplit("/", 1)[-1], file.is_dir, file.size_bytes)


def _in_sight(store: Store, found: list[ArtifactFile]) -> list[ArtifactFile]:
    """Of what lies at the root, the folders that hold artifacts the acting user may read."""
    sight = sight_of(store, "experiment")
    if sight is None:
        return found
    return [f for f in found if any(map(sight.shows, store.belonging.experiments_at(f.path)))]


def _files(found: list[ArtifactFile]) -> Body:
    return {"files": [artifact_to_wire(file) for file in found]} if found else {}
