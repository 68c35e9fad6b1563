"""The shelf of the model registry: versions of names, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbruns.conditions import Search
from nbruns.identity import acting_user, now_ms
from nbruns.records import ModelVersion, Occasion, Page
from nbruns.rules import check_registry_tag
from nbruns.store import registry_search, version_moves
from nbruns.store.open_requests import overtake
from nbruns.store.registered_names import RegisteredNames, check_tags, no_name
from nbruns.store.registry_rules import STAGES, canonical_stage, check_alias, check_new_alias
from nbruns.store.version_sources import find_origin


class Registry(RegisteredNames):
    """The shelf of registered models: a change and its row of the activity log are one."""

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
        check_tags(tags or {})
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
                raise no_name(name)
            origin = find_origin(self.db, self.artifacts, source, model_id)
            made_by = run_id or origin.run_id
            values = (
                *row,
                description,
                user or acting_user(),
                origin.source,
                origin.artifact_uri,
                made_by,
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
            self.activity.add_of_model("registered", row[0], version=row[1], after=made_by or None)
        return self.get_version(name, row[1])

    def get_version(self, name: str, version: int) -> ModelVersion:
        """One version with its tags and the aliases pointing at it."""
        return registry_search.get_version(self.db, self.artifacts, name, version)

    def update_version(self, name: str, version: int, description: str) -> ModelVersion:
        """Describe a version anew."""
        with self.db.atomic():
            number = self._number_with(name, version)
            changed = self.db.conn.execute(
                """
                update model_versions set description = ?1, updated_ms = ?2
                where registered_number = ?3 and version = ?4 and description != ?1
                """,
                (description, now_ms(), number, version),
            )
            if changed.rowcount:
                self.activity.add_of_model("described", number, version=version)
        return self.get_version(name, version)

    def delete_version(self, name: str, version: int) -> None:
        """Remove a version with its tags and aliases; its number is not given again."""
        with self.db.atomic():
            number = self._number_with(name, version)
            found = self.get_version(name, version)
            for alias in found.aliases:
                self._tell_alias_gone(number, alias, version)
            why = f"version {version} was deleted"
            overtake(self.db, self.activity, number, why, version=version)
            self.activity.add_of_model("deleted", number, version=version, before=found.stage)
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
            number = self._number_with(name, version)
            before = self.get_version(name, version).tags.get(key)
            self._put_version_tags(number, version, {key: value})
            self._tell_tag(number, version, key, before, value)

    def delete_version_tag(self, name: str, version: int, key: str) -> None:
        """Remove a tag of a version, if it is there."""
        with self.db.atomic():
            number = self._number_with(name, version)
            before = self.get_version(name, version).tags.get(key)
            self.db.conn.execute(
                """
                delete from model_version_tags
                where registered_number = ? and version = ? and key = ?
                """,
                (number, version, key),
            )
            self._tell_tag(number, version, key, before, None)

    def move_stage(
        self,
        name: str,
        version: int,
        stage: str,
        *,
        archive_existing: bool,
        occasion: Occasion | None = None,
    ) -> ModelVersion:
        """Move a version to a stage; those that held it can be archived in the same move."""
        target = canonical_stage(stage)
        version_moves.check_archiving(target, archive_existing)
        with self.db.atomic():
            number = self._number_with(name, version)
            where = version_moves.Place(self.db, self.activity, number, occasion or Occasion())
            if archive_existing:
                where.archive_holders(target, besides=version)
            where.put_in_stage(version, target)
            self._touch(number)
        return self.get_version(name, version)

    def set_alias(
        self, name: str, alias: str, version: int, *, occasion: Occasion | None = None
    ) -> None:
        """Point an alias at a version, away from where it pointed."""
        check_new_alias(alias)
        with self.db.atomic():
            number = self._number_with(name, version)
            where = version_moves.Place(self.db, self.activity, number, occasion or Occasion())
            where.point(alias, version)

    def delete_alias(self, name: str, alias: str, *, occasion: Occasion | None = None) -> None:
        """Remove an alias, if it is there."""
        check_alias(alias)
        with self.db.atomic():
            number = self._number(name)
            where = version_moves.Place(self.db, self.activity, number, occasion or Occasion())
            where.unpoint(alias)

    def version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version an alias points at; `latest` is the newest one."""
        return registry_search.version_by_alias(self.db, self.artifacts, name, alias)

    def _number_with(self, name: str, version: int) -> int:
        """The number of a name that has this version."""
        self.get_version(name, version)
        return self._number(name)

    def _touch(self, number: int) -> None:
        self.db.conn.execute(
            "update registered_models set updated_ms = ? where registered_number = ?",
            (now_ms(), number),
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
