"""Looking for changes costs nothing while nobody wants to know."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from nbruns.server.events import Changes
from nbruns.store import Store


@pytest.fixture
def changes(store: Store, home: Path) -> Changes:
    return Changes(home / "nbruns.db")


def other_tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def test_nothing_runs_when_nobody_listens(changes: Changes) -> None:
    async def listen() -> None:
        assert other_tasks() == set()
        with changes.listening():
            with changes.listening():
                pass
            assert len(other_tasks()) == 1
        await asyncio.sleep(0)
        assert other_tasks() == set()
        assert changes._watch._conn is None

    asyncio.run(listen())


def test_a_listener_is_woken_at_once_and_for_each_change(changes: Changes, store: Store) -> None:
    async def listen() -> None:
        with changes.listening() as wake:
            assert wake.is_set()
            for number in range(3):
                wake.clear()
                store.experiments.create(f"{number}")
                await asyncio.wait_for(wake.wait(), 1)
                assert changes.version == number + 1

    asyncio.run(listen())


def test_closing_wakes_everybody(changes: Changes) -> None:
    async def listen() -> None:
        with changes.listening() as wake:
            wake.clear()
            changes.close()
            assert (wake.is_set(), changes.closed) == (True, True)

    asyncio.run(listen())


def test_it_goes_on_after_a_failure_it_did_not_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    async def listen() -> None:
        # Where the working folder is gone, a relative path is an error of the system.
        with Changes(Path("nbruns.db")).listening() as wake:
            wake.clear()
            await asyncio.sleep(0.3)
            monkeypatch.chdir(tmp_path)
            with contextlib.closing(Store.open(tmp_path)):
                await asyncio.wait_for(wake.wait(), 1)

    asyncio.run(listen())
    assert [record.message for record in caplog.records] == [
        "nbruns cannot look for changes; it goes on trying"
    ]
