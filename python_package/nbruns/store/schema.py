"""The tables, as a list of migrations that is only ever appended to."""

from __future__ import annotations

from collections.abc import Callable

from nbruns.store.database import Database

Migration = Callable[[Database], None]


def m001_tracking(db: Database) -> None:
    """Experiments, runs, params, tags, metrics, datasets."""


def m002_registry(db: Database) -> None:
    """Logged models, registered models, versions, aliases."""


def m003_notebooks(db: Database) -> None:
    """Notebooks, kernels, executed cells, revisions."""


MIGRATIONS: tuple[Migration, ...] = (m001_tracking, m002_registry, m003_notebooks)


def migrate(db: Database) -> None:
    """Bring the file up to this version, each step in a transaction of its own."""
    for number, migration in enumerate(MIGRATIONS, start=1):
        with db.atomic():
            if db.conn.execute("pragma user_version").fetchone()[0] < number:
                migration(db)
                db.conn.execute(f"pragma user_version = {number}")
