"""The shelf of experiments at a glance: which there are, whose, and when each was last used."""

from __future__ import annotations

import sqlite3

from nbruns.name_patterns import NameSight
from nbruns.records import ExperimentAtAGlance, Page, Stage
from nbruns.store.database import Database
from nbruns.store.keyset import in_sight
from nbruns.store.notebooks import Notebooks

# The newest run is one step into an index; runs are counted for the few experiments shown.
_PAGE = """
with used as (
    select e.experiment_id, e.name, e.created_ms, n.notebook_id, n.path, n.is_gone, (
        select r.started_ms
        from runs r
        where r.experiment_id = e.experiment_id and r.stage = 'active'
        order by r.started_ms desc
        limit 1
    ) as newest_ms
    from experiments e left join notebooks n on n.experiment_id = e.experiment_id
    where e.stage = ?1 and (instr(lower(e.name), ?2) or instr(lower(coalesce(n.path, '')), ?2))
    and {sight}
)
select experiment_id, name, notebook_id, path, is_gone, newest_ms, (
    select count(*)
    from runs r
    where r.experiment_id = used.experiment_id and r.stage = 'active'
), (
    select count(*)
    from runs r
    where r.status = 'RUNNING' and r.experiment_id = used.experiment_id and r.stage = 'active'
), coalesce((
    select value
    from experiment_tags t
    where t.experiment_id = used.experiment_id and t.key = 'mlflow.note.content'
), '')
from used
order by coalesce(newest_ms, created_ms) desc, experiment_id desc
limit ?3 offset ?4
"""


class Overview:
    """The shelf of experiments at a glance."""

    def __init__(self, db: Database, notebooks: Notebooks) -> None:
        self.db = db
        self.notebooks = notebooks

    def page(
        self,
        text: str = "",
        *,
        first: int = 0,
        count: int = 100,
        stage: Stage = "active",
        sight: NameSight | None = None,
    ) -> Page[ExperimentAtAGlance]:
        """Experiments whose name or notebook holds a text, the one used last first.

        The page's token is the place the next page begins at.
        """
        seen = in_sight("e.name", sight)
        with self.db.lock:
            rows = self.db.conn.execute(
                _PAGE.format(sight=_numbered(seen.text, 5)),
                (stage, text.lower(), count + 1, first, *seen.values),
            ).fetchall()
        items = [self._record(row) for row in rows[:count]]
        return Page(items, str(first + count) if len(rows) > count else None)

    def _record(self, row: sqlite3.Row) -> ExperimentAtAGlance:
        number, name, notebook_id, path, is_gone, newest_ms, runs, running, note = row
        return ExperimentAtAGlance(
            experiment_id=str(number),
            name=name,
            notebook_id=notebook_id,
            path=None if path is None else self.notebooks.shown_path(path),
            is_gone=bool(is_gone),
            newest_ms=newest_ms,
            runs=runs,
            running=running,
            note=note,
        )


def _numbered(text: str, first: int) -> str:
    """SQL whose values follow after those that have numbers."""
    pieces = text.split("?")
    return pieces[0] + "".join(f"?{first + i}{piece}" for i, piece in enumerate(pieces[1:]))
