"""The card of a run, live: what is asked for, what is written, what its files are."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from nbruns.panel.browser import Browser
from nbruns.panel.connection import Address, Connection
from nbruns.panel.run_panel import RunPanel
from nbruns.records import MetricPoint, Run
from nbruns.store import Store

StartRun = Callable[..., Run]
Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]
Scene = Callable[..., Any]


class Heard:
    """What the views were sent, and what the page was asked for."""

    def __init__(self, panel: RunPanel) -> None:
        self.sent: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        for view in panel.desk.views:
            view.send = lambda message, buffers=None: self.sent.append(message)  # type: ignore[method-assign]
        panel.meet(Browser(self.orders.append))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind]

    def commands(self) -> list[tuple[str, dict[str, Any]]]:
        return [(o["id"], o["args"]) for o in self.orders if o["type"] == "command"]


@pytest.fixture
def scene(address: Address, path: str, until: Until, say: Say) -> Scene:
    """A panel whose list shows a run that is picked; its card is up."""

    @asynccontextmanager
    async def opened(run: Run) -> AsyncIterator[tuple[RunPanel, Heard]]:
        panel = RunPanel(path, connection=Connection(address))
        heard = Heard(panel)
        try:
            await until(lambda: panel.feed.experiment_id)
            panel.selection.only(run.run_id)
            await until(lambda: panel.card.card.get("id") == run.run_id)
            yield panel, heard
        finally:
            panel.close_all()
            await asyncio.sleep(0)

    return opened


def folder_of(store: Store, run: Run) -> Path:
    folder = store.artifacts.folder(run.artifact_uri)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# F17
def test_curves_come_for_the_metrics_in_sight_and_follow_them(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")
    for key in ("acc", "loss"):
        points = [MetricPoint(key, step / 10, step=step, at_ms=1) for step in range(5)]
        kernel_store.metrics.append(run.run_id, points)

    async def look() -> None:
        async with scene(run) as (panel, heard):
            say(panel.card, type="ready")
            (whole,) = [m for m in heard.of("metrics") if m["run"] == run.run_id][-1:]
            assert [row["name"] for row in whole["rows"]] == ["acc", "loss"]
            say(panel.card, type="look", run=run.run_id, keys=["acc", "no such"])
            await until(lambda: heard.of("curves"))
            assert heard.of("curves")[0]["curves"].keys() == {"acc"}
            assert heard.of("curves")[0]["curves"]["acc"]["x"] == [0, 1, 2, 3, 4]

            kernel_store.metrics.append(run.run_id, [MetricPoint("acc", 0.9, step=9, at_ms=2)])
            await until(lambda: heard.of("metrics-changed"), 1.5)
            assert [row["text"] for row in heard.of("metrics-changed")[0]["rows"]] == ["0.9"]
            await until(lambda: heard.of("curves")[-1]["curves"]["acc"]["x"][-1] == 9, 3)
            assert len(heard.of("metrics")) == 2

    asyncio.run(look())


# F18
def test_a_note_written_on_the_card_is_kept_and_shown(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")

    async def look() -> None:
        async with scene(run) as (panel, heard):
            say(panel.card, type="edit", edit=7, kind="note", value="# Good", seen="")
            await until(lambda: heard.of("edited"))
            assert (heard.of("edited")[0]["edit"], heard.of("edited")[0]["outcome"]) == (7, "saved")
            await until(lambda: panel.card.card["note"] == "# Good", 1.5)

    asyncio.run(look())


# F24
def test_a_failed_run_shows_its_traceback_without_colour_codes(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until
) -> None:
    run = notebook_run("one")
    text = "Traceback\n\x1b[0;31mValueError\x1b[0m: no"
    (folder_of(kernel_store, run) / "traceback.txt").write_text(text)
    kernel_store.runs.update(run.run_id, status="FAILED", ended_ms=2_000_000_000_000)

    async def look() -> None:
        async with scene(run) as (panel, _):
            await until(lambda: "traceback" in panel.card.extras)
            assert panel.card.extras["traceback"] == {"text": "Traceback\nValueError: no"}

    asyncio.run(look())


# N1
def test_what_changed_since_the_run_before_comes_when_asked_for(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    runs = [notebook_run(name, started_ms=at) for name, at in (("before", 1), ("after", 2))]
    for run, rate, loss in zip(runs, ("0.1", "0.01"), (0.5, 0.25), strict=True):
        kernel_store.runs.log_params(run.run_id, {"rate": rate, "seed": "1"})
        kernel_store.metrics.append(run.run_id, [MetricPoint("loss", loss, at_ms=1)])

    async def look() -> None:
        async with scene(runs[1]) as (panel, _):
            say(panel.card, type="changes")
            await until(lambda: "changes" in panel.card.extras)
            said = panel.card.extras["changes"]
            assert said["before"]["name"] == "before"
            groups = {group["title"]: group["rows"] for group in said["groups"]}
            assert groups["Parameters"] == [{"name": "rate", "old": "0.1", "new": "0.01"}]
            assert groups["Metrics"] == [
                {"name": "loss", "old": "0.5", "new": "0.25", "delta": "−0.25"}
            ]

    asyncio.run(look())


# F21
def test_an_environment_that_was_not_recorded_says_so(
    *, notebook_run: StartRun, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")

    async def look() -> None:
        async with scene(run) as (panel, _):
            say(panel.card, type="environment")
            await until(lambda: "environment" in panel.card.extras)
            assert "not recorded" in panel.card.extras["environment"]["trouble"]

    asyncio.run(look())


# F22
def test_the_runs_on_the_same_data_are_a_filter_of_the_list(
    *, notebook_run: StartRun, scene: Scene, say: Say
) -> None:
    run = notebook_run("one")

    async def look() -> None:
        async with scene(run) as (panel, _):
            say(panel.card, type="runs-on", digest="1e40ca5d")
            assert panel.selection.filter_text == "dataset.digest = '1e40ca5d'"

    asyncio.run(look())


# F8 F43
def test_what_jupyterlab_does_goes_to_the_page(
    *, notebook_run: StartRun, scene: Scene, say: Say
) -> None:
    run = notebook_run("one", tags={"nbruns.revision": "r-1"})

    async def look() -> None:
        async with scene(run) as (panel, heard):
            for name in ("diff", "restore-revision", "copy-revision"):
                say(panel.card, type="command", name=name)
            say(panel.card, type="command", name="insert", text="x = 1")
            say(panel.card, type="command", name="copy-link")
            say(panel.card, type="command", name="docmanager:delete-file")
            ids = [name for name, _ in heard.commands()]
            assert ids == [
                "nbruns:diff-revision",
                "nbruns:restore-revision",
                "nbruns:copy-revision",
                "nbruns:insert-cell",
                "nbruns:copy-link",
            ]
            assert heard.commands()[0][1]["revisionId"] == "r-1"
            assert heard.commands()[-1][1]["state"]["ticked"] == [run.run_id]

    asyncio.run(look())


# F8
def test_a_run_is_deleted_from_its_card(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")
    notebook_run("two")

    async def look() -> None:
        async with scene(run) as (panel, _):
            say(panel.card, type="delete")
            await until(lambda: kernel_store.runs.get(run.run_id).stage == "deleted")
            await until(lambda: panel.selection.ticked == (), 2.0)

    asyncio.run(look())


# F20 F42
def test_files_are_listed_folder_by_folder_and_page_by_page(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")
    many = folder_of(kernel_store, run) / "many"
    many.mkdir()
    for number in range(230):
        (many / f"{number:03}.png").write_bytes(b"x")

    async def look() -> None:
        async with scene(run) as (panel, heard):
            say(panel.desk.files, type="list", run=run.run_id, root="", path="", token=None)
            await until(lambda: heard.of("files"))
            assert heard.of("files")[0]["files"] == [
                {"name": "many", "path": "many", "kind": "folder"}
            ]
            say(panel.desk.files, type="list", run=run.run_id, root="", path="many", token=None)
            await until(lambda: len(heard.of("files")) == 2)
            page = heard.of("files")[1]
            assert page["files"][0] == {
                "name": "000.png",
                "path": "many/000.png",
                "kind": "image",
                "size": 1,
            }
            assert len(page["files"]) == 200
            say(
                panel.desk.files,
                type="list",
                run=run.run_id,
                root="",
                path="many",
                token=page["next"],
            )
            await until(lambda: len(heard.of("files")) == 3)
            assert len(heard.of("files")[2]["files"]) == 30
            assert heard.of("files")[2]["next"] is None

    asyncio.run(look())


# F20
def test_the_files_of_a_model_lie_under_its_name(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")
    model = kernel_store.models.create(run.experiment_id, name="forest", source_run_id=run.run_id)
    kernel_store.models.finalize(model.model_id, "READY")
    folder = kernel_store.artifacts.folder(model.artifact_uri)
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    key = f"models:/{model.model_id}"

    async def look() -> None:
        async with scene(run) as (panel, heard):
            await until(lambda: len(panel.desk.files.roots) == 2)
            root = panel.desk.files.roots[1]
            assert (root["key"], root["name"]) == (key, "forest")
            assert root["address"].startswith("api/2.0/mlflow-artifacts/artifacts/")
            say(panel.desk.files, type="list", run=run.run_id, root=key, path="", token=None)
            await until(lambda: heard.of("files"))
            assert [file["name"] for file in heard.of("files")[0]["files"]] == ["MLmodel"]

    asyncio.run(look())


def test_a_folder_that_cannot_be_listed_says_why(
    *, notebook_run: StartRun, scene: Scene, until: Until, say: Say
) -> None:
    run = notebook_run("one")

    async def look() -> None:
        async with scene(run) as (panel, heard):
            say(panel.desk.files, type="list", run=run.run_id, root="", path="../..", token=None)
            await until(lambda: heard.of("files"))
            assert "Invalid artifact path" in heard.of("files")[0]["trouble"]

    asyncio.run(look())


# F43
def test_the_file_looked_at_is_part_of_what_a_link_brings_back(
    *, notebook_run: StartRun, scene: Scene
) -> None:
    run, other = notebook_run("one"), notebook_run("two")

    async def look() -> None:
        async with scene(run) as (panel, _):
            panel.desk.files.chosen = "plots/roc.png"
            state = panel.selection.state()
            assert state["artifact"] == "plots/roc.png"
            panel.selection.only(other.run_id)
            assert panel.desk.files.chosen == ""
            panel.selection.restore(state)
            assert panel.desk.files.chosen == "plots/roc.png"

    asyncio.run(look())


def test_an_answer_about_another_run_is_not_shown(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    run, other = notebook_run("one"), notebook_run("two")
    kernel_store.runs.log_params(run.run_id, {"text": "x" * 1000})

    async def look() -> None:
        async with scene(run) as (panel, heard):
            say(panel.card, type="value", run=other.run_id, part="params", name="text")
            say(panel.card, type="value", run=run.run_id, part="params", name="text")
            await until(lambda: heard.of("value"))
            assert len(heard.of("value")) == 1
            assert heard.of("value")[0]["text"] == "x" * 1000

    asyncio.run(look())


def test_a_hostile_run_is_shown_quickly_and_cut_to_size(
    *, notebook_run: StartRun, kernel_store: Store, scene: Scene, until: Until, say: Say
) -> None:
    script, rtl = "<script>alert(1)</script>", "\u202eשלום 🎲"
    run = notebook_run(script, tags={"said": script + rtl, "big": "x" * 5_000})
    kernel_store.runs.log_params(run.run_id, {f"p{n}": "y" * 6_000 for n in range(300)})
    points = [MetricPoint(f"m{n}", n / 7, at_ms=1) for n in range(500)]
    kernel_store.metrics.append(run.run_id, points)

    async def look() -> None:
        async with scene(run) as (panel, heard):
            panel.selection.clear()
            await until(lambda: panel.card not in panel.detail.children)
            panel.card.clear()
            began = time.perf_counter()
            panel.selection.only(run.run_id)
            await until(lambda: panel.card.card.get("id"))
            took = time.perf_counter() - began
            assert len(str(panel.card.card)) < 150_000
            assert panel.card.card["tags"][1] == {"name": "said", "text": script + rtl}
            assert len(heard.of("metrics")[-1]["rows"]) == 500
            assert took < 0.5, took

    asyncio.run(look())
