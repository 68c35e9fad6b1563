"""From a run's id to the number the other tables know it by."""

from __future__ import annotations

from collections.abc import Iterable

from nbruns.errors import InvalidState, NotFound
from nbruns.store.database import Database

_RUN_NUMBER = "select run_number, stage, status, ended_ms from runs where run_id = ?"
_ENDED = ("FINISHED", "FAILED", "KILLED")


def number_of_run(db: Database, run_id: str) -> int:
    """The internal number of a run, deleted or not; NotFound when there is none."""
    with db.lock:
        row = db.conn.execute(_RUN_NUMBER, (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"No run with id '{run_id}'")
    return int(row[0])


def writable_run(db: Database, run_id: str) -> tuple[int, int | None]:
    """The internal number of a run and when it ended (None: it runs).

    InvalidState for a deleted one, which may not be written to.
    """
    with db.lock:
        row = db.conn.execute(_RUN_NUMBER, (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"No run with id '{run_id}'")
    if row[1] != "active":
        raise InvalidState(f"The run '{run_id}' is deleted: restore it before changing it")
    return int(row[0]), row[3] if row[2] in _ENDED else None


def numbers_of_runs(db: Database, run_ids: Iterable[str]) -> dict[str, int]:
    """The internal numbers of those runs that exist."""
    with db.lock:
        rows = (
            (run_id, db.conn.execute(_RUN_NUMBER, (run_id,)).fetchone()) for run_id in set(run_ids)
        )
        return {run_id: row[0] for run_id, row in rows if row}
