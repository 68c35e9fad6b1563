"""The shelf of the model registry: names, their versions, aliases, stages and tags."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from nbruns.conditions import Search
from nbruns.errors import AlreadyExists, InvalidValue, NotFound
from nbruns.identity import now_ms
from nbruns.records import ModelVersion, Page, RegisteredModel
from nbruns.rules import check_registry_tag
from nbruns.store import registry_search
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.registry_rules import (
    ACTIVE_STAGES,
    STAGES,
    canonical_stage,
    check_alias,
    check_model_name,
    check_new_alias,
)
from nbruns.store.version_sources import find_origin


class Registry:
    """The shelf of registered models."""

    def __init__(self, db: Database, artifacts: Artifacts) -> None:
        self.db = db
        self.artifacts = artifacts

    def create_model(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """A name without versions; AlreadyExists when it is taken."""
        check_model_name(name)
        _check_tags(tags or {})
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
                raise AlreadyExists(f"Registered Model (name={name}) already exists.") from error
            self._put_model_tags(number, tags or {})
        return self.get_model(name)

    def get_model(self, name: str) -> RegisteredModel:
        """The name with its aliases and the newest version of each stage."""
        return registry_search.get_model(self.db, self.artifacts, name)

    def update_model(self, name: str, description: str) -> RegisteredModel:
        """Describe a name anew."""
        with self.db.atomic():
            self.db.conn.execute(
                """
                update registered_models set description = ?, updated_ms = ?
                where registered_number = ?
                """,
                (description, now_ms(), self._number(name)),
            )
        return self.get_model(name)

    def rename_model(self, name: str, new_name: str) -> RegisteredModel:
        """Call it something else, versions and all; AlreadyExists when that is taken."""
        check_model_name(new_name, "new_name")
        now = now_ms()
        with self.db.atomic():
            number = self._number(name)
            try:
                self.db.conn.execute(
                    """
                    update registered_models set name = ?, updated_ms = ?
                    where registered_number = ?
                    """,
                    (new_name, now, number),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExists(
                    f"Registered Model (name={new_name}) already exists."
                ) from error
            self.db.conn.execute(
                "update model_versions set updated_ms = ? where registered_number = ?",
                (now, number),
            )
        return self.get_model(new_name)

    def delete_model(self, name: str) -> None:
        """Remove a name with its versions, tags and aliases; logged models and files stay."""
        with self.db.atomic():
            self.db.conn.execute(
                "delete from registered_models where registered_number = ?", (self._number(name),)
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
            self._put_model_tags(self._number(name), {key: value})

    def delete_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a name, if it is there."""
        with self.db.atomic():
            self.db.conn.execute(
                "delete from registered_model_tags where registered_number = ? and key = ?",
                (self._number(name), key),
            )

    def create_version(
        self,
        name: str,
        *,
        source: str,
        run_id: str = "",
        tags: Mapping[str, str] | None = None,
        run_link: str = "",
        description: str = "",
        model_id: str = "",
        user: str = "",
    ) -> ModelVersion:
        """The next version of a name.

        A source `models:/…` leads to the logged model, or the version, that it names:
        its files and its run are those of the new version.
        """
        _check_tags(tags or {})
        now = now_ms()
        with self.db.atomic():
            # Counting up is the first write: two processes never get the same number.
            row = self.db.conn.execute(
                """
                update registered_models
                set newest_version = newest_version + 1, updated_ms = ?
                where name = ?
                returning registered_number, newest_version
                """,
                (now, name),
            ).fetchone()
            if row is None:
                raise _no_name(name)
            origin = find_origin(self.db, self.artifacts, source, model_id)
            values = (
                *row,
                description,
                user,
                origin.source,
                origin.artifact_uri,
                run_id or origin.run_id,
                run_link,
                origin.model_id,
                now,
                now,
            )
            self.db.conn.execute(
                """
                insert into model_versions (
                    registered_number, version, description, user, source, artifact_uri,
                    run_id, run_link, model_id, created_ms, updated_ms)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                values,
            )
            self._put_version_tags(row[0], row[1], tags or {})
        return self.get_version(name, row[1])

    def get_version(self, name: str, version: int) -> ModelVersion:
        """One version with its tags and the aliases pointing at it."""
        return registry_search.get_version(self.db, self.artifacts, name, version)

    def update_version(self, name: str, version: int, description: str) -> ModelVersion:
        """Describe a version anew."""
        with self.db.atomic():
            number = self._number_with(name, version)
            self.db.conn.execute(
                """
                update model_versions set description = ?, updated_ms = ?
                where registered_number = ? and version = ?
                """,
                (description, now_ms(), number, version),
            )
        return self.get_version(name, version)

    def delete_version(self, name: str, version: int) -> None:
        """Remove a version with its tags and aliases; its number is not given again."""
        with self.db.atomic():
            number = self._number_with(name, version)
            self.db.conn.execute(
                "delete from model_versions where registered_number = ? and version = ?",
                (number, version),
            )
            self._touch(number)

    def search_versions(
        self, search: Search, *, limit: int, token: str | None = None
    ) -> Page[ModelVersion]:
        """A page of versions, last updated first unless the search says otherwise."""
        return registry_search.search_versions(self.db, self.artifacts, search, limit, token)

    def latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """The newest version in each stage, or in the stages given."""
        wanted = {canonical_stage(stage) for stage in stages or STAGES}
        return [
            version for version in self.get_model(name).latest_versions if version.stage in wanted
        ]

    def set_version_tag(self, name: str, version: int, key: str, value: str) -> None:
        """Set a tag of a version."""
        check_registry_tag(key, value)
        with self.db.atomic():
            self._put_version_tags(self._number_with(name, version), version, {key: value})

    def delete_version_tag(self, name: str, version: int, key: str) -> None:
        """Remove a tag of a version, if it is there."""
        with self.db.atomic():
            self.db.conn.execute(
                """
                delete from model_version_tags
                where registered_number = ? and version = ? and key = ?
                """,
                (self._number_with(name, version), version, key),
            )

    def move_stage(
        self, name: str, version: int, stage: str, *, archive_existing: bool
    ) -> ModelVersion:
        """Move a version to a stage; those that held it can be archived in the same move."""
        target, now = canonical_stage(stage), now_ms()
        if archive_existing and target not in ACTIVE_STAGES:
            raise InvalidValue(
                f"Existing versions can be archived for {' and '.join(ACTIVE_STAGES)} only, "
                f"not for '{stage}'"
            )
        with self.db.atomic():
            number = self._number_with(name, version)
            if archive_existing:
                self.db.conn.execute(
                    """
                    update model_versions set stage = 'Archived', updated_ms = ?
                    where registered_number = ? and version != ? and stage = ?
                    """,
                    (now, number, version, target),
                )
            self.db.conn.execute(
                """
                update model_versions set stage = ?, updated_ms = ?
                where registered_number = ? and version = ?
                """,
                (target, now, number, version),
            )
            self._touch(number)
        return self.get_version(name, version)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Point an alias at a version, away from where it pointed."""
        check_new_alias(alias)
        with self.db.atomic():
            self.db.conn.execute(
                """
                insert into aliases (registered_number, alias, version) values (?, ?, ?)
                on conflict do update set version = excluded.version
                """,
                (self._number_with(name, version), alias, version),
            )

    def delete_alias(self, name: str, alias: str) -> None:
        """Remove an alias, if it is there."""
        check_alias(alias)
        with self.db.atomic():
            self.db.conn.execute(
                "delete from aliases where registered_number = ? and alias = ?",
                (self._number(name), alias),
            )

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points at; `latest` is the newest one."""
        return registry_search.version_by_alias(self.db, self.artifacts, name, alias)

    def _number(self, name: str) -> int:
        check_model_name(name)
        row = self.db.conn.execute(
            "select registered_number from registered_models where name = ?", (name,)
        ).fetchone()
        if row is None:
            raise _no_name(name)
        return int(row[0])

    def _number_with(self, name: str, version: int) -> int:
        """The number of a name that has this version."""
        self.get_version(name, version)
        return self._number(name)

    def _touch(self, number: int) -> None:
        self.db.conn.execute(
            "update registered_models set updated_ms = ? where registered_number = ?",
            (now_ms(), number),
        )

    def _put_model_tags(self, number: int | None, tags: Mapping[str, str]) -> None:
        self.db.conn.executemany(
            """
            insert into registered_model_tags (registered_number, key, value) values (?, ?, ?)
            on conflict do update set value = excluded.value
            """,
            [(number, key, value) for key, value in tags.items()],
        )

    def _put_version_tags(self, number: int, version: int, tags: Mapping[str, str]) -> None:
        self.db.conn.executemany(
            """
            insert into model_version_tags (registered_number, version, key, value)
            values (?, ?, ?, ?)
            on conflict do update set value = excluded.value
            """,
            [(number, version, key, value) for key, value in tags.items()],
        )


def _check_tags(tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        check_registry_tag(key, value)


def _no_name(name: str) -> NotFound:
    return NotFound(f"Registered Model with name={name} not found")
