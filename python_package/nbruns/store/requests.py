"""Requests that a version be moved: asked for, approved, rejected, cancelled.

An approval and the move it grants are one transaction. Each step is a row of the activity
log, which names who asked and who decided.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from nbruns.identity import acting_user, now_ms
from nbruns.name_patterns import NameSight
from nbruns.records import Occasion, Page, RequestState, TransitionRequest
from nbruns.store.keyset import Sql, in_sight
from nbruns.store.registry import Registry
from nbruns.store.registry_rules import canonical_stage, check_new_alias
from nbruns.store.version_moves import check_archiving

_SELECT = """
    select q.request_number, coalesce(r.name, q.name), q.version, q.target, q.removes, q.archives,
        q.requester, q.comment, q.asked_ms, q.state, q.decided_ms, q.decider, q.decision
    from requests q left join registered_models r on r.history = q.history
"""


class Requests:
    """The shelf of requests; a decided one stays."""

    def __init__(self, registry: Registry) -> None:
        self.db = registry.db
        self.registry = registry

    def create(
        self,
        name: str,
        version: int,
        target: str,
        *,
        removes: bool = False,
        archives: bool = False,
        comment: str = "",
    ) -> TransitionRequest:
        """Ask, in the acting user's name, that a version be moved.

        Raises InvalidState where it stands there already, AlreadyExists where the same user
        has asked for the same and waits.
        """
        target = checked_target(target, removes=removes, archives=archives)
        with self.db.atomic():
            self._check_makes_sense(name, version, target, removes)
            number, history = self.db.conn.execute(
                "select registered_number, history from registered_models where name = ?", (name,)
            ).fetchone()
            request_id = self._insert(
                *(history, name, version, target, removes, archives, acting_user(), comment)
            )
            self._tell("requested", number, self.get(request_id), comment)
        return self.get(request_id)

    def get(self, request_id: int) -> TransitionRequest:
        """A request, or NotFound."""
        found = self._select(Sql("q.request_number = ?", (request_id,)), 1)
        if not found:
            raise NotFound(f"No request with id '{request_id}'")
        return found[0]

    def search(
        self,
        *,
        limit: int = 100,
        token: str | None = None,
        sight: NameSight | None = None,
        **wanted: Any,
    ) -> Page[TransitionRequest]:
        """Requests, the newest first: by name, version, target, state, requester.

        `sight` are the names of models that the reader may see.
        """
        wheres = [Sql("q.request_number < ?", (int(token) if token else 2**62,))]
        wheres += [Sql(_CONDITIONS[n], (v,)) for n, v in wanted.items() if v is not None]
        wheres.append(in_sight("coalesce(r.name, q.name)", sight))
        text = " and ".join(where.text for where in wheres)
        values = tuple(value for where in wheres for value in where.values)
        found = self._select(Sql(text, values), limit + 1)
        items = found[:limit]
        return Page(items, str(items[-1].request_id) if len(found) > limit else None)

    def approve(
        self, request_id: int, *, comment: str = "", archives: bool | None = None
    ) -> TransitionRequest:
        """Grant a request and make its move; `archives` says otherwise than the request."""
        with self.db.atomic():
            asked = self._decide(request_id, "approved", comment)
            self._move(asked, asked.archives if archives is None else archives, comment)
        return self.get(request_id)

    def reject(self, request_id: int, *, comment: str = "") -> TransitionRequest:
        """Say no."""
        with self.db.atomic():
            self._decide(request_id, "rejected", comment)
        return self.get(request_id)

    def cancel(self, request_id: int, *, comment: str = "") -> TransitionRequest:
        """Take a request back."""
        with self.db.atomic():
            self._decide(request_id, "cancelled", comment)
        return self.get(request_id)

    def _check_makes_sense(self, name: str, version: int, target: str, removes: bool) -> None:
        found = self.registry.get_version(name, version)
        is_alias = target.startswith("@")
        is_there = target[1:] in found.aliases if is_alias else target == found.stage
        if is_there and not removes:
            raise InvalidState(f"Version {version} of '{name}' is at {target} already")
        if removes and not is_there:
            raise InvalidState(f"Version {version} of '{name}' has not got {target}")

    def _insert(self, *values: Any) -> int:
        try:
            added = self.db.conn.execute(
                """
                insert into requests (history, name, version, target, removes, archives, requester,
                    comment, asked_ms)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (*values, now_ms()),
            )
        except sqlite3.IntegrityError as error:
            _, name, version, target, *_ = values
            raise AlreadyExists(
                f"You have asked for {target} of '{name}' version {version} already: "
                "the request is still open"
            ) from error
        return int(added.lastrowid or 0)

    def _decide(self, request_id: int, state: RequestState, comment: str) -> TransitionRequest:
        asked = self.get(request_id)
        if asked.state != "pending":
            raise InvalidState(_closed(asked))
        self.db.conn.execute(
            """
            update requests set state = ?, decided_ms = ?, decider = ?, decision = ?
            where request_number = ?
            """,
            (state, now_ms(), acting_user(), comment, request_id),
        )
        (number,) = self.db.conn.execute(
            "select registered_number from registered_models where name = ?", (asked.name,)
        ).fetchone()
        self._tell(state, number, asked, comment)
        return asked

    def _move(self, asked: TransitionRequest, archives: bool, comment: str) -> None:
        occasion = Occasion(comment, asked.requester, asked.request_id)
        if asked.removes:
            self.registry.delete_alias(asked.name, asked.target[1:], occasion=occasion)
        elif asked.target.startswith("@"):
            self.registry.set_alias(asked.name, asked.target[1:], asked.version, occasion=occasion)
        else:
            self.registry.move_stage(
                *(asked.name, asked.version, asked.target),
                archive_existing=archives,
                occasion=occasion,
            )

    def _tell(self, action: str, number: int, asked: TransitionRequest, comment: str) -> None:
        is_alias = asked.target.startswith("@")
        if is_alias:
            holder = self.registry.get_model(asked.name).aliases.get(asked.target[1:])
            before = None if holder is None else str(holder)
        else:
            before = self.registry.get_version(asked.name, asked.version).stage
        after = str(asked.version) if is_alias else asked.target
        self.registry.activity.add_of_model(
            action,
            number,
            version=asked.version,
            target=asked.target,
            before=before,
            after=None if asked.removes else after,
            occasion=Occasion(comment, asked.requester, asked.request_id),
        )

    def _select(self, where: Sql, limit: int) -> list[TransitionRequest]:
        with self.db.lock:
            rows = self.db.conn.execute(
                f"{_SELECT} where {where.text} order by q.request_number desc limit ?",
                (*where.values, limit),
            ).fetchall()
        return [TransitionRequest(*row[:4], *map(bool, row[4:6]), *row[6:]) for row in rows]


# What a reader may ask for, and the condition it stands for.
_CONDITIONS = {
    "name": "coalesce(r.name, q.name) = ?",
    "version": "q.version = ?",
    "target": "q.target = ?",
    "state": "q.state = ?",
    "requester": "q.requester = ?",
}


def checked_target(target: str, *, removes: bool = False, archives: bool = False) -> str:
    """A target as it is written: '@alias', or a stage; InvalidValue for what is none."""
    if target.startswith("@"):
        check_new_alias(target[1:])
        if archives:
            raise InvalidValue("An alias has one holder at a time: there is none to archive")
        return target
    if removes:
        raise InvalidValue("A stage is left for another one: ask for the stage 'None' instead")
    stage = canonical_stage(target)
    check_archiving(stage, archives)
    return stage


def _closed(asked: TransitionRequest) -> str:
    who = f" by {asked.decider}" if asked.decider and asked.state != "overtaken" else ""
    said = f": {asked.decision}" if asked.decision else ""
    return f"Request {asked.request_id} is no longer open, it was {asked.state}{who}{said}"
