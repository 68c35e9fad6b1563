"""Noticing commits of anybody."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbruns.store import Store
from nbruns.store.watch import Watch


@pytest.fixture
def watch(home: Path) -> Iterator[Watch]:
    watch = Watch(home / "nbruns.db")
    with contextlib.closing(watch):
        yield watch


def test_a_commit_of_this_process_is_a_change(store: Store, watch: Watch) -> None:
    watch.changed()
    store.experiments.create("a")

    assert [watch.changed(), watch.changed()] == [True, False]


def test_a_transaction_is_no_change_until_it_is_kept(store: Store, watch: Watch) -> None:
    watch.changed()
    with store.db.atomic():
        store.db.conn.execute("update experiments set updated_ms = 1")
        assert not watch.changed()

    assert watch.changed()


def test_reading_is_no_change(store: Store, watch: Watch) -> None:
    watch.changed()
    store.experiments.get("0")

    assert not watch.changed()


def test_a_file_that_is_not_there_yet_is_waited_for(watch: Watch, home: Path) -> None:
    assert not watch.changed()
    assert not home.exists()

    with contextlib.closing(Store.open(home)):
        assert watch.changed()


def test_a_foreign_file_never_changes(watch: Watch, home: Path) -> None:
    home.mkdir()
    (home / "nbruns.db").write_text("a diary" * 1000)

    assert not watch.changed()
