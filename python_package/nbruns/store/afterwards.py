"""What a run took in after it had ended: said on the run itself, by the names alone.

Only a run that is resumed by its id, or written to by a client that names it, takes
anything in after its end. Points carry their times; this says where to look.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbruns.identity import now_ms
from nbruns.store.database import Database
from nbruns.store.run_numbers import writable_run

CHANGED_TAG = "nbruns.changed_after_end"
# What comes within a minute belongs to the end: autologged scores, asynchronous logging.
_GRACE_MS = 60_000
_MOST = 30
_OWN = ("mlflow.", "nbruns.")
_OF_END = (
    "nbruns.end_reason",
    "nbruns.host",
    "nbruns.pid",
    "nbruns.pid_seen_ms",
    "nbruns.lease",
)


def changing_run(db: Database, run_id: str, **names: Iterable[str]) -> int:
    """The number of a run that is about to take in things of these names, by their kind.

    Inside the caller's transaction; NotFound and InvalidState as for every write.
    """
    number, ended_ms = writable_run(db, run_id)
    if ended_ms is not None and now_ms() - ended_ms > _GRACE_MS:
        told = [f"{kind} {name}" for kind in names for name in names[kind] if _is_told(kind, name)]
        note_change(db, number, told)
    return number


def begin_again(db: Database, run_number: int, ended_ms: int) -> None:
    """A run that had ended is resumed: forget its end and whose it was."""
    db.conn.execute("update runs set ended_ms = null where run_number = ?", (run_number,))
    db.conn.executemany(
        "delete from tags where run_number = ? and key = ?", [(run_number, key) for key in _OF_END]
    )
    if now_ms() - ended_ms > _GRACE_MS:
        note_change(db, run_number, ["resumed"])


def note_change(db: Database, run_number: int, words: Iterable[str]) -> None:
    """Add to what is said of a run's changes."""
    row = db.conn.execute(
        "select value from tags where run_number = ? and key = ?", (run_number, CHANGED_TAG)
    ).fetchone()
    before = row[0].split("; ") if row else []
    told = list(dict.fromkeys([*before, *words]))
    if len(told) > _MOST:
        told = [*told[: _MOST - 1], "and more"]
    if told != before:
        db.conn.execute(
            """
            insert into tags (run_number, key, value)
            values (?, ?, ?)
            on conflict do update set value = excluded.value
            """,
            (run_number, CHANGED_TAG, "; ".join(told)),
        )


def _is_told(kind: str, name: str) -> bool:
    return kind != "tag" or not name.startswith(_OWN)
