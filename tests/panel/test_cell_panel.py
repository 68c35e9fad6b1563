"""The panel in a cell of a kernel that has no Jupyter server near."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from jupyter_process import LiveServer
from team import TEAM

from nbruns.cell_panel import LocalConnection, RunPanel
from nbruns.records import MetricPoint
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("NBRUNS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NBRUNS_SERVER_URL", raising=False)
    return Store.open(tmp_path / "home")


# N6
def test_without_a_server_the_panel_is_live_all_the_same(
    store: Store, tmp_path: Path, until: Until, say: Callable[..., None]
) -> None:
    notebook = store.notebooks.resolve(str(tmp_path / "churn.ipynb"))
    experiment = store.notebooks.experiment(notebook.notebook_id)
    run = store.runs.create(experiment.experiment_id, name="first")

    async def look() -> None:
        panel = RunPanel(notebook.path)
        await until(lambda: panel.list.window["rows"])
        store.metrics.append(run.run_id, [MetricPoint("loss", 0.25, at_ms=1)])
        await until(lambda: "0.25" in str(panel.list.window["rows"][0]), 2.0)
        say(panel.list, type="only", run_id=run.run_id)
        await until(lambda: panel.card in panel.detail.children)
        assert panel.header.about["trouble"] == ""
        panel.close_all()

    asyncio.run(look())


def test_where_users_sign_in_by_name_it_reads_the_file_as_the_kernel_does(
    new_server: Callable[..., LiveServer], monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    server = new_server(config=f"{TEAM}\nc.NbrunsApp.policy = {{'default': 'NONE'}}")
    monkeypatch.setenv("NBRUNS_SERVER_URL", f"{server.url}/")
    monkeypatch.setenv("NBRUNS_PANEL_TOKEN", server.token)
    monkeypatch.setenv("NBRUNS_HOME", str(server.home))

    async def look() -> None:
        panel = RunPanel(str(server.work / "churn.ipynb"))
        assert isinstance(panel.connection, LocalConnection)
        await until(lambda: panel.events.connected)
        assert panel.header.about["trouble"] == ""
        panel.close_all()

    asyncio.run(look())


def test_where_its_token_is_taken_it_reads_through_the_server(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBRUNS_SERVER_URL", f"{live_server.url}/")
    monkeypatch.setenv("NBRUNS_PANEL_TOKEN", live_server.token)

    async def look() -> None:
        panel = RunPanel("churn.ipynb")
        assert not isinstance(panel.connection, LocalConnection)
        panel.close_all()

    asyncio.run(look())


def test_an_artifact_is_read_from_the_folder(store: Store, tmp_path: Path) -> None:
    run = store.runs.create("0")
    folder = store.artifacts.folder(run.artifact_uri)
    folder.mkdir(parents=True)
    (folder / "some note.txt").write_text("Hällo")

    async def read() -> str:
        panel = RunPanel("x.ipynb")
        path = f"api/2.0/mlflow-artifacts/artifacts/0/{run.run_id}/artifacts/some note.txt"
        try:
            return await panel.connection.read_text(path, most_bytes=100)
        finally:
            panel.close_all()

    assert asyncio.run(read()) == "Hällo"
