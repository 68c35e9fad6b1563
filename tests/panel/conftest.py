"""The panel's views without a browser: what it would hear is said by `say`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import Widget

from nbruns.panel.connection import Address
from nbruns.records import MetricPoint, Run
from nbruns.store import Store


@pytest.fixture
def say() -> Callable[..., None]:
    """Play the browser: send a widget the message its view would send."""

    def said(widget: Widget, **message: Any) -> None:
        widget._handle_custom_msg(message, [])

    return said


@pytest.fixture
def make_run() -> Callable[..., Run]:
    """A run as the server describes it, named after its id."""

    def make(run_id: str, **fields: Any) -> Run:
        values = fields.pop("values", {})
        metrics = tuple(MetricPoint(key, value) for key, value in values.items())
        known: dict[str, Any] = {
            "experiment_id": "1",
            "name": run_id,
            "user": "ada",
            "status": "FINISHED",
            "stage": "active",
            "started_ms": 1_000,
            "ended_ms": 2_000,
            "artifact_uri": "",
            "metrics": metrics,
        }
        return Run(run_id=run_id, **(known | fields))

    return make


@pytest.fixture
def kernel_store(live_server: Any) -> Iterator[Store]:
    """The live server's store, opened as another process does it."""
    store = Store.open(live_server.home)
    yield store
    store.close()


@pytest.fixture
def address(live_server: Any) -> Address:
    """Where the live server answers."""
    return Address(f"{live_server.url}/", live_server.token)


@pytest.fixture
def notebook_run(
    kernel_store: Store, live_server: Any, request: pytest.FixtureRequest
) -> Callable[..., Run]:
    """Start a run of a notebook that is this test's own."""

    def start(name: str, **fields: Any) -> Run:
        path = str(live_server.work / notebook_path(request))
        notebook = kernel_store.notebooks.resolve(path)
        experiment = kernel_store.notebooks.experiment(notebook.notebook_id)
        tags = {"mlflow.source.name": path, **fields.pop("tags", {})}
        return kernel_store.runs.create(
            experiment.experiment_id, name=name, user="ada", tags=tags, **fields
        )

    return start


@pytest.fixture
def path(request: pytest.FixtureRequest, live_server: Any) -> str:
    """The notebook of `notebook_run`, as JupyterLab names it."""
    (Path(live_server.work) / notebook_path(request)).touch()
    return notebook_path(request)


def notebook_path(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name.partition('[')[0]}.ipynb"


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait for something to become true, as long as a person would."""

    async def wait(holds: Callable[[], object], patience_s: float = 8.0) -> None:
        end = time.monotonic() + patience_s
        while not holds():
            assert time.monotonic() < end, "it did not happen"
            await asyncio.sleep(0.02)

    return wait
