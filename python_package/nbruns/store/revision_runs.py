"""Which runs hold which revisions, told the other way round: from the revisions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from nbruns.store.database import Database


def runs_of(db: Database, revision_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The runs that hold each revision, newest first: `run_id`, `name`, and of which `moment`."""
    with db.lock:
        rows = db.conn.execute(
            """
            select v.revision_id, r.run_id, r.name, l.moment
            from revisions v
                join run_revisions l using (revision_number)
                join runs r using (run_number)
            where v.revision_id in (select value from json_each(?)) and r.stage = 'active'
            order by r.run_number desc, l.moment desc
            """,
            (json.dumps(list(revision_ids)),),
        ).fetchall()
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for revision_id, run_id, name, moment in rows:
        found[revision_id].append({"run_id": run_id, "name": name, "moment": moment})
    return found
