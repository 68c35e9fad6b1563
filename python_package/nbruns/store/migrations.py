"""Bringing a file up to date: forward only, one transaction a step, under SQLite's write lock.

A file is recognised before it is touched: one of another program, or of a newer nbruns,
is left exactly as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from nbruns.errors import StoreUnusable
from nbruns.store.database import Database
from nbruns.store.schema import MIGRATIONS, Migration

# "nbru" as a number: what `pragma application_id` and file(1) tell our files by.
APPLICATION_ID = 0x6E627275


def migrate(db: Database, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Apply the migrations the file has not seen; StoreUnusable when it is not ours to change."""
    with db.lock:
        version = _recognised(db, len(migrations))
        for number in range(version + 1, len(migrations) + 1):
            _step(db, number, migrations[number - 1])


def _recognised(db: Database, newest: int) -> int:
    """The schema version of the file, 0 for an empty one."""
    version, application, tables = db.conn.execute(
        """
        select v.user_version, a.application_id, (select count(*) from sqlite_schema)
        from pragma_user_version v, pragma_application_id a
        """
    ).fetchone()
    if version > newest and application == APPLICATION_ID:
        raise StoreUnusable(
            f"The database '{db.path}' was written by a newer nbruns (schema {version}, this one "
            f"knows {newest}): upgrade nbruns, or set NBRUNS_HOME to another folder"
        )
    if application != APPLICATION_ID and (application or version or tables):
        raise StoreUnusable(
            f"The database '{db.path}' belongs to another program: "
            "set NBRUNS_HOME to another folder, or move the file away"
        )
    return int(version)


def _step(db: Database, number: int, migration: Migration) -> None:
    try:
        with db.atomic():
            # Another process may have come first while this one waited for its turn.
            if db.conn.execute("pragma user_version").fetchone()[0] >= number:
                return
            migration(db)
            db.conn.execute(f"pragma application_id = {APPLICATION_ID}")
            db.conn.execute(f"pragma user_version = {number}")
    except sqlite3.Error as error:
        raise StoreUnusable(
            f"The database '{db.path}' could not be brought from schema {number - 1} to {number}: "
            f"{error}. Nothing was changed; restore it from a backup, or move it away and start "
            "with an empty one"
        ) from error
