"""The activity log: it tells who did what, and cannot be made to tell anything else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nbruns.identity import acting_as, user_name
from nbruns.store import Store
from nbruns.store.database import Database
from nbruns.store.migrations import migrate
from nbruns.store.schema import MIGRATIONS


def test_what_was_done_is_told_newest_first(store: Store) -> None:
    store.activity.add("restored", "revision", "r1", before="r0", after="a.ipynb", comment="why")
    with acting_as("grace"):
        store.activity.add("purged", "revision", "r2")

    newest, first = store.activity.search().items
    assert (newest.user, newest.action, newest.subject) == ("grace", "purged", "r2")
    assert (first.user, first.before, first.after, first.comment) == (
        user_name(),
        "r0",
        "a.ipynb",
        "why",
    )


def test_it_is_searched_by_what_it_tells_and_page_by_page(store: Store) -> None:
    added = [store.activity.add("moved", "model", f"m{n % 2}", user=f"u{n}") for n in range(5)]

    assert [a.user for a in store.activity.search(subject="m1").items] == ["u3", "u1"]
    assert [a.subject for a in store.activity.search(user="u2").items] == ["m0"]
    assert store.activity.search(kind="revision").items == []
    assert store.activity.search(until_ms=added[0].at_ms - 1).items == []
    assert len(store.activity.search(since_ms=added[0].at_ms, action="moved").items) == 5

    page = store.activity.search(limit=3)
    rest = store.activity.search(limit=3, token=page.next_token)
    assert [a.user for a in page.items + rest.items] == ["u4", "u3", "u2", "u1", "u0"]
    assert rest.next_token is None


@pytest.mark.parametrize("statement", ["delete from activity", "update activity set user = 'me'"])
def test_it_only_ever_grows(store: Store, statement: str) -> None:
    store.activity.add("purged", "revision", "r")

    with pytest.raises(sqlite3.IntegrityError, match="only ever grows"):
        store.db.conn.execute(statement)

    assert len(store.activity.search().items) == 1


def test_a_file_without_the_log_gains_it(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[:4])
    db.conn.execute("update experiments set name = 'kept'")
    db.close()

    store = Store.open(home)
    store.activity.add("purged", "revision", "r")

    assert store.experiments.get("0").name == "kept"
    assert len(store.activity.search().items) == 1
    store.close()
