"""A run named elsewhere in the page is shown in the panel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from live_panel import panel_at

from nbruns.panel.app import App
from nbruns.panel.browser import Browser
from nbruns.panel.connection import Address, Connection
from nbruns.panel.events import Events
from nbruns.panel.run_panel import RunPanel
from nbruns.records import Run
from nbruns.store import Store

StartRun = Callable[..., Run]
Until = Callable[..., Awaitable[None]]


def ticked(panel: RunPanel) -> list[str]:
    """The names of the rows that wear a colour."""
    return [
        row["name"]
        for row in panel.list.window["rows"]
        if row["id"] in panel.list.window["colours"]
    ]


def test_its_row_is_ticked_whatever_the_list_hides(
    address: Address, notebook_run: StartRun, path: str, until: Until
) -> None:
    first, _ = notebook_run("first"), notebook_run("second")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: len(panel.list.window["rows"]) == 2)
            panel.selection.filter_text = "attributes.run_name = 'second'"
            await until(lambda: len(panel.list.window["rows"]) == 1)
            for _ in range(2):
                panel.pick(first.run_id)
                await until(lambda: ticked(panel) == ["first"])
            assert panel.selection.experiment_id is None
            await until(lambda: panel.card in panel.detail.children)

    asyncio.run(look())


def test_a_run_of_another_experiment_brings_that_one(
    address: Address, notebook_run: StartRun, kernel_store: Store, path: str, until: Until
) -> None:
    own = notebook_run("own")
    elsewhere = kernel_store.experiments.create("elsewhere")
    other = kernel_store.runs.create(elsewhere.experiment_id, name="other", user="ada")

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: len(panel.list.window["rows"]) == 1)
            panel.pick(other.run_id)
            await until(lambda: ticked(panel) == ["other"])
            panel.pick(own.run_id)
            await until(lambda: ticked(panel) == ["own"])
            assert panel.selection.experiment_id is None

    asyncio.run(look())


def test_it_is_picked_right_after_its_notebook_came_to_the_front(
    address: Address, notebook_run: StartRun, path: str, until: Until
) -> None:
    run = notebook_run("only")

    async def look() -> None:
        async with panel_at(address, None) as panel:
            panel.follow(path)
            panel.pick(run.run_id)
            await until(lambda: ticked(panel) == ["only"])

    asyncio.run(look())


def test_a_run_that_is_gone_is_told(address: Address, path: str, until: Until) -> None:
    said: list[dict[str, Any]] = []

    async def look() -> None:
        async with panel_at(address, path) as panel:
            panel.meet(Browser(said.append))
            panel.pick("0" * 32)
            await until(lambda: any(one["type"] == "error" for one in said))

    asyncio.run(look())
    assert [one["text"] for one in said if one["type"] == "error"] == [
        f"No run with id '{'0' * 32}'"
    ]


def test_the_page_asks_for_it_over_the_tab_s_comm(address: Address) -> None:
    picked: list[str] = []

    async def look() -> None:
        app = App()
        app.connection = Connection(address)
        app.events = Events(app.connection)
        panel = app.panel_of("tab", None)
        panel.pick = picked.append  # type: ignore[method-assign]
        app._hear("tab", {"type": "pick", "run_id": "r"})
        panel.close_all()
        await asyncio.sleep(0)

    asyncio.run(look())
    assert picked == ["r"]


def test_the_list_is_scrolled_to_a_run_far_down(
    address: Address, notebook_run: StartRun, path: str, until: Until
) -> None:
    runs = [notebook_run(f"run-{number:03}", started_ms=1000 + number) for number in range(130)]

    async def look() -> None:
        async with panel_at(address, path) as panel:
            await until(lambda: panel.list.window["total"] == 130)
            panel.pick(runs[9].run_id)
            await until(lambda: panel.list.brought == {"place": 120, "number": 1})

        state = {"ticked": [runs[29].run_id], "order": "attributes.start_time ASC"}
        connection = Connection(address)
        linked = RunPanel(path, connection=connection, state=state)
        await until(lambda: linked.list.brought["number"])
        assert linked.list.brought["place"] == 29
        linked.close_all()
        await asyncio.sleep(0)

    asyncio.run(look())
