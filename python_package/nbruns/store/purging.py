"""What a purged revision takes with it: its text among what kernels executed, and its tags.

Kept apart from the shelf, for it reaches into the tables of three.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from nbruns.identity import digest
from nbruns.notebooks.canonical import id_and_source
from nbruns.store.contents import Contents
from nbruns.store.database import Database

_OF_IT = "select cell from revision_cells where revision_number = ?"
_OF_ITS_NOTEBOOK = """
    select distinct c.cell
    from revisions it
        join revisions r on r.notebook_number = it.notebook_number and r.revision_number <> ?1
        join revision_cells c on c.revision_number = r.revision_number
    where it.revision_number = ?1
"""
_HELD_ELSEWHERE = """
    select distinct its.cell
    from revision_cells its
        join revision_cells c on c.cell = its.cell and c.revision_number <> ?1
    where its.revision_number = ?1
"""


def linked_runs(db: Database, revision: int) -> list[str]:
    """The ids of the runs that started or ended with a revision."""
    rows = db.conn.execute(
        """
        select distinct r.run_id
        from run_revisions l join runs r using (run_number)
        where l.revision_number = ?
        """,
        (revision,),
    )
    return [run_id for (run_id,) in rows]


def forget_executed(db: Database, contents: Contents, revision: int, runs: list[str]) -> list[int]:
    """Drop the executions that only a revision explains; the contents they held.

    Those are executions of its cells, with its text, by kernels of its notebook or of
    its runs; a text that another revision holds stays on record.
    """
    cells = _cells(db, contents, _OF_IT, revision)
    kept = _cells(db, contents, _OF_ITS_NOTEBOOK, revision)
    kept |= _cells(db, contents, _HELD_ELSEWHERE, revision)
    sources = {source for _, source in cells} - {source for _, source in kept}
    rows = db.conn.execute(
        """
        delete from executed_cells
        where source in (
                select content_number from contents
                where digest in (select value from json_each(?1)))
            and (cell_id is null or cell_id in (select value from json_each(?2)))
            and kernel_number in (
                select kernel_number from kernels
                where notebook_number in (
                        select notebook_number from revisions where revision_number = ?3)
                    or kernel_id in (
                        select t.value from tags t join runs r using (run_number)
                        where t.key = 'nbruns.kernel'
                            and r.run_id in (select value from json_each(?4))))
        returning source
        """,
        (
            json.dumps([digest(one.encode("utf-8", "surrogatepass")) for one in sources]),
            json.dumps([cell_id for cell_id, _ in cells if cell_id]),
            revision,
            json.dumps(runs),
        ),
    ).fetchall()
    return [source for (source,) in rows]


def point_elsewhere(db: Database, revision_id: str, shown: Callable[[str], str | None]) -> None:
    """Runs that name a revision that is gone name the other one they have, or none."""
    rows = db.conn.execute(
        """
        select r.run_number, r.run_id
        from tags t join runs r using (run_number)
        where t.key = 'nbruns.revision' and t.value = ? and length(t.value) <= 100
        """,
        (revision_id,),
    ).fetchall()
    for number, run_id in rows:
        other = shown(run_id)
        if other is None:
            db.conn.execute(
                "delete from tags where run_number = ? and key = 'nbruns.revision'", (number,)
            )
        else:
            db.conn.execute(
                "update tags set value = ? where run_number = ? and key = 'nbruns.revision'",
                (other, number),
            )
    db.conn.execute(
        "update notebooks set forked_revision = null where forked_revision = ?", (revision_id,)
    )


def _cells(
    db: Database, contents: Contents, query: str, revision: int
) -> set[tuple[str | None, str]]:
    """Id and source of each cell a query names."""
    rows = db.conn.execute(query, (revision,)).fetchall()
    return {id_and_source(contents.get(cell)) for (cell,) in rows}
