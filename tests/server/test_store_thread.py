"""The store's thread, and the short way past it for work of microseconds."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

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
