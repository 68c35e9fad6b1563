"""The list of experiments, over a real server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from nbruns.panel.choosing import Choosing
from nbruns.panel.connection import Address, Connection
from nbruns.panel.experiment_client import ExperimentClient
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]


@asynccontextmanager
async def choosing_at(
    address: Address, chosen: list[str | None] | None = None
) -> AsyncIterator[Choosing]:
    tasks = []

    def do(work: Any) -> None:
        tasks.append(asyncio.ensure_future(work))

    choosing = Choosing(
        ExperimentClient(Connection(address)),
        do=do,
        on_choose=(chosen if chosen is not None else []).append,
    )
    await choosing.renew()
    yield choosing
    await asyncio.gather(*tasks)
    choosing.view.close()


def names(choosing: Choosing) -> list[str]:
    return [line["name"] for line in choosing.view.lines]


# F7
def test_an_experiment_is_found_and_chosen(
    address: Address, kernel_store: Store, until: Until, say: Say
) -> None:
    made = kernel_store.experiments.create("choose me")
    chosen: list[str | None] = []

    async def look() -> None:
        async with choosing_at(address, chosen) as choosing:
            say(choosing.view, type="search", text="choose")
            await until(lambda: names(choosing) == ["choose me"])
            say(choosing.view, type="choose", id=made.experiment_id)

    asyncio.run(look())
    assert chosen == [made.experiment_id]


# F8
def test_renaming_deleting_and_restoring(
    address: Address, kernel_store: Store, until: Until, say: Say
) -> None:
    made = kernel_store.experiments.create("to be changed").experiment_id

    async def look() -> None:
        async with choosing_at(address) as choosing:
            say(choosing.view, type="search", text="changed")
            say(choosing.view, type="rename", id=made, value="was changed")
            await until(lambda: names(choosing) == ["was changed"])
            say(choosing.view, type="delete", id=made)
            await until(lambda: names(choosing) == [])
            say(choosing.view, type="trash", on=True)
            await until(lambda: names(choosing) == ["was changed"])
            say(choosing.view, type="restore", id=made)
            await until(lambda: names(choosing) == [])

    asyncio.run(look())
    kept = kernel_store.experiments.get(made)
    assert (kept.name, kept.stage) == ("was changed", "active")


def test_a_name_that_is_taken_is_said(
    address: Address, kernel_store: Store, until: Until, say: Say
) -> None:
    kernel_store.experiments.create("taken name")
    made = kernel_store.experiments.create("other name").experiment_id

    async def look() -> None:
        async with choosing_at(address) as choosing:
            say(choosing.view, type="rename", id=made, value="taken name")
            await until(lambda: "taken name" in choosing.view.about["said"])

    asyncio.run(look())
    assert kernel_store.experiments.get(made).name == "other name"


def test_a_long_list_comes_in_parts(
    address: Address, kernel_store: Store, until: Until, say: Say
) -> None:
    for number in range(130):
        kernel_store.experiments.create(f"part {number:03}")

    async def look() -> None:
        async with choosing_at(address) as choosing:
            say(choosing.view, type="search", text="part ")
            await until(lambda: choosing.view.about["text"] == "part ")
            assert len(names(choosing)) == 100
            assert choosing.view.about["more"]
            say(choosing.view, type="more")
            await until(lambda: len(names(choosing)) == 130)
            assert not choosing.view.about["more"]

    asyncio.run(look())
