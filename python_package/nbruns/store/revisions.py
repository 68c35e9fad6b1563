"""The shelf of revisions: notebooks as they stood, each cell kept once however many hold it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Literal

from nbruns.errors import NotFound
from nbruns.identity import new_id, now_ms
from nbruns.notebooks import canonical
from nbruns.notebooks.canonical import CellParts, NotebookParts
from nbruns.records import CaptureMethod, NotebookContent, Page, Revision
from nbruns.store import purging
from nbruns.store.contents import Contents, Packed
from nbruns.store.database import Database

Moment = Literal["start", "end"]

_COLUMNS = """
    select r.revision_id, n.notebook_id, r.path, r.method, r.captured_ms, r.digest, r.cell_count
    from revisions r join notebooks n using (notebook_number)
"""


class Revisions:
    """The shelf of revisions.

    A run holds up to two: of its start, which is the code that ran, and of its end,
    which adds the outputs.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.contents = Contents(db)

    def capture(
        self,
        notebook_id: str,
        content: NotebookContent,
        *,
        path: str,
        method: CaptureMethod,
        run_id: str | None = None,
        moment: Moment = "start",
    ) -> Revision:
        """Keep a notebook as it stands; equal content gives the revision kept before.

        Of what is captured for one moment of a run the first counts, but the live
        document of a browser replaces what was put together without one.
        """
        parts = canonical.split(content)
        packed = self.contents.pack(_pieces(parts))
        former: Revision | None = None
        with self.db.atomic():
            if run_id is not None:
                former = self._of_moment(run_id, moment)
                if former is not None and (former.method == "browser" or method != "browser"):
                    return former
            revision = self._find_equal(notebook_id, parts) or self._add(
                notebook_id, parts, packed, path, method
            )
            if run_id is not None:
                self._link(run_id, moment, revision, method)
                if former is not None and former.revision_id != revision.revision_id:
                    self._purge_unheld(former.revision_id)
        return revision

    def get(self, revision_id: str) -> Revision:
        """The revision of an id, or NotFound."""
        return self._record(self._row("r.revision_id = ?", (revision_id,)), revision_id)

    def content(self, revision_id: str, *, with_outputs: bool = True) -> NotebookContent:
        """The whole notebook of a revision; outputs, which may be megabytes, can be left out."""
        number, frame = self._numbers(revision_id)
        with self.db.lock:
            cells = self.db.conn.execute(
                """
                select cell, outputs, execution_count
                from revision_cells
                where revision_number = ?
                order by position
                """,
                (number,),
            ).fetchall()
            parts = [
                CellParts(
                    self.contents.get(cell),
                    self.contents.get(outputs) if outputs and with_outputs else None,
                    count,
                )
                for cell, outputs, count in cells
            ]
        return canonical.join(self.contents.get(frame), parts)

    def search(
        self, notebook_id: str, *, limit: int = 100, token: str | None = None
    ) -> Page[Revision]:
        """The revisions of a notebook, newest first."""
        before = int(token) if token else 2**62
        with self.db.lock:
            rows = self.db.conn.execute(
                f"""
                {_COLUMNS}
                where n.notebook_id = ? and r.revision_number < ?
                order by r.revision_number desc
                limit ?
                """,
                (notebook_id, before, limit + 1),
            ).fetchall()
        items = [Revision(*row) for row in rows[:limit]]
        more = len(rows) > limit
        return Page(items, str(self._numbers(items[-1].revision_id)[0]) if more else None)

    def of_run(self, run_id: str, moment: Moment | None = None) -> Revision | None:
        """The revision of a run: its start with the outputs of its end, if the code is the same."""
        if moment is not None:
            return self._of_moment(run_id, moment)
        start, end = self._of_moment(run_id, "start"), self._of_moment(run_id, "end")
        if start is None or end is None:
            return start or end
        # The cells may have been edited while they ran: what ran is the start's.
        is_same = self.code_digest(start.revision_id) == self.code_digest(end.revision_id)
        return end if is_same else start

    def code_digest(self, revision_id: str) -> str:
        """The name of a revision's sources alone: equal however often they were executed."""
        with self.db.lock:
            row = self.db.conn.execute(
                "select code_digest from revisions where revision_id = ?", (revision_id,)
            ).fetchone()
        if row is None:
            raise NotFound(f"No revision with id '{revision_id}'")
        return str(row[0])

    def share(self, giver_run_id: str, run_id: str, moment: Moment) -> bool:
        """Give a run the revision another has for the same moment; False where it has none."""
        with self.db.atomic():
            given = self._of_moment(giver_run_id, moment)
            if given is not None:
                self._link(run_id, moment, given, given.method)
        return given is not None

    def purge(self, revision_id: str, also: Callable[[], None] | None = None) -> None:
        """Delete a revision, and its text wherever only it and its kernels' records hold it.

        What is `also` to be done is done in the same transaction.

        The bytes are overwritten in the file, and the write-ahead log is emptied. While
        another program reads or writes without a gap the log keeps old pages, until it is
        next cut or the last program closes the file. A cell that still runs is written
        down again when it ends.
        """
        number, _ = self._numbers(revision_id)
        with self.db.erasing(), self.db.atomic():
            runs = purging.linked_runs(self.db, number)
            sources = purging.forget_executed(self.db, self.contents, number, runs)
            self._delete(revision_id)
            self.contents.drop_unused(sources)
            purging.point_elsewhere(self.db, revision_id, self._shown)
            if also is not None:
                also()
        self.db.empty_log()

    def _delete(self, revision_id: str) -> None:
        """Delete a revision and every content that nothing else holds."""
        number, frame = self._numbers(revision_id)
        with self.db.erasing(), self.db.atomic():
            held = self.db.conn.execute(
                "select cell, outputs from revision_cells where revision_number = ?", (number,)
            ).fetchall()
            self.db.conn.execute("delete from revisions where revision_number = ?", (number,))
            self.contents.drop_unused([frame, *(n for pair in held for n in pair if n is not None)])

    def _shown(self, run_id: str) -> str | None:
        revision = self.of_run(run_id)
        return None if revision is None else revision.revision_id

    def _purge_unheld(self, revision_id: str) -> None:
        held = self.db.conn.execute(
            """
            select 1
            from run_revisions join revisions using (revision_number)
            where revision_id = ?
            """,
            (revision_id,),
        ).fetchone()
        if held is None:
            self._delete(revision_id)

    def _add(
        self,
        notebook_id: str,
        parts: NotebookParts,
        packed: list[Packed],
        path: str,
        method: CaptureMethod,
    ) -> Revision:
        numbers = self.contents.add(packed)
        revision_id = new_id()
        added = self.db.conn.execute(
            """
            insert into revisions (revision_id, notebook_number, path, method, captured_ms,
                digest, code_digest, cell_count, frame)
            select ?, notebook_number, ?, ?, ?, ?, ?, ?, ?
            from notebooks
            where notebook_id = ?
            """,
            (
                revision_id,
                path,
                method,
                now_ms(),
                parts.digest,
                parts.code_digest,
                len(parts.cells),
                numbers[parts.frame],
                notebook_id,
            ),
        )
        if added.rowcount != 1:
            raise NotFound(f"No notebook with id '{notebook_id}'")
        self.db.conn.executemany(
            """
            insert into revision_cells (revision_number, position, cell, outputs, execution_count)
            values (?, ?, ?, ?, ?)
            """,
            [
                (
                    added.lastrowid,
                    position,
                    numbers[part.cell],
                    None if part.outputs is None else numbers[part.outputs],
                    part.execution_count,
                )
                for position, part in enumerate(parts.cells)
            ],
        )
        return self.get(revision_id)

    def _find_equal(self, notebook_id: str, parts: NotebookParts) -> Revision | None:
        row = self._row("n.notebook_id = ? and r.digest = ?", (notebook_id, parts.digest))
        return None if row is None else Revision(*row)

    def _link(self, run_id: str, moment: Moment, revision: Revision, method: CaptureMethod) -> None:
        self.db.conn.execute(
            """
            insert into run_revisions (run_number, moment, revision_number, method, captured_ms)
            select r.run_number, ?, v.revision_number, ?, ?
            from runs r, revisions v
            where r.run_id = ? and v.revision_id = ?
            on conflict (run_number, moment) do update set
                revision_number = excluded.revision_number,
                method = excluded.method,
                captured_ms = excluded.captured_ms
            """,
            (moment, method, now_ms(), run_id, revision.revision_id),
        )

    def _of_moment(self, run_id: str, moment: Moment) -> Revision | None:
        with self.db.lock:
            row = self.db.conn.execute(
                """
                select r.revision_id, n.notebook_id, r.path, l.method, l.captured_ms, r.digest,
                    r.cell_count
                from run_revisions l
                    join runs using (run_number)
                    join revisions r using (revision_number)
                    join notebooks n using (notebook_number)
                where runs.run_id = ? and l.moment = ?
                """,
                (run_id, moment),
            ).fetchone()
        return None if row is None else Revision(*row)

    def _numbers(self, revision_id: str) -> tuple[int, int]:
        with self.db.lock:
            row = self.db.conn.execute(
                "select revision_number, frame from revisions where revision_id = ?",
                (revision_id,),
            ).fetchone()
        if row is None:
            raise NotFound(f"No revision with id '{revision_id}'")
        return int(row[0]), int(row[1])

    def _row(self, condition: str, values: tuple[str, ...]) -> sqlite3.Row | None:
        with self.db.lock:
            row: sqlite3.Row | None = self.db.conn.execute(
                f"{_COLUMNS} where {condition}", values
            ).fetchone()
        return row

    def _record(self, row: sqlite3.Row | None, revision_id: str) -> Revision:
        if row is None:
            raise NotFound(f"No revision with id '{revision_id}'")
        return Revision(*row)


def _pieces(parts: NotebookParts) -> set[bytes]:
    pieces = {parts.frame}
    for part in parts.cells:
        pieces.update(piece for piece in (part.cell, part.outputs) if piece is not None)
    return pieces
