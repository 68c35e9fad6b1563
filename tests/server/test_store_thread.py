"""The store's thread, and the short way past it for work of microseconds."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nbruns.errors import StoreUnusable
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[StoreThread]:
    """A thread whose store is open."""
    thread = StoreThread(home)
    await thread.run(lambda store: store.experiments.get("0"))
    yield thread
    await thread.stop()


def where(store: Store) -> str:
    """The thread that does a write."""
    with store.db.atomic():
        return threading.current_thread().name


async def test_quick_work_is_done_here_and_now(home: Path) -> None:
    async with opened(home) as store_thread:
        assert await store_thread.run_quick(where) == threading.current_thread().name
        assert (await store_thread.run(where)).startswith("nbruns-store")


async def test_quick_work_waits_for_another_program_on_the_thread(
    home: Path,
) -> None:
    other = Store.open(home)
    done = threading.Timer(0.3, lambda: other.db.conn.execute("commit"))

    async with opened(home) as store_thread:
        other.db.conn.execute("begin immediate")
        done.start()
        assert (await store_thread.run_quick(where)).startswith("nbruns-store")
    done.join()
    other.close()


async def test_quick_work_does_not_overtake_what_was_asked_before(home: Path) -> None:
    held = threading.Event()
    order: list[str] = []

    def wait(_: Store) -> None:
        held.wait(5)
        order.append("first")

    async with opened(home) as store_thread:
        first = asyncio.create_task(store_thread.run(wait))
        await asyncio.sleep(0)
        second = asyncio.create_task(store_thread.run_quick(lambda _: order.append("second")))
        await asyncio.sleep(0.05)
        held.set()
        await asyncio.gather(first, second)

    assert order == ["first", "second"]


async def test_long_work_lets_the_rest_go_first(home: Path) -> None:
    held = threading.Event()
    order: list[str] = []

    def compute(_: Store) -> None:
        held.wait(5)
        order.append("long")

    async with opened(home) as store_thread:
        long = asyncio.create_task(store_thread.run_beside(compute))
        await asyncio.sleep(0.05)
        await store_thread.run(lambda _: order.append("short"))
        held.set()
        await long

    assert order == ["short", "long"]


async def test_stopping_waits_for_long_work(home: Path) -> None:
    def name_after_a_while(store: Store) -> str:
        time.sleep(0.2)
        return store.experiments.get("0").name

    async with opened(home) as store_thread:
        long = asyncio.create_task(store_thread.run_beside(name_after_a_while))
        await asyncio.sleep(0.05)

    assert await long == "Default"


@pytest.mark.parametrize("way", ["run", "run_quick", "run_beside"])
async def test_after_the_end_it_says_that_the_server_shuts_down(home: Path, way: str) -> None:
    async with opened(home) as store_thread:
        pass

    with pytest.raises(StoreUnusable, match="shutting down"):
        await getattr(store_thread, way)(where)
