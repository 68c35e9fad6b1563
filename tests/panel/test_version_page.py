"""The page of a version on a live server: what it shows, asks for, writes, and where it leads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from team import ENGINEER, SCIENTIST, ask_as, token

from nbruns.conditions import Search
from nbruns.panel.browser import Browser
from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.registry_view import RegistryView
from nbruns.panel.models.version_detail import VersionDetail
from nbruns.panel.models.version_files import VersionFiles
from nbruns.panel.models.version_head import VersionHead
from nbruns.panel.run_panel import RunPanel
from nbruns.panel.selection import Selection
from nbruns.records import Dataset, DatasetInput, MetricPoint, ModelLink, Run
from nbruns.store import Store

StartRun = Callable[..., Run]
Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]
EVERY = Search()
MLMODEL = """flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.7
  sklearn:
    pickled_model: model.pkl
    sklearn_version: 1.9.1
model_size_bytes: 2048
saved_input_example_info:
  artifact_path: input_example.json
signature:
  inputs: '[{"type": "double", "name": "radius", "required": true}]'
  outputs: '[{"type": "long", "required": true}]'
"""


class Scene:
    """A panel that stands at a version; what its page was asked to do and what it asked for."""

    def __init__(self, panel: RunPanel) -> None:
        self.panel = panel
        self.orders: list[dict[str, Any]] = []
        panel.meet(Browser(self.orders.append))

    def part(self, kind: type[Any]) -> Any:
        view = self.panel.entrance.view
        assert view is not None
        return next(part for part in view.parts if isinstance(part, kind))

    @property
    def head(self) -> VersionHead:
        return self.part(VersionHead)

    @property
    def detail(self) -> VersionDetail:
        return self.part(VersionDetail)

    async def settled(self) -> None:
        view = self.panel.entrance.view
        assert view is not None
        await view.pulse.settled()

    def step(self, kind: str) -> dict[str, Any]:
        return next(step for step in self.head.lineage if step["kind"] == kind)


@pytest.fixture
def scene(address: Address, path: str, until: Until) -> Callable[..., Any]:
    """Open the page of a version in a panel; the runs of `path` are behind it."""

    @asynccontextmanager
    async def opened(name: str, version: int) -> AsyncIterator[Scene]:
        state = {"registry": f"models/{name}/{version}"}
        panel = RunPanel(path, connection=Connection(address), state=state)
        here = Scene(panel)
        try:
            await until(lambda: here.head.card)
            await here.settled()
            yield here
        finally:
            panel.close_all()
            await asyncio.sleep(0)
            panel.connection.close()

    return opened


@pytest.fixture
def version_of(kernel_store: Store, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Log a model in a run and register it under a name of the test's own."""
    name = request.node.name.partition("[")[0]

    def register(run: Run, metrics: dict[str, float] | None = None, text: str = MLMODEL) -> str:
        store = kernel_store
        model = store.models.create(run.experiment_id, name="forest", source_run_id=run.run_id)
        store.runs.log_outputs(run.run_id, [ModelLink(model.model_id, 0)])
        folder = store.artifacts.folder(model.artifact_uri)
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text(text)
        (folder / "requirements.txt").write_text("scikit-learn==1.9.1\n")
        (folder / "input_example.json").write_text('{"columns": ["radius"], "data": [[1.5], [2]]}')
        store.models.finalize(model.model_id, "READY")
        points = [
            MetricPoint(key, value, at_ms=1, model_id=model.model_id)
            for key, value in (metrics or {}).items()
        ]
        store.metrics.append(run.run_id, points)
        if not [m for m in store.registry.search_models(EVERY, limit=99).items if m.name == name]:
            store.registry.create_model(name)
        source = f"models:/{model.model_id}"
        store.registry.create_version(name, source=source, model_id=model.model_id, user="ada")
        return name

    return register


def data(name: str, digest: str) -> DatasetInput:
    dataset = Dataset(name, digest, "local", "{}", profile='{"num_rows": 569}')
    return DatasetInput(dataset, {"mlflow.data.context": "train"})


# F80 F90
def test_a_version_leads_to_its_run_its_code_and_its_data(
    *,
    notebook_run: StartRun,
    version_of: Any,
    kernel_store: Store,
    scene: Any,
    until: Until,
    say: Say,
) -> None:
    run = notebook_run("forest", tags={"nbruns.revision": "r-1"})
    kernel_store.runs.log_inputs(run.run_id, [data("tumours", "1e40ca5d")])
    name = version_of(run, {"acc": 0.9})

    async def look() -> None:
        async with scene(name, 1) as here:
            assert here.head.card["address"] == f"models:/{name}/1"
            assert (here.head.card["user"], here.head.card["stage"]) == ("ada", "")
            kinds = [step["kind"] for step in here.head.lineage]
            assert kinds == ["data", "code", "run", "version"]
            assert here.step("data")["detail"] == "train · 569 rows · 1e40ca5d"
            assert here.step("run")["text"] == "forest"

            say(here.head, type="open")
            opened = [order for order in here.orders if order["type"] == "command"][-1]
            assert (opened["id"], opened["args"]["revisionId"]) == ("nbruns:open-revision", "r-1")

            say(here.head, type="runs-on", digest="1e40ca5d")
            await until(lambda: here.panel.selection.registry is None)
            assert here.panel.selection.filter_text == "dataset.digest = '1e40ca5d'"

            here.panel.selection.registry = f"models/{name}/1"
            say(here.head, type="run")
            await until(lambda: here.panel.selection.registry is None)
            assert here.panel.selection.ticked == (run.run_id,)
            assert here.panel.selection.filter_text == ""
            await until(lambda: here.panel.card.card.get("id") == run.run_id)

    asyncio.run(look())


# F90
def test_the_run_of_another_experiment_is_shown_in_its_list(
    *, version_of: Any, kernel_store: Store, scene: Any, until: Until, say: Say
) -> None:
    elsewhere = kernel_store.experiments.create("elsewhere").experiment_id
    run = kernel_store.runs.create(elsewhere, name="far")
    name = version_of(run)

    async def look() -> None:
        async with scene(name, 1) as here:
            say(here.head, type="run")
            await until(lambda: here.panel.card.card.get("id") == run.run_id)
            assert here.panel.selection.experiment_id == elsewhere
            assert here.panel.selection.registry is None

    asyncio.run(look())


# F80
def test_a_version_is_measured_against_the_champion(
    *,
    notebook_run: StartRun,
    version_of: Any,
    kernel_store: Store,
    scene: Any,
    until: Until,
    say: Say,
) -> None:
    for depth, values in ((2, {"acc": 0.8, "loss": 0.5, "n": 1.0}), (4, {"acc": 0.9, "loss": 0.6})):
        run = notebook_run(f"depth {depth}")
        kernel_store.runs.log_params(run.run_id, {"depth": str(depth), "seed": "1"})
        name = version_of(run, values)
    kernel_store.registry.set_alias(name, "champion", 1)

    async def look() -> None:
        async with scene(name, 2) as here:
            said = here.detail.standing
            assert (said["key"], said["version"]) == ("@champion", 1)
            rows = {row["name"]: (row["delta"], row["mood"]) for row in said["metrics"]}
            assert rows == {"acc": ("+0.10", "better"), "loss": ("+0.10", "worse"), "n": ("", "")}
            assert said["params"] == [{"name": "depth", "text": "4", "other": "2"}]
            assert "depth 2 → 4" in said["sentence"]

            say(here.detail, type="baseline", key="")
            await until(lambda: here.detail.standing["key"] == "")
            say(here.detail, type="compare")
            await until(lambda: here.panel.selection.registry is None)
            assert len(here.panel.selection.ticked) == 2
            await until(lambda: here.panel.compare in here.panel.detail.children)

    asyncio.run(look())


# F80
def test_of_a_run_with_several_models_each_has_its_own_numbers(
    *, notebook_run: StartRun, version_of: Any, scene: Any
) -> None:
    run = notebook_run("checkpoints")
    name = version_of(run, {"acc": 0.7})
    version_of(run, {"acc": 0.9})

    async def look() -> None:
        async with scene(name, 1) as here:
            assert [row["text"] for row in here.detail.standing["metrics"]] == ["0.7"]
        async with scene(name, 2) as here:
            assert here.detail.standing["same_run"]
            (row,) = here.detail.standing["metrics"]
            assert (row["text"], row["other"], row["delta"]) == ("0.9", "0.7", "+0.20")

    asyncio.run(look())


# F80
def test_what_the_model_is_made_of_comes_from_its_files(
    *, notebook_run: StartRun, version_of: Any, scene: Any, until: Until, say: Say
) -> None:
    name = version_of(notebook_run("forest"))

    async def look() -> None:
        async with scene(name, 1) as here:
            model = here.detail.card["model"]
            assert model["inputs"] == [{"name": "radius", "type": "double"}]
            assert model["programs"] == ["model.pkl"]
            facts = {fact["name"]: fact["text"] for fact in model["facts"]}
            assert (facts["Flavor"], facts["Python"]) == ("sklearn 1.9.1", "3.11.7")
            assert facts["Size"] == "2.0 KB"

            say(here.detail, type="requirements")
            await until(lambda: "requirements" in here.detail.extras)
            assert here.detail.extras["requirements"] == {"text": "scikit-learn==1.9.1\n"}
            say(here.detail, type="example")
            await until(lambda: "example" in here.detail.extras)
            assert here.detail.extras["example"]["rows"] == [["1.5"], ["2"]]

            say(here.detail, type="insert", text="model.predict(X)")
            assert here.orders[-1]["args"] == {"source": "model.predict(X)"}

            files, sent = here.part(VersionFiles), []
            files.send = lambda message, buffers=None: sent.append(message)
            place = f"models/{name}/1"
            say(files, type="list", run=place, root="", path="", token=None)
            await until(lambda: sent)
            assert [file["name"] for file in sent[0]["files"]] == [
                "MLmodel",
                "input_example.json",
                "requirements.txt",
            ]

    asyncio.run(look())


# F88 F89
def test_description_and_tags_are_written_in_place(
    *,
    notebook_run: StartRun,
    version_of: Any,
    kernel_store: Store,
    scene: Any,
    until: Until,
    say: Say,
) -> None:
    name = version_of(notebook_run("forest"))

    async def look() -> None:
        async with scene(name, 1) as here:
            say(here.head, type="edit", edit=1, kind="note", value="# Good", seen="")
            await until(lambda: here.head.card["note"] == "# Good")
            tag = {"kind": "tag", "key": "prediction_works"}
            say(here.detail, type="edit", edit=2, **tag, value="true", seen=None)
            await until(lambda: here.detail.card["tags"])
            assert here.detail.card["tags"] == [{"name": "prediction_works", "text": "true"}]

            sent: list[Any] = []
            here.detail.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
            kernel_store.registry.set_version_tag(name, 1, "prediction_works", "false")
            say(here.detail, type="edit", edit=3, **tag, value="maybe", seen="true")
            await until(lambda: [m for m in sent if m["type"] == "edited"])
            edited = next(m for m in sent if m["type"] == "edited")
            assert (edited["outcome"], edited["text"]) == ("conflict", "false")

            say(here.detail, type="edit", edit=4, **tag, value=None, seen="false")
            await until(lambda: not here.detail.card["tags"])
            assert kernel_store.registry.get_version(name, 1).tags == {}

    asyncio.run(look())


# F80
def test_a_version_is_deleted_and_its_page_says_so(
    *,
    notebook_run: StartRun,
    version_of: Any,
    kernel_store: Store,
    scene: Any,
    until: Until,
    say: Say,
) -> None:
    for number in range(2):
        name = version_of(notebook_run(f"forest {number}"))

    async def look() -> None:
        async with scene(name, 1) as here:
            assert here.head.card["may_delete"]
            say(here.head, type="delete")
            await until(lambda: here.panel.selection.registry == f"models/{name}")
            here.panel.selection.registry = f"models/{name}/1"
            await until(lambda: here.head.card.get("gone"))
            assert here.head.card["gone"] == f"Version 1 of {name} was deleted."
            assert (here.head.lineage, here.detail.card) == ([], {})

            here.panel.selection.registry = f"models/{name}/2"
            await until(lambda: not here.head.card.get("gone"))
            kernel_store.registry.delete_version(name, 2)
            await until(lambda: here.head.card.get("gone"))
            assert "no model" in here.head.card["gone"]

    asyncio.run(look())


# F80
def test_versions_of_old_clients_show_what_is_known(
    *, notebook_run: StartRun, kernel_store: Store, scene: Any, until: Until, say: Say
) -> None:
    old, gone = notebook_run("old"), notebook_run("gone")
    folder = kernel_store.artifacts.folder(old.artifact_uri) / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text(MLMODEL)
    (folder / "data").mkdir()
    (folder / "data" / "model.pkl").write_bytes(b"x")
    registry = kernel_store.registry
    registry.create_model("old")
    registry.create_version("old", source=f"runs:/{old.run_id}/model", run_id=old.run_id)
    registry.create_version("old", source="s3://bucket/model", run_id=gone.run_id)
    registry.create_version("old", source="/srv/models/churn")
    registry.create_version("old", source="models:/old/1")
    registry.create_version("old", source="s3://bucket/other", run_id="f" * 32)
    kernel_store.runs.delete(gone.run_id)

    async def look() -> None:
        async with scene("old", 1) as here:
            assert here.detail.card["model"]["inputs"]
            sent: list[Any] = []
            files = here.part(VersionFiles)
            files.send = lambda message, buffers=None: sent.append(message)
            for folder in ("", "data"):
                say(files, type="list", run="models/old/1", root="", path=folder, token=None)
                await until(lambda: sent and sent[-1]["path"] == folder)  # noqa: B023
            assert [file["path"] for file in sent[-1]["files"]] == ["data/model.pkl"]
        async with scene("old", 2) as here:
            assert here.step("run")["detail"] == "in the trash"
            assert "s3://bucket/model" in here.detail.card["trouble"]
            assert here.detail.card["model"] is None
            assert here.part(VersionFiles).run_id == ""
        async with scene("old", 3) as here:
            assert here.step("run")["detail"] == "It was registered without a run."
            assert here.step("data")["is_absent"]
        async with scene("old", 4) as here:
            assert here.head.card["copied_from"]["to"] == "models/old/1"
            assert here.step("run")["text"] == "old"
        async with scene("old", 5) as here:
            assert here.step("run")["is_absent"]
            assert "is gone" in here.step("run")["detail"]

    asyncio.run(look())


# F80
def test_a_page_asks_for_little_and_for_nothing_again(
    *, notebook_run: StartRun, version_of: Any, kernel_store: Store, address: Address
) -> None:
    runs = [notebook_run(name) for name in ("one", "two")]
    for run in runs:
        name = version_of(run, {"acc": 0.9})

    async def look() -> None:
        connection, asked = Connection(address), []
        fetch = connection._fetch

        async def noted(method: str, path: str, *rest: Any) -> Any:
            asked.append(path.partition("?")[0])
            return await fetch(method, path, *rest)

        connection._fetch = noted  # type: ignore[method-assign]
        view = RegistryView(
            Selection(registry=f"models/{name}/2"),
            connection,
            browser=lambda: None,
            show_runs=lambda *_: None,
            on_retry=lambda: None,
            parts=(VersionHead, VersionDetail, VersionFiles),
        )
        view.changed()
        await view.pulse.settled()
        head, detail, _ = view.parts
        assert detail.standing["sentence"]
        assert len(asked) == 7, asked

        asked.clear()
        cards = (head.card, head.lineage, detail.card, detail.standing)
        kernel_store.runs.create("0", name="of no concern")
        view.changed()
        await view.pulse.settled()
        assert sorted(asked) == [
            "api/2.0/mlflow/model-versions/search",
            "api/2.0/mlflow/runs/get",
        ]
        assert cards == (head.card, head.lineage, detail.card, detail.standing)
        view.close_all()
        connection.close()

    asyncio.run(look())


# F86
def test_a_reader_is_offered_no_writing_and_told_why_the_server_refuses(
    guarded: Any, until: Until, say: Say
) -> None:
    name = "prod.readers"
    for call, body in (
        ("registered-models/create", {"name": name}),
        ("model-versions/create", {"name": name, "source": "s3://x"}),
    ):
        assert ask_as(guarded, SCIENTIST, "POST", f"api/2.0/mlflow/{call}", body)[0] == 200

    async def look() -> None:
        connection = Connection(Address(f"{guarded.url}/", token(ENGINEER)))
        panel = RunPanel(None, connection=connection, state={"registry": f"models/{name}/1"})
        here = Scene(panel)
        await until(lambda: here.head.card)
        assert not here.head.card["may_edit"]
        assert not here.head.card["may_delete"]
        await until(lambda: here.detail.card)
        assert not here.detail.card["may_edit"]
        say(here.head, type="delete")
        await until(lambda: here.head.refused)
        assert "That needs MANAGE" in here.head.refused
        sent: list[Any] = []
        here.head.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
        say(here.head, type="edit", edit=1, kind="note", value="mine", seen="")
        await until(lambda: sent)
        assert sent[0]["outcome"] == "refused"
        panel.close_all()
        await asyncio.sleep(0)
        connection.close()

    asyncio.run(look())


# F86
def test_a_version_that_holds_what_only_others_may_move_is_not_deleted(
    guarded: Any, until: Until, say: Say
) -> None:
    name = "prod.held"
    for user, call, body in (
        (SCIENTIST, "registered-models/create", {"name": name}),
        (SCIENTIST, "model-versions/create", {"name": name, "source": "s3://x"}),
        (ENGINEER, "model-versions/transition-stage", {"stage": "Staging"}),
    ):
        asked = {"name": name, "version": "1", **body}
        assert ask_as(guarded, user, "POST", f"api/2.0/mlflow/{call}", asked)[0] == 200

    async def look() -> None:
        connection = Connection(Address(f"{guarded.url}/", token(SCIENTIST)))
        panel = RunPanel(None, connection=connection, state={"registry": f"models/{name}/1"})
        here = Scene(panel)
        await until(lambda: here.head.card)
        assert here.head.card["may_edit"]
        say(here.head, type="delete")
        await until(lambda: here.head.refused)
        assert here.head.card["stage"] == "Staging"
        panel.close_all()
        await asyncio.sleep(0)
        connection.close()

    asyncio.run(look())
