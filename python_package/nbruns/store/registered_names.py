"""The names of the registry: made, described, renamed, tagged, deleted.

Each change writes its row of the activity log in its own transaction; what changes nothing
writes none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from nbruns.conditions import Search
from nbruns.errors import AlreadyExists, NotFound
from nbruns.identity import now_ms
from nbruns.records import Page, RegisteredModel
from nbruns.rules import check_registry_tag
from nbruns.store import registry_search
from nbruns.store.activity import ActivityLog
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.open_requests import overtake
from nbruns.store.registry_rules import check_model_name

# Of a tag's text the log keeps the beginning: enough to know it by.
_MOST_TOLD = 250


class RegisteredNames:
    """The part of the registry's shelf that is about names; versions are `Registry`'s."""

    def __init__(self, db: Database, artifacts: Artifacts, activity: ActivityLog) -> None:
        self.db = db
        self.artifacts = artifacts
        self.activity = activity

    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """A name without versions; AlreadyExists when it is taken."""
        check_model_name(name)
        check_tags(tags or {})
        now = now_ms()
        with self.db.atomic():
            try:
                number = self.db.conn.execute(
                    """
                    insert into registered_models (name, description, created_ms, updated_ms)
                    values (?, ?, ?, ?)
                    """,
                    (name, description, now, now),
                ).lastrowid
            except sqlite3.IntegrityError as error:
                raise _taken(name) from error
            assert number is not None
            self._put_model_tags(number, tags or {})
            self.activity.add_of_model("created", number)
        return self.get_model(name)

    def get_model(self, name: str) -> RegisteredModel:
        """The name with its aliases and the newest version of each stage."""
        return registry_search.get_model(self.db, self.artifacts, name)

    def update_model(self, name: str, description: str) -> RegisteredModel:
        """Describe a name anew."""
        with self.db.atomic():
            number = self._number(name)
            changed = self.db.conn.execute(
                """
                update registered_models set description = ?1, updated_ms = ?2
                where registered_number = ?3 and description != ?1
                """,
                (description, now_ms(), number),
            )
            if changed.rowcount:
                self.activity.add_of_model("described", number)
        return self.get_model(name)

    def rename_model(self, name: str, new_name: str) -> RegisteredModel:
        """Call it something else, versions and all; AlreadyExists when that is taken."""
        check_model_name(new_name, "new_name")
        now = now_ms()
        with self.db.atomic():
            number = self._number(name)
            if name != new_name:
                # Told of the old name, by which it is found as well from then on.
                self.activity.add_of_model("renamed", number, before=name, after=new_name)
            try:
                self.db.conn.execute(
                    """
                    update registered_models set name = ?, updated_ms = ?
                    where registered_number = ?
                    """,
                    (new_name, now, number),
                )
            except sqlite3.IntegrityError as error:
                raise _taken(new_name) from error
            self.db.conn.execute(
                "update model_versions set updated_ms = ? where registered_number = ?",
                (now, number),
            )
        return self.get_model(new_name)

    def delete_model(self, name: str) -> None:
        """Remove a name with its versions, tags and aliases; logged models and files stay."""
        with self.db.atomic():
            number = self._number(name)
            for alias, version in self.get_model(name).aliases.items():
                self._tell_alias_gone(number, alias, version)
            overtake(self.db, self.activity, number, "its model was deleted")
            self.activity.add_of_model("deleted", number)
            self.db.conn.execute(
                "delete from registered_models where registered_number = ?", (number,)
            )

    def search_models(
        self, search: Search, *, limit: int, token: str | None = None
    ) -> Page[RegisteredModel]:
        """A page of names, by name unless the search says otherwise."""
        return registry_search.search_models(self.db, self.artifacts, search, limit, token)

    def set_model_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a name."""
        check_registry_tag(key, value)
        with self.db.atomic():
            number = self._number(name)
            before = self.get_model(name).tags.get(key)
            self._put_model_tags(number, {key: value})
            self._tell_tag(number, None, key, before, value)

    def delete_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a name, if it is there."""
        with self.db.atomic():
            number = self._number(name)
            before = self.get_model(name).tags.get(key)
            self.db.conn.execute(
                "delete from registered_model_tags where registered_number = ? and key = ?",
                (number, key),
            )
            self._tell_tag(number, None, key, before, None)

    def _number(self, name: str) -> int:
        check_model_name(name)
        row = self.db.conn.execute(
            "select registered_number from registered_models where name = ?", (name,)
        ).fetchone()
        if row is None:
            raise no_name(name)
        return int(row[0])

    def _put_model_tags(self, number: int, tags: Mapping[str, str]) -> None:
        self.db.conn.executemany(
            """
            insert into registered_model_tags (registered_number, key, value) values (?, ?, ?)
            on conflict do update set value = excluded.value
            """,
            [(number, key, value) for key, value in tags.items()],
        )

    def _tell_tag(
        self, number: int, version: int | None, key: str, before: str | None, after: str | None
    ) -> None:
        if before != after:
            self.activity.add_of_model(
                "untagged" if after is None else "tagged",
                number,
                version=version,
                before=None if before is None else f"{key}={before}"[:_MOST_TOLD],
                after=None if after is None else f"{key}={after}"[:_MOST_TOLD],
            )

    def _tell_alias_gone(self, number: int, alias: str, version: int) -> None:
        """That an alias ends with what it points at."""
        self.activity.add_of_model(
            "moved", number, version=version, target=f"@{alias}", before=str(version)
        )


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise InvalidValue unless the registry may keep the tags."""
    for key, value in tags.items():
        check_registry_tag(key, value)


def no_name(name: str) -> NotFound:
    """The error for a name that is not registered."""
    return NotFound(f"Registered Model with name={name} not found")


def _taken(name: str) -> AlreadyExists:
    return AlreadyExists(f"Registered Model (name={name}) already exists.")
