"""Who held an alias or a stage at a moment, as the activity log tells it.

Where the log does not reach back so far, what it says of later tells: the first change names
what was before it, and without any change things were always as they are now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from nbruns.errors import NotFound
from nbruns.store.activity import ActivityLog
from nbruns.store.database import Database


class _Event(NamedTuple):
    at_ms: int
    action: str
    subject: str
    before: str | None
    after: str | None
    version: int | None
    target: str | None


@dataclass(frozen=True, slots=True)
class _Past:
    """What was done to one registered model, in its order, and how it stands now."""

    events: tuple[_Event, ...]
    name: str | None
    aliases: dict[str, int]
    stages: dict[int, str]

    def name_at(self, at_ms: int) -> str | None:
        """What it was called at a moment; None while it was not there."""
        name = self.events[0].subject if self.events else self.name
        for event in self.events:
            is_past = event.at_ms <= at_ms
            if event.action == "renamed" and is_past:
                name = event.after
            elif event.version is None and _ends(event, is_past):
                return None
        return name

    def has(self, version: int, at_ms: int) -> bool:
        """Whether a version was there at a moment."""
        of_it = (event for event in self.events if event.version == version)
        return not any(_ends(event, event.at_ms <= at_ms) for event in of_it)

    def stage(self, version: int, at_ms: int) -> str:
        """The stage a version was in."""
        moves = [
            event
            for event in self.events
            if event.version == version
            and event.action in ("moved", "deleted")
            and not (event.target or "").startswith("@")
        ]
        return _as_told(moves, at_ms, self.stages.get(version)) or "None"

    def alias(self, alias: str, at_ms: int) -> str | None:
        """The version an alias pointed at."""
        moves = [event for event in self.events if event.target == f"@{alias}"]
        now = self.aliases.get(alias)
        moved = [event for event in moves if event.action == "moved"]
        return _as_told(moved, at_ms, None if now is None else str(now))

    def versions(self) -> list[int]:
        """Every version there ever was, as far as is known."""
        told = {event.version for event in self.events if event.version is not None}
        return sorted(told | self.stages.keys())


def _ends(event: _Event, is_past: bool) -> bool:
    """Whether it says that something was not there: made later, or deleted before."""
    return event.action == "deleted" if is_past else event.action in ("created", "registered")


def _as_told(moves: Iterable[_Event], at_ms: int, now: str | None) -> str | None:
    """Where the last move until a moment led; else what the next one found; else what is now."""
    past: _Event | None = None
    for event in moves:
        if event.at_ms > at_ms:
            return event.before if past is None else past.after
        past = event
    return now if past is None else past.after


class Holders:
    """The shelf of who stood where, and when."""

    def __init__(self, db: Database, activity: ActivityLog) -> None:
        self.db = db
        self.activity = activity

    def at(self, name: str, target: str, at_ms: int) -> list[int]:
        """The versions that stood at a target ('@alias' or a stage) at a moment.

        Of the model that was called so then, else of the last that had the name. Raises
        NotFound where none ever had it.
        """
        with self.db.lock:
            known = [self._past(history) for history in self.activity.histories(name)]
        if not known:
            raise NotFound(f"No registered model is, or ever was, called '{name}'")
        past = max(known, key=lambda one: (one.name_at(at_ms) == name, _last_told(one)))
        if past.name_at(at_ms) is None:
            return []
        if target.startswith("@"):
            holder = past.alias(target[1:], at_ms)
            return [] if holder is None else [int(holder)]
        return [
            version
            for version in past.versions()
            if past.has(version, at_ms) and past.stage(version, at_ms) == target
        ]

    def _past(self, history: str) -> _Past:
        rows = self.db.conn.execute(
            """
            select at_ms, action, subject, before, after, version, target
            from activity
            where history = ? and action in ('created', 'renamed', 'deleted', 'registered', 'moved')
            order by activity_number
            """,
            (history,),
        ).fetchall()
        name, aliases, stages = self._present(history)
        return _Past(tuple(_Event(*row) for row in rows), name, aliases, stages)

    def _present(self, history: str) -> tuple[str | None, dict[str, int], dict[int, str]]:
        found = self.db.conn.execute(
            "select registered_number, name from registered_models where history = ?", (history,)
        ).fetchone()
        if found is None:
            return None, {}, {}
        number, name = found
        aliases = "select alias, version from aliases where registered_number = ?"
        stages = "select version, stage from model_versions where registered_number = ?"
        return (
            str(name),
            dict(self.db.conn.execute(aliases, (number,)).fetchall()),
            dict(self.db.conn.execute(stages, (number,)).fetchall()),
        )


def _last_told(past: _Past) -> int:
    return past.events[-1].at_ms if past.events else 0
