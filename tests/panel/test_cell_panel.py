"""The panel in a cell of a kernel that has no Jupyter server near."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from nbruns.cell_panel import RunPanel
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
