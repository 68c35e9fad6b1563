"""The page of a model in the panel, over a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from team import ENGINEER, MANAGER, token

from nbruns.panel.browser import Browser
from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.model_head import ModelHead
from nbruns.panel.models.registry_view import RegistryView
from nbruns.panel.models.version_table import VersionTable
from nbruns.panel.selection import Selection
from nbruns.records import MetricPoint
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]
Told = list[dict[str, Any]]


@asynccontextmanager
async def page_at(
    address: Address,
    name: str,
    *,
    shown: list[tuple[Any, ...]] | None = None,
    told: Told | None = None,
) -> AsyncIterator[tuple[ModelHead, VersionTable]]:
    browser = None if told is None else Browser(told.append)
    view = RegistryView(
        Selection(registry=f"models/{name}"),
        Connection(address),
        browser=lambda: browser,
        show_runs=lambda *asked: (shown if shown is not None else []).append(asked),
        on_retry=lambda: None,
        parts=(ModelHead, VersionTable),
    )
    await view.renew()
    head, table = view.parts
    assert isinstance(head, ModelHead)
    assert isinstance(table, VersionTable)
    yield head, table
    assert view.nav.trouble == ""
    view.close_all()
    await asyncio.sleep(0)


def answers(part: ModelHead, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the part tells its view from now on."""
    told: Told = []
    monkeypatch.setattr(part, "send", lambda said, buffers=None: told.append(said))
    return told


# F88
def test_name_description_and_tags_are_written_in_place(
    address: Address,
    kernel_store: Store,
    until: Until,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel_store.registry.create_model("to write", tags={"old": "1"})

    async def look() -> None:
        async with page_at(address, "to write") as (head, _):
            told = answers(head, monkeypatch)
            say(head, type="edit", edit=1, kind="note", value="**Who** leaves", seen="")
            say(head, type="edit", edit=2, kind="tag", key="team", value="web", seen=None)
            await until(lambda: len(told) == 2)
            assert {said["outcome"] for said in told} == {"saved"}
            await until(lambda: head.card["note"] == "**Who** leaves")
            await until(lambda: [tag["name"] for tag in head.card["tags"]] == ["old", "team"])
            say(head, type="edit", edit=3, kind="name", value="written", seen="to write")
            await until(lambda: head.card["name"] == "written")
            assert head.selection.registry == "models/written"

    asyncio.run(look())
    model = kernel_store.registry.get_model("written")
    assert (model.description, model.tags) == ("**Who** leaves", {"old": "1", "team": "web"})


def test_what_somebody_else_wrote_meanwhile_is_shown_and_kept(
    address: Address,
    kernel_store: Store,
    until: Until,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel_store.registry.create_model("contested")

    async def look() -> None:
        async with page_at(address, "contested") as (head, _):
            told = answers(head, monkeypatch)
            kernel_store.registry.update_model("contested", "theirs")
            say(head, type="edit", edit=1, kind="note", value="mine", seen="")
            say(head, type="edit", edit=2, kind="name", value=" ", seen="contested")
            await until(lambda: len(told) == 2)
            by_edit = {said["edit"]: said for said in told}
            assert (by_edit[1]["outcome"], by_edit[1]["text"]) == ("conflict", "theirs")
            assert by_edit[2]["text"] == "A model needs a name."

    asyncio.run(look())
    assert kernel_store.registry.get_model("contested").description == "theirs"


def test_code_loads_it_by_alias_stage_and_number(address: Address, kernel_store: Store) -> None:
    kernel_store.registry.create_model('say "hi"')
    for _ in range(2):
        kernel_store.registry.create_version('say "hi"', source="s")
    kernel_store.registry.set_alias('say "hi"', "champion", 1)
    kernel_store.registry.move_stage('say "hi"', 1, "Production", archive_existing=False)

    async def look() -> None:
        async with page_at(address, 'say "hi"') as (head, _):
            found = head.card["addresses"]
            labels = [one["label"] for one in found]
            assert labels == ["@champion", "Production", "version 2"]
            loaded: list[str] = []
            for one in found:
                line = one["code"].splitlines()[2].replace("mlflow.pyfunc.load_model", "load")
                exec(line, {"load": loaded.append})
            assert loaded == [
                'models:/say "hi"@champion',
                'models:/say "hi"/Production',
                'models:/say "hi"/2',
            ]

    asyncio.run(look())


# F93
def test_a_deleted_model_s_page_says_who_deleted_it(
    address: Address, kernel_store: Store, until: Until, say: Say
) -> None:
    kernel_store.registry.create_model("short-lived")
    kernel_store.registry.create_version("short-lived", source="s")

    async def look() -> None:
        async with page_at(address, "short-lived") as (head, _):
            say(head, type="delete")
            await until(lambda: head.selection.registry == "models")
        async with page_at(address, "short-lived") as (head, table):
            assert head.card["is_gone"]
            assert (head.card["end"], bool(head.card["by"])) == ("deleted", True)
            assert table.table == {}

    asyncio.run(look())


# F93
def test_a_renamed_model_s_page_leads_to_its_new_name(
    address: Address, kernel_store: Store, say: Say
) -> None:
    kernel_store.registry.create_model("before")
    kernel_store.registry.rename_model("before", "after")

    async def look() -> None:
        async with page_at(address, "before") as (head, _):
            assert (head.card["end"], head.card["new_name"]) == ("renamed", "after")
            say(head, type="go", name=head.card["new_name"])
            assert head.selection.registry == "models/after"
        async with page_at(address, "nobody's") as (head, _):
            assert (head.card["is_gone"], head.card["end"]) == (True, "")

    asyncio.run(look())


# F80
def test_versions_stand_beside_what_their_runs_came_to(
    address: Address, kernel_store: Store, say: Say
) -> None:
    run = kernel_store.runs.create("0", name="candid-newt")
    points = [MetricPoint("val_accuracy", 0.925), MetricPoint("system/cpu", 3.0)]
    kernel_store.metrics.append(run.run_id, points)
    registry = kernel_store.registry
    registry.create_model("tabled")
    registry.create_version("tabled", source="s", run_id=run.run_id, tags={"works": "yes"})
    registry.create_version("tabled", source="s", user="erin")
    registry.set_alias("tabled", "champion", 1)
    shown: list[tuple[Any, ...]] = []

    async def look() -> None:
        async with page_at(address, "tabled", shown=shown) as (_, table):
            newest, first = table.table["versions"]
            assert table.table["metrics"] == [{"key": "val_accuracy", "label": "val_accuracy"}]
            assert (newest["version"], newest["user"], newest["values"]) == (2, "erin", [None])
            assert (first["aliases"], first["tags"]) == (["champion"], ["works: yes"])
            assert first["values"] == [{"text": "0.925", "full": "0.925"}]
            say(table, type="run", run_id=first["run"]["id"])
            say(table, type="go", version=1)
            assert table.selection.registry == "models/tabled/1"

    asyncio.run(look())
    assert shown == [("0", {"ticked": (run.run_id,), "trash": False})]


def test_many_versions_come_in_parts(
    address: Address, kernel_store: Store, until: Until, say: Say
) -> None:
    kernel_store.registry.create_model("long-lived")
    for _ in range(70):
        kernel_store.registry.create_version("long-lived", source="s")

    async def look() -> None:
        async with page_at(address, "long-lived") as (_, table):
            assert (len(table.table["versions"]), table.table["total"]) == (50, 70)
            assert table.table["more"]
            say(table, type="more")
            await until(lambda: len(table.table["versions"]) == 70)
            assert not table.table["more"]

    asyncio.run(look())


# F86
def test_the_page_offers_what_the_policy_allows_and_says_what_is_refused(
    guarded: Any, until: Until, say: Say
) -> None:
    store = Store.open(guarded.home)
    store.registry.create_model("prod.paged")
    store.close()

    def of(user: str) -> Address:
        return Address(f"{guarded.url}/", token(user))

    async def look() -> None:
        async with page_at(of(ENGINEER), "prod.paged") as (head, _):
            assert (head.card["may_edit"], head.card["may_manage"]) == (False, False)
            say(head, type="delete")
            await until(lambda: "MANAGE" in head.card["refused"])
        async with page_at(of(MANAGER), "prod.paged") as (head, _):
            assert head.card["may_manage"]
            say(head, type="delete")
            await until(lambda: head.selection.registry == "models")

    asyncio.run(look())
