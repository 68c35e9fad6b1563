"""The params and tags of runs: params are written once, tags any number of times."""

from __future__ import annotations

from collections.abc import Mapping

from nbruns.errors import InvalidValue, NotFound
from nbruns.rules import shown
from nbruns.store.database import Database
from nbruns.store.run_parents import PARENT_TAG, take_parent

RUN_NAME_TAG = "mlflow.runName"


def add_params(db: Database, run_id: str, run_number: int, params: Mapping[str, str]) -> None:
    """Write params once; InvalidValue names both values where one has another value already."""
    for key, value in params.items():
        is_new = db.conn.execute(
            "insert or ignore into params (run_number, key, value) values (?, ?, ?)",
            (run_number, key, value),
        ).rowcount
        if is_new:
            continue
        (before,) = db.conn.execute(
            "select value from params where run_number = ? and key = ?", (run_number, key)
        ).fetchone()
        if before != value:
            raise InvalidValue(
                f"A param cannot change: '{key}' of run '{run_id}' has the value {shown(before)}, "
                f"it cannot become {shown(value)}"
            )


def put_tags(db: Database, run_number: int, tags: Mapping[str, str]) -> None:
    """Set tags; the one that carries the run's name renames the run as well."""
    name = tags.get(RUN_NAME_TAG)
    db.conn.executemany(
        """
        insert into tags (run_number, key, value)
        values (?, ?, ?)
        on conflict do update set value = excluded.value
        """,
        # MLflow lets no run lose its name: an empty one changes nothing.
        [(run_number, *tag) for tag in tags.items() if tag != (RUN_NAME_TAG, "")],
    )
    if name:
        db.conn.execute("update runs set name = ? where run_number = ?", (name, run_number))
    if PARENT_TAG in tags:
        take_parent(db, run_number)


def remove_tag(db: Database, run_id: str, run_number: int, key: str) -> None:
    """Remove a tag; NotFound when the run has none of that key."""
    gone = db.conn.execute(
        "delete from tags where run_number = ? and key = ?", (run_number, key)
    ).rowcount
    if not gone:
        raise NotFound(f"Run '{run_id}' has no tag '{key}'")
    if key == PARENT_TAG:
        take_parent(db, run_number)
