"""Registering from the panel on a server with rules: what is asked, requested and refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from jupyter_process import LiveServer
from team import ENGINEER, SCIENTIST, token

from nbruns.conditions import Search
from nbruns.errors import InvalidValue, NotPermitted
from nbruns.panel.connection import Address, Connection
from nbruns.panel.register_client import RegisterClient, Rights
from nbruns.panel.run_panel import RunPanel
from nbruns.records import LoggedModel, Run
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]
T = TypeVar("T")
NOTEBOOK = "churn.ipynb"


@pytest.fixture(scope="module")
def store(guarded: LiveServer) -> Iterator[Store]:
    store = Store.open(guarded.home)
    yield store
    store.close()


@pytest.fixture(scope="module")
def run(guarded: LiveServer, store: Store) -> Run:
    """A run of the scientist's notebook."""
    path = str(guarded.work / NOTEBOOK)
    (guarded.work / NOTEBOOK).touch()
    notebook = store.notebooks.resolve(path)
    experiment = store.notebooks.experiment(notebook.notebook_id)
    tags = {"mlflow.source.name": path}
    return store.runs.create(experiment.experiment_id, name="one", user=SCIENTIST, tags=tags)


@pytest.fixture(scope="module")
def model(store: Store, run: Run) -> LoggedModel:
    made = store.models.create(run.experiment_id, name="model", source_run_id=run.run_id)
    return store.models.finalize(made.model_id, "READY")


def names_in(store: Store) -> list[str]:
    return [model.name for model in store.registry.search_models(Search(), limit=100).items]


def address_of(server: LiveServer, user: str) -> Address:
    return Address(f"{server.url}/", token(user))


@asynccontextmanager
async def form_of(server: LiveServer, run: Run, say: Say, until: Until) -> AsyncIterator[RunPanel]:
    """The scientist's panel with the form of a run open."""
    panel = RunPanel(NOTEBOOK, connection=Connection(address_of(server, SCIENTIST)))
    try:
        await until(lambda: panel.list.window["rows"])
        say(panel.list, type="act", name="register", run_id=run.run_id)
        await until(lambda: panel.form.form.get("stage") == "asking")
        yield panel
    finally:
        panel.close_all()
        await asyncio.sleep(0)


# F76 F84
@pytest.mark.usefixtures("model")
def test_an_alias_that_others_move_is_requested_once_the_reader_agrees(
    *, guarded: LiveServer, store: Store, run: Run, say: Say, until: Until
) -> None:
    async def register() -> None:
        async with form_of(guarded, run, say, until) as panel:
            form = panel.form
            asked = {"name": "prod.ml.churn", "alias": "champion", "model": "", "comment": "good"}
            say(form, type="submit", **asked)
            await until(lambda: form.rights.get("alias") == "champion")
            await until(lambda: form.form["stage"] == "asking")
            assert (form.rights["may_move"], form.rights["approvers"]) == (
                False,
                "engineers, managers",
            )
            # Nothing was made before the reader knew.
            assert "prod.ml.churn" not in names_in(store)
            say(form, type="submit", asks=True, **asked)
            await until(lambda: form.form["stage"] == "done")
            result = form.form["result"]
            assert result["text"] == "Registered as prod.ml.churn version 1"
            assert result["requested"].startswith("@champion was requested (request ")
            assert result["requested"].endswith("May approve: engineers, managers")
            assert result["trouble"] == ""
            say(form, type="go", place=result["place"])
            assert panel.selection.registry == "models/prod.ml.churn/1"
            assert form.form == {}

    asyncio.run(register())
    (asked,) = store.requests.search(name="prod.ml.churn").items
    assert (asked.requester, asked.version, asked.comment) == (SCIENTIST, 1, "good")


@pytest.mark.usefixtures("model")
def test_description_and_tags_are_the_version_s(
    *, guarded: LiveServer, store: Store, run: Run, say: Say, until: Until
) -> None:
    async def register() -> None:
        async with form_of(guarded, run, say, until) as panel:
            say(
                panel.form,
                type="submit",
                name="sandbox.described",
                alias="candidate",
                description="**good**",
                tags=[["reviewed", "true"], ["seed", "a=b"]],
            )
            await until(lambda: panel.form.form["stage"] == "done")
            assert panel.form.form["result"]["text"].endswith("version 1 @candidate")

    asyncio.run(register())
    version = store.registry.get_version("sandbox.described", 1)
    assert (version.description, version.user) == ("**good**", SCIENTIST)
    assert version.tags == {"reviewed": "true", "seed": "a=b"}
    assert version.aliases == ("candidate",)


@pytest.mark.usefixtures("model")
def test_who_may_not_register_reads_so_before_and_after(
    *, guarded: LiveServer, store: Store, run: Run, say: Say, until: Until
) -> None:
    async def register() -> None:
        async with form_of(guarded, run, say, until) as panel:
            say(panel.form, type="look", name="secret", alias="")
            await until(lambda: panel.form.rights.get("name") == "secret")
            assert panel.form.rights["may_register"] is False
            say(panel.form, type="submit", name="secret", alias="", model="")
            await until(lambda: panel.form.form["errors"])
            assert "secret" in panel.form.form["errors"]["name"]

    asyncio.run(register())
    assert "secret" not in names_in(store)


def ask(
    server: LiveServer, user: str, work: Callable[[RegisterClient], Coroutine[Any, Any, T]]
) -> T:
    async def asked() -> T:
        connection = Connection(address_of(server, user))
        try:
            return await work(RegisterClient(connection))
        finally:
            connection.close()

    return asyncio.run(asked())


def test_registering_makes_the_name_the_versions_and_the_alias(
    guarded: LiveServer, store: Store, run: Run, model: LoggedModel
) -> None:
    async def register_twice(client: RegisterClient) -> list[int]:
        numbers = []
        for _ in range(2):
            version = await client.register(
                "sandbox.twice",
                source=f"models:/{model.model_id}",
                run_id=run.run_id,
                model_id=model.model_id,
            )
            await client.set_alias(version, "champion")
            numbers.append(version.version)
        return numbers

    assert ask(guarded, SCIENTIST, register_twice) == [1, 2]
    assert store.registry.version_by_alias("sandbox.twice", "champion").version == 2
    found = ask(guarded, SCIENTIST, lambda client: client.find("sandbox.twice"))
    assert found is not None
    assert found.aliases == {"champion": 2}
    assert ask(guarded, SCIENTIST, lambda client: client.find("sandbox.never")) is None


def test_rights_are_those_of_who_asks(guarded: LiveServer) -> None:
    def rights(user: str, alias: str) -> Rights:
        return ask(guarded, user, lambda client: client.rights("prod.x", alias))

    assert rights(SCIENTIST, "candidate").may_move
    assert not rights(SCIENTIST, "champion").may_move
    assert rights(SCIENTIST, "champion").may_register
    assert not rights(ENGINEER, "champion").may_register


def test_a_refusal_is_the_ground_s_error_in_the_server_s_words(guarded: LiveServer) -> None:
    def register(name: str) -> Callable[[RegisterClient], Coroutine[Any, Any, object]]:
        return lambda client: client.register(name, source="s3://x", run_id="")

    with pytest.raises(InvalidValue, match="a/b"):
        ask(guarded, SCIENTIST, register("sandbox.a/b"))
    with pytest.raises(NotPermitted, match="secret"):
        ask(guarded, SCIENTIST, register("secret"))
