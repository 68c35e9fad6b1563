"""MLflow's own SQLite store and ours, side by side under the real client."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import MlflowClient


@pytest.fixture(scope="session")
def empty_mlflow_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's database with its tables made; making them takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    SqlAlchemyStore(f"sqlite:///{folder}/empty.db", f"file://{folder}/artifacts")
    return folder / "empty.db"


@pytest.fixture(autouse=True)
def own_corner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test works in a folder of its own and leaves the fluent client as it found it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBRUNS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    yield
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    # What `set_experiment` chose is kept for all stores, and there is no call to forget it.
    mlflow.tracking.fluent._active_experiment_id = None
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)


@pytest.fixture
def theirs(tmp_path: Path, empty_mlflow_db: Path) -> MlflowClient:
    """A client of MLflow's own SQLite store."""
    shutil.copy(empty_mlflow_db, tmp_path / "theirs.db")
    uri = f"sqlite:///{tmp_path}/theirs.db"
    return MlflowClient(uri, uri)


@pytest.fixture
def in_process(tmp_path: Path) -> Iterator[MlflowClient]:
    """A client of our store inside this process."""
    uri = f"nbruns://{tmp_path}/home"
    client = MlflowClient(uri, uri)
    yield client
    client._tracking_client.store.shelves.close()


@pytest.fixture(params=["in process", "over HTTP"])
def ours(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MlflowClient:
    """A client of our store, by each of its two doors."""
    if request.param == "in process":
        return request.getfixturevalue("in_process")
    server: Any = request.getfixturevalue("new_server")()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    return MlflowClient(server.url, server.url)


@pytest.fixture(params=["in process", "over HTTP"])
def fluent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """The fluent client on our store, by each door; over HTTP the module shares a store."""
    if request.param == "in process":
        client: MlflowClient = request.getfixturevalue("in_process")
    else:
        server: Any = request.getfixturevalue("live_server")
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        client = MlflowClient(server.url, server.url)
    mlflow.set_tracking_uri(client._tracking_client.tracking_uri)
    mlflow.set_registry_uri(client._registry_uri)
    mlflow.set_experiment(request.node.originalname)
    return client
