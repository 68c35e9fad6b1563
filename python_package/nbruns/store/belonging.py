"""Which experiments and registered models things belong to, whatever they are named by.

What is not there belongs nowhere. Each answer is one statement, however much was asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from nbruns.store.artifacts import SCHEME, Artifacts
from nbruns.store.database import Database

# By what a thing is named: the experiments' names, each with one of the things it is of.
_EXPERIMENTS = {
    "experiment": """
        select name, cast(experiment_id as text) from experiments
        where experiment_id in (select cast(value as integer) from asked)
    """,
    "run": """
        select e.name, min(r.run_id) from runs r join experiments e using (experiment_id)
        where r.run_id in (select value from asked)
        group by e.name
    """,
    "logged model": """
        select e.name, min(m.model_id) from models m join experiments e using (experiment_id)
        where m.model_id in (select value from asked)
        group by e.name
    """,
    "notebook": """
        select e.name, n.notebook_id from notebooks n join experiments e using (experiment_id)
        where n.notebook_id in (select value from asked)
    """,
    "kernel": """
        select e.name, k.kernel_id
        from kernels k
        join (
            select kernel_number, notebook_number from kernels
            union
            select kernel_number, notebook_number from kernel_notebooks
        ) served using (kernel_number)
        join notebooks n on n.notebook_number = served.notebook_number
        join experiments e using (experiment_id)
        where k.kernel_id in (select value from asked)
    """,
    # A revision is its notebook's, and of the runs it was kept for.
    "revision": """
        select e.name, v.revision_id
        from revisions v
        join notebooks n using (notebook_number)
        join experiments e using (experiment_id)
        where v.revision_id in (select value from asked)
        union
        select e.name, v.revision_id
        from revisions v
        join run_revisions using (revision_number)
        join runs r using (run_number)
        join experiments e on e.experiment_id = r.experiment_id
        where v.revision_id in (select value from asked)
    """,
}


# Of ?1, a place in small letters: what is kept at it or above it, by the ids in its path (?2).
_OF_LOGGED = """
    select e.name from runs r join experiments e using (experiment_id)
    where r.run_id in (select value from json_each(?2))
    and instr(?1 || '/', lower(rtrim(r.artifact_uri, '/')) || '/') = 1
    union
    select e.name from models m join experiments e using (experiment_id)
    where m.model_id in (select value from json_each(?2))
    and instr(?1 || '/', lower(rtrim(m.artifact_uri, '/')) || '/') = 1
"""
_OF_LOCATION = """
    select name from experiments
    where (instr(?1 || '/', lower(rtrim(artifact_uri, '/')) || '/') = 1
        or instr(lower(artifact_uri), ?1 || '/') = 1)
    and ?2 is not null
"""


_STANDS_SOMEWHERE = """(v.stage != 'None' or v.version in (
    select version from aliases a where a.registered_number = v.registered_number))"""


class HeldVersion(NamedTuple):
    """A registered version and what it stands at."""

    name: str
    version: int
    stage: str
    aliases: tuple[str, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """Its aliases, written with '@', and its stage unless that is none."""
        stage = () if self.stage == "None" else (self.stage,)
        return (*(f"@{alias}" for alias in self.aliases), *stage)


class Belonging:
    """The shelf of what belongs to what."""

    def __init__(self, db: Database, artifacts: Artifacts) -> None:
        self.db = db
        self.artifacts = artifacts

    def experiments(self, kind: str, ids: Iterable[str]) -> list[tuple[str, str]]:
        """The names of the experiments that things of a kind belong to, each with a thing's id."""
        asked = json.dumps(list(dict.fromkeys(ids)))
        with self.db.lock:
            rows = self.db.conn.execute(
                f"with asked as (select value from json_each(?)) {_EXPERIMENTS[kind]}", (asked,)
            )
            return [(str(name), str(found)) for name, found in rows]

    def experiments_at(self, path: str) -> list[str]:
        """The names of the experiments whose artifacts lie at a path, above or below it.

        Of what a run or logged model left there, its experiment: its files stay where they
        are when it moves to another one.
        """
        place = self._inside(path)
        values = (f"{SCHEME}/{place}".lower(), json.dumps(place.split("/")))
        with self.db.lock:
            for query in (_OF_LOGGED, _OF_LOCATION):
                rows = self.db.conn.execute(query, values).fetchall()
                if rows:
                    break
        return [str(name) for (name,) in rows]

    def versions_at(self, path: str, *, and_below: bool) -> Iterator[HeldVersion]:
        """The registered versions whose files hold a path; also those below it, if asked."""
        place = PurePosixPath(self._inside(path))
        above = json.dumps([f"{SCHEME}/{one}" for one in (place, *place.parents)])
        where, below = "v.artifact_uri in (select value from json_each(?))", f"{SCHEME}/{place}"
        if and_below:
            # All that begins with the path and a slash, by the index.
            where += " or (v.artifact_uri > ? and v.artifact_uri < ?)"
            yield from self._versions(where, (above, f"{below}/", f"{below}0"))
        else:
            yield from self._versions(where, (above,))

    def versions_of(self, name: str) -> Iterator[HeldVersion]:
        """The versions of a registered model that stand at a stage or alias."""
        yield from self._versions(f"m.name = ? and {_STANDS_SOMEWHERE}", (name,))

    def stage_of(self, name: str, version: int) -> str:
        """The stage a version is in; 'None' where there is no such version."""
        # No number of ours is that large, and SQLite would not take it.
        number = min(max(version, 0), 2**63 - 1)
        found = self._versions("m.name = ? and v.version = ?", (name, number))
        return next((one.stage for one in found), "None")

    def _versions(self, where: str, values: tuple[str | int, ...]) -> Iterator[HeldVersion]:
        with self.db.lock:
            rows = self.db.conn.execute(
                f"""
                select m.name, v.version, v.stage, (
                    select json_group_array(alias) from aliases a
                    where a.registered_number = v.registered_number and a.version = v.version)
                from model_versions v join registered_models m using (registered_number)
                where {where}
                """,
                values,
            ).fetchall()
        for name, version, stage, aliases in rows:
            yield HeldVersion(name, version, stage, tuple(json.loads(aliases)))

    def _inside(self, path: str) -> str:
        """A path below the artifacts as the file system reads it: no link, no '.', no '//'."""
        root = self.artifacts.root.resolve()
        return self.artifacts.resolve(path).resolve().relative_to(root).as_posix()
