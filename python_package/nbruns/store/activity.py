"""The activity log: who did what to which thing, and when. It only ever grows."""

from __future__ import annotations

from nbruns.identity import acting_user, now_ms
from nbruns.records import Activity, Page
from nbruns.store.database import Database

# What a reader may ask for, and the condition it stands for.
_CONDITIONS = {
    "kind": "kind = ?",
    "subject": "subject = ?",
    "action": "action = ?",
    "user": "user = ?",
    "since_ms": "at_ms >= ?",
    "until_ms": "at_ms <= ?",
}


class ActivityLog:
    """The shelf of what was done on purpose, by a person or a program of theirs.

    It tells of things by id and name, never by their text: it outlives what it tells of.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(
        self,
        action: str,
        kind: str,
        subject: str,
        *,
        before: str | None = None,
        after: str | None = None,
        comment: str = "",
        user: str | None = None,
    ) -> Activity:
        """Write down that a user, by default who is acting now, did something just now."""
        values = (now_ms(), user or acting_user(), action, kind, subject, before, after, comment)
        with self.db.atomic():
            added = self.db.conn.execute(
                """
                insert into activity
                    (at_ms, user, action, kind, subject, before, after, comment)
                values (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                values,
            )
        return Activity(added.lastrowid or 0, *values)

    def search(
        self, *, limit: int = 100, token: str | None = None, **wanted: str | int | None
    ) -> Page[Activity]:
        """What was done, the newest first: by kind, subject, action, user, since_ms, until_ms."""
        asked = {name: value for name, value in wanted.items() if value is not None}
        conditions = ["activity_number < ?", *(_CONDITIONS[name] for name in asked)]
        with self.db.lock:
            rows = self.db.conn.execute(
                f"""
                select activity_number, at_ms, user, action, kind, subject, before, after, comment
                from activity
                where {" and ".join(conditions)}
                order by activity_number desc
                limit ?
                """,
                (int(token) if token else 2**62, *asked.values(), limit + 1),
            ).fetchall()
        items = [Activity(*row) for row in rows[:limit]]
        return Page(items, str(items[-1].activity_number) if len(rows) > limit else None)
