"""The list of models in the panel, over a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nbruns.panel.browser import Browser
from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.model_list import ModelList
from nbruns.panel.models.registry_view import RegistryView
from nbruns.panel.selection import Selection
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]


@asynccontextmanager
async def list_at(
    address: Address, place: str = "models", browser: Browser | None = None
) -> AsyncIterator[ModelList]:
    view = RegistryView(
        Selection(registry=place),
        Connection(address),
        browser=lambda: browser,
        show_runs=lambda *_: None,
        on_retry=lambda: None,
        parts=(ModelList,),
    )
    view.changed()
    await view.pulse.settled()
    (models,) = view.parts
    assert isinstance(models, ModelList)
    yield models
    view.close_all()
    await asyncio.sleep(0)


def paths(models: ModelList) -> list[str]:
    return [line["path"] for line in models.window["lines"]]


@pytest.fixture(scope="module")
def filled(live_server: Any) -> None:
    """Models at three levels, one of which stands somewhere."""
    store = Store.open(live_server.home)
    for name in ("prod.sales.churn", "prod.sales.fraud", "tumour"):
        store.registry.create_model(name)
    for _ in range(2):
        store.registry.create_version("tumour", source="s", tags={"prediction_works": "true"})
    store.registry.set_alias("tumour", "champion", 1)
    store.registry.move_stage("tumour", 2, "Staging", archive_existing=False)
    store.requests.create("tumour", 2, "Production")
    store.close()


@pytest.mark.usefixtures("filled")
class TestModels:
    # F91 F94
    def test_a_tree_says_where_versions_stand_and_what_waits(self, address: Address) -> None:
        async def look() -> None:
            async with list_at(address) as models:
                whole = ["prod", "prod.sales", "prod.sales.churn", "prod.sales.fraud", "tumour"]
                assert paths(models) == whole
                line = models.window["lines"][-1]
                assert (line["newest"], line["versions"], line["pending"]) == (2, 2, 1)
                assert line["aliases"] == [("champion", 1)]
                assert line["stages"] == [("Staging", 2)]
                assert line["changed_by"]

        asyncio.run(look())

    # F91
    def test_a_folder_is_closed_and_opened(self, address: Address, until: Until, say: Say) -> None:
        async def look() -> None:
            async with list_at(address) as models:
                say(models, type="fold", path="prod", open=False)
                await until(lambda: paths(models) == ["prod", "tumour"])
                say(models, type="fold", path="prod", open=True)
                await until(lambda: len(paths(models)) == 5)

        asyncio.run(look())

    # F89 F94
    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("fraud", ["prod.sales.fraud"]),
            ("@champ", ["tumour"]),
            ("stage:staging", ["tumour"]),
            ("prediction_works = true", ["tumour"]),
            ("prediction_works = false", []),
        ],
    )
    def test_a_search_finds_by_name_alias_stage_and_tag(
        self, address: Address, until: Until, say: Say, typed: str, found: list[str]
    ) -> None:
        async def look() -> None:
            async with list_at(address) as models:
                say(models, type="search", text=typed)
                await until(lambda: models.window["text"] == typed)
                assert paths(models) == found

        asyncio.run(look())

    def test_what_the_server_cannot_read_is_said_under_the_box(
        self, address: Address, until: Until, say: Say
    ) -> None:
        async def look() -> None:
            async with list_at(address) as models:
                before = paths(models)
                say(models, type="search", text="name NOT LIKE 'x'")
                await until(lambda: models.about["trouble"])
                assert paths(models) == before
                say(models, type="search", text="churn")
                await until(lambda: not models.about["trouble"])

        asyncio.run(look())

    def test_only_the_lines_in_sight_travel(self, address: Address, until: Until, say: Say) -> None:
        async def look() -> None:
            async with list_at(address) as models:
                say(models, type="look", first=3, count=1)
                await until(lambda: paths(models) == ["prod.sales.fraud"])
                assert (models.window["first"], models.window["total"]) == (3, 5)

        asyncio.run(look())

    def test_a_model_is_gone_to_and_marked(self, address: Address, say: Say) -> None:
        async def look() -> None:
            async with list_at(address) as models:
                say(models, type="go", name="tumour")
                assert models.selection.registry == "models/tumour"
                assert models.about["current"] == "tumour"

        asyncio.run(look())

    def test_beside_a_page_it_asks_for_nothing_until_it_is_seen(
        self, address: Address, until: Until, say: Say
    ) -> None:
        async def look() -> None:
            async with list_at(address, "models/tumour") as models:
                assert models.window == {}
                say(models, type="seen", view="a", seen=True)
                await until(lambda: models.window)
                assert len(paths(models)) == 5

        asyncio.run(look())

    def test_the_code_of_an_empty_list_goes_into_the_notebook(
        self, address: Address, say: Say
    ) -> None:
        told: list[dict[str, Any]] = []

        async def look() -> None:
            async with list_at(address, browser=Browser(told.append)) as models:
                assert models.about["in_lab"]
                say(models, type="insert", text="x = 1")

        asyncio.run(look())
        assert told == [
            {"type": "command", "id": "nbruns:insert-cell", "args": {"source": "x = 1"}}
        ]
