"""What tests of every room start from: a home folder, its store, a run in it, a real server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_process import LiveServer
from team import POLICY, team_config

from nbruns.records import Run
from nbruns.store import Store


@pytest.fixture(scope="module", autouse=True)
def own_client() -> Iterator[None]:
    """Each module finds MLflow's client as new, and leaves it so.

    What `set_registry_uri` and `set_experiment` put into the environment stays there for
    good, and `None` does not take it back.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
    yield
    if mlflow := sys.modules.get("mlflow"):
        while mlflow.active_run():
            mlflow.end_run()
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
        mlflow.tracking.fluent._active_experiment_id = None
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """A store as a notebook's kernel opens it."""
    store = Store.open(home)
    yield store
    store.close()


@pytest.fixture
def run(store: Store) -> Run:
    """A run of the default experiment."""
    return store.runs.create("0", name="first", user="ada", started_ms=1_000)


@pytest.fixture(scope="module")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LiveServer]]:
    """Start servers with options of their own; all are stopped with the module."""
    started: list[LiveServer] = []

    def new(**settings: Any) -> LiveServer:
        server = LiveServer(tmp_path_factory.mktemp("server"), **settings)
        started.append(server)
        server.start()
        return server

    yield new
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def live_server(new_server: Callable[..., LiveServer]) -> LiveServer:
    """A running server with an empty store, one per module."""
    return new_server()


@pytest.fixture
def signed_in(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    """The live server, with MLflow's client pointed at it and given its token."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", live_server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", live_server.token)
    return live_server


@pytest.fixture(scope="module")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The team's policy."""
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture(scope="module")
def guarded(new_server: Callable[..., LiveServer], policy_file: Path) -> LiveServer:
    """A server with the team's users and policy, one per module."""
    return new_server(config=team_config(policy_file))
