"""How versions move: into a stage, under an alias, and out of it again.

Each move is logged in its transaction, those it makes room for included, and closes the
requests it fulfils.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbruns.errors import InvalidValue
from nbruns.identity import acting_user, now_ms
from nbruns.records import Occasion
from nbruns.store.activity import ActivityLog
from nbruns.store.database import Database
from nbruns.store.open_requests import overtake
from nbruns.store.registry_rules import ACTIVE_STAGES


def check_archiving(stage: str, archive_existing: bool) -> None:
    """Raise InvalidValue where the holders of a stage cannot be archived."""
    if archive_existing and stage not in ACTIVE_STAGES:
        raise InvalidValue(
            f"Existing versions can be archived for {' and '.join(ACTIVE_STAGES)} only, "
            f"not for '{stage}'"
        )


@dataclass(frozen=True, slots=True)
class Place:
    """The stages and aliases of one registered model, and what is said of moves there."""

    db: Database
    activity: ActivityLog
    number: int
    occasion: Occasion

    def archive_holders(self, stage: str, *, besides: int) -> None:
        """Archive the versions in a stage to make room for another one."""
        rows = self.db.conn.execute(
            """
            update model_versions set stage = 'Archived', updated_ms = ?
            where registered_number = ? and version != ? and stage = ?
            returning version
            """,
            (now_ms(), self.number, besides, stage),
        ).fetchall()
        said = replace(self.occasion, comment=f"makes room for version {besides}")
        for (version,) in sorted(rows):
            self._tell(version, "Archived", stage, "Archived", said)
            self._overtake(version, "Archived")

    def put_in_stage(self, version: int, stage: str) -> None:
        """Move a version to a stage."""
        whose = "registered_number = ? and version = ?"
        (before,) = self.db.conn.execute(
            f"select stage from model_versions where {whose}", (self.number, version)
        ).fetchone()
        self.db.conn.execute(
            f"update model_versions set stage = ?, updated_ms = ? where {whose}",
            (stage, now_ms(), self.number, version),
        )
        if before != stage:
            self._tell(version, stage, before, stage, self.occasion)
            self._overtake(version, stage)

    def point(self, alias: str, version: int) -> None:
        """Point an alias at a version."""
        before = self.holder(alias)
        if before == version:
            return
        self.db.conn.execute(
            """
            insert into aliases (registered_number, alias, version) values (?, ?, ?)
            on conflict do update set version = excluded.version
            """,
            (self.number, alias, version),
        )
        was = None if before is None else str(before)
        self._tell(version, f"@{alias}", was, str(version), self.occasion)
        self._overtake(version, f"@{alias}")
        if before is not None:
            self._overtake_removal(before, alias)

    def unpoint(self, alias: str) -> None:
        """Take an alias away from the version that has it, if one has."""
        before = self.holder(alias)
        if before is None:
            return
        self.db.conn.execute(
            "delete from aliases where registered_number = ? and alias = ?", (self.number, alias)
        )
        self._tell(before, f"@{alias}", str(before), None, self.occasion)
        self._overtake_removal(before, alias)

    def tell_of_arrival(self, version: int, stage: str) -> None:
        """Write down that a version came from another registry, in this stage."""
        told = self.activity.add_of_model
        told("registered", self.number, version=version, occasion=self.occasion)
        if stage != "None":
            self._tell(version, stage, "None", stage, self.occasion)

    def holder(self, alias: str) -> int | None:
        """The version an alias points at."""
        row = self.db.conn.execute(
            "select version from aliases where registered_number = ? and alias = ?",
            (self.number, alias),
        ).fetchone()
        return None if row is None else int(row[0])

    def _tell(
        self, version: int, target: str, before: str | None, after: str | None, said: Occasion
    ) -> None:
        self.activity.add_of_model(
            "moved",
            self.number,
            version=version,
            target=target,
            before=before,
            after=after,
            occasion=said,
        )

    def _overtake(self, version: int, target: str) -> None:
        why = f"version {version} is at {target} already: {acting_user()} moved it"
        overtake(
            *(self.db, self.activity, self.number, why),
            version=version,
            target=target,
            removes=False,
        )

    def _overtake_removal(self, version: int, alias: str) -> None:
        why = f"version {version} has not got @{alias} any more: {acting_user()} moved it"
        overtake(
            *(self.db, self.activity, self.number, why),
            version=version,
            target=f"@{alias}",
            removes=True,
        )
