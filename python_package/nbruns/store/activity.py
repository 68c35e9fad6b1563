"""The activity log: who did what to which thing, and when. It only ever grows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nbruns.identity import acting_user, allowing_rule, now_ms
from nbruns.name_patterns import NameSight
from nbruns.records import Activity, Occasion, Page
from nbruns.store.database import Database
from nbruns.store.keyset import Sql, in_sight

# The kind of all that is told of registered models and their versions.
MODEL = "model"
# What a reader may ask for, and the condition it stands for.
_CONDITIONS = {
    "kind": "a.kind = ?",
    "subject": "a.subject = ?",
    "action": "a.action = ?",
    "user": "a.user = ?",
    "request_id": "a.request_number = ?",
    "since_ms": "a.at_ms >= ?",
    "until_ms": "a.at_ms <= ?",
}
# A model that was deleted is seen by the name it had, a revision by its notebook's experiment,
# and one that was purged by who purged it.
_SEEN_NAME = "coalesce(r.name, a.subject)"
_EXPERIMENT = """(
    select e.name
    from revisions v
    join notebooks n using (notebook_number)
    join experiments e using (experiment_id)
    where v.revision_id = a.subject)"""


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
        who = user or acting_user()
        return self._insert(Activity(0, 0, who, action, kind, subject, before, after, comment))

    def add_of_model(
        self,
        action: str,
        number: int,
        *,
        version: int | None = None,
        target: str | None = None,
        before: str | None = None,
        after: str | None = None,
        occasion: Occasion | None = None,
    ) -> Activity:
        """Write down what the acting user did to a registered model, or to a version of it."""
        said = occasion or Occasion()
        history, name = self.db.conn.execute(
            "select history, name from registered_models where registered_number = ?", (number,)
        ).fetchone()
        told = Activity(
            *(0, 0, acting_user(), action, MODEL, name, before, after, said.comment),
            version=version,
            target=target,
            requester=said.requester,
            request_id=said.request_id,
        )
        return self._insert(told, history)

    def histories(self, name: str) -> list[str]:
        """The histories of the models that are called so, or once were."""
        with self.db.lock:
            rows = self.db.conn.execute(
                """
                select history from registered_models where name = ?1
                union
                select history from activity
                where kind = ?2 and subject = ?1 and history is not null
                """,
                (name, MODEL),
            ).fetchall()
        return [history for (history,) in rows]

    def search(
        self,
        *,
        limit: int = 100,
        token: str | None = None,
        model: str | None = None,
        version: int | None = None,
        sights: tuple[NameSight | None, NameSight | None] = (None, None),
        **wanted: str | int | None,
    ) -> Page[Activity]:
        """What was done, the newest first: by kind, subject, action, user, since_ms, until_ms.

        A model is found by any name it has had, with what was done under its other ones.
        `sights` are the names of models, and of experiments, that the reader may see.
        """
        wheres = [Sql("a.activity_number < ?", (int(token) if token else 2**62,))]
        wheres += _conditions({name: v for name, v in wanted.items() if v is not None})
        wheres += [*self._of_model(model, version), *_in_sights(sights)]
        with self.db.lock:
            rows = self.db.conn.execute(
                f"""
                select a.activity_number, a.at_ms, a.user, a.action, a.kind, a.subject, a.before,
                    a.after, a.comment, a.version, a.target, a.requester, a.request_number,
                    a.allowed_by
                from activity a left join registered_models r on r.history = a.history
                where {" and ".join(where.text for where in wheres)}
                order by a.activity_number desc
                limit ?
                """,
                (*(value for where in wheres for value in where.values), limit + 1),
            ).fetchall()
        items = [Activity(*row) for row in rows[:limit]]
        return Page(items, str(items[-1].activity_number) if len(rows) > limit else None)

    def _of_model(self, model: str | None, version: int | None) -> Iterator[Sql]:
        if model is not None:
            known = self.histories(model)
            if len(known) == 1:
                # By the index and in its order: no more rows are read than are wanted.
                yield Sql("a.history = ?", (known[0],))
            else:
                yield Sql("a.history in (select value from json_each(?))", (json.dumps(known),))
        if version is not None:
            # An alias that moves away tells of the version it leaves as well.
            left = "(a.version = ? or (a.target like '@%' and a.before = ?))"
            yield Sql(left, (version, str(version)))

    def _insert(self, told: Activity, history: str | None = None) -> Activity:
        with self.db.atomic():
            # Within the transaction, so that times are in the order of the rows.
            at_ms, rule = now_ms(), allowing_rule()
            added = self.db.conn.execute(
                """
                insert into activity (
                    at_ms, user, action, kind, subject, before, after, comment, version, target,
                    requester, request_number, allowed_by, history)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (at_ms, *_told(told), rule, history),
            )
        return replace(told, activity_number=added.lastrowid or 0, at_ms=at_ms, allowed_by=rule)


def _conditions(wanted: Mapping[str, str | int]) -> Iterator[Sql]:
    for name, value in wanted.items():
        # Nearly all rows are of one kind: found by the index of kinds, they would be sorted anew.
        by_itself = name == "kind" and "subject" not in wanted
        yield Sql(f"+{_CONDITIONS[name]}" if by_itself else _CONDITIONS[name], (value,))


def _told(told: Activity) -> Sequence[str | int | None]:
    return (
        *(told.user, told.action, told.kind, told.subject, told.before, told.after),
        *(told.comment, told.version, told.target, told.requester, told.request_id),
    )


def _in_sights(sights: tuple[NameSight | None, NameSight | None]) -> Iterator[Sql]:
    models, experiments = sights
    if models is not None:
        seen = in_sight(_SEEN_NAME, models)
        yield Sql(f"(a.kind != '{MODEL}' or {seen.text})", seen.values)
    if experiments is not None:
        seen = in_sight(_EXPERIMENT, experiments)
        own = f"(a.user = ? and {_EXPERIMENT} is null)"
        text = f"(a.kind = '{MODEL}' or {own} or ({_EXPERIMENT} is not null and {seen.text}))"
        yield Sql(text, (acting_user(), *seen.values))
