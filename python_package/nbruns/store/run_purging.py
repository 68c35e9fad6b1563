"""Deleting runs for good: out of the trash, with what they logged and their artifacts."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.store.artifacts import SCHEME, Artifacts
from nbruns.store.database import Database

_RUN = "select run_number, stage, artifact_uri from runs where run_id = ?"
_VERSION = """
select m.name, v.version
from model_versions v
join registered_models m using (registered_number)
where v.run_id = ?
limit 1
"""


def purge_runs(db: Database, artifacts: Artifacts, run_ids: Sequence[str]) -> None:
    """Remove deleted runs and their files; all of the rows, or none.

    Raises InvalidState for a run that is not in the trash or that a registered version
    came out of: it would lose its model.
    """
    with db.atomic():
        rows = [_purgeable(db, run_id) for run_id in run_ids]
        db.conn.executemany("delete from runs where run_number = ?", [(row[0],) for row in rows])
    for _, place in rows:
        if place.startswith(SCHEME):
            # The run is gone already: files that cannot go leave nothing to repeat.
            with contextlib.suppress(NotFound, InvalidValue, OSError):
                artifacts.delete(
                    artifacts.folder(place).parent.relative_to(artifacts.root).as_posix()
                )


def _purgeable(db: Database, run_id: str) -> tuple[int, str]:
    row = db.conn.execute(_RUN, (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"No run with id '{run_id}'")
    number, stage, place = row
    if stage != "deleted":
        raise InvalidState(f"The run '{run_id}' is not in the trash: delete it first")
    version = db.conn.execute(_VERSION, (run_id,)).fetchone()
    if version is not None:
        raise InvalidState(
            f"The run '{run_id}' made version {version[1]} of the model '{version[0]}': "
            "delete that version first"
        )
    return int(number), str(place)
