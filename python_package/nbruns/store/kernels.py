"""The shelf of kernels: which notebook each serves, what it executed, what it left open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nbruns.errors import NotFound
from nbruns.identity import now_ms
from nbruns.records import ExecutedCell, Kernel
from nbruns.store.contents import Contents
from nbruns.store.database import Database


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that says it is running, and what it says of its process."""

    run_id: str
    kernel_id: str | None
    host: str | None
    pid: str | None
    pid_seen_ms: str | None
    lease: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class LastCell:
    """Which execution of which process it was."""

    session_ms: int
    position: int
    started_ms: int


class Kernels:
    """The shelf of kernels."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.contents = Contents(db)

    def bind(self, kernel_id: str, notebook_id: str | None, path: str | None) -> None:
        """Say which notebook a kernel serves from now on (None: a console, a script)."""
        with self.db.atomic():
            self.db.conn.execute(
                """
                insert into kernels (kernel_id, notebook_number, path, started_ms)
                values (?1, (select notebook_number from notebooks where notebook_id = ?2), ?3, ?4)
                on conflict (kernel_id) do update set
                    notebook_number = excluded.notebook_number,
                    path = excluded.path,
                    ended_ms = null
                """,
                (kernel_id, notebook_id, path, now_ms()),
            )

    def serve(self, kernel_id: str, notebook_ids: Sequence[str], path: str) -> None:
        """Say which notebooks a kernel serves from now on; the last one where nothing tells."""
        with self.db.atomic():
            self.bind(kernel_id, notebook_ids[-1], path)
            self.db.conn.execute(
                """
                delete from kernel_notebooks
                where kernel_number = (select kernel_number from kernels where kernel_id = ?)
                """,
                (kernel_id,),
            )
            self.db.conn.executemany(
                """
                insert into kernel_notebooks (kernel_number, notebook_number)
                select k.kernel_number, n.notebook_number
                from kernels k, notebooks n
                where k.kernel_id = ? and n.notebook_id = ?
                """,
                [(kernel_id, one) for one in set(notebook_ids)] if len(notebook_ids) > 1 else [],
            )

    def served(self, kernel_id: str) -> list[str]:
        """The notebooks of a kernel that serves several; of one that serves one, none."""
        with self.db.lock:
            rows = self.db.conn.execute(
                """
                select n.notebook_id
                from kernels k
                    join kernel_notebooks s using (kernel_number)
                    join notebooks n on n.notebook_number = s.notebook_number
                where k.kernel_id = ?
                """,
                (kernel_id,),
            ).fetchall()
        return [notebook_id for (notebook_id,) in rows]

    def get(self, kernel_id: str) -> Kernel:
        """The kernel of an id, or NotFound."""
        found = self.find(kernel_id)
        if found is None:
            raise NotFound(f"No kernel with id '{kernel_id}'")
        return found

    def find(self, kernel_id: str) -> Kernel | None:
        """The kernel of an id, or None."""
        with self.db.lock:
            row = self.db.conn.execute(
                """
                select k.kernel_id, n.notebook_id, coalesce(n.path, k.path),
                    k.started_ms, k.ended_ms
                from kernels k left join notebooks n using (notebook_number)
                where k.kernel_id = ?
                """,
                (kernel_id,),
            ).fetchone()
        return None if row is None else Kernel(*row)

    def end(self, kernel_id: str) -> None:
        """The kernel is gone."""
        with self.db.atomic():
            self.db.conn.execute(
                "update kernels set ended_ms = ? where kernel_id = ? and ended_ms is null",
                (now_ms(), kernel_id),
            )

    def record_cell(self, cell: ExecutedCell) -> None:
        """Keep one execution, or what became of it."""
        self.record_cells([cell])

    def record_cells(self, cells: Iterable[ExecutedCell]) -> None:
        """Keep executions in one transaction; one kept before is brought up to date."""
        batch = list(cells)
        packed = self.contents.pack({_bytes(cell) for cell in batch})
        with self.db.atomic():
            self._make_known({cell.kernel_id for cell in batch})
            sources = self.contents.add(packed)
            self.db.conn.executemany(
                """
                insert into executed_cells (kernel_number, session_ms, position, execution_count,
                    cell_id, source, started_ms, took_ms, outcome)
                select kernel_number, ?, ?, ?, ?, ?, ?, ?, ?
                from kernels
                where kernel_id = ?
                on conflict (kernel_number, session_ms, position) do update set
                    source = excluded.source,
                    took_ms = excluded.took_ms,
                    outcome = excluded.outcome
                """,
                [_row(cell, sources[_bytes(cell)]) for cell in batch],
            )

    def executed(self, kernel_id: str, *, session_ms: int | None = None) -> list[ExecutedCell]:
        """What the kernel executed, in order; of one of its processes, if asked."""
        texts: dict[int, str] = {}
        with self.db.lock:
            rows = self.db.conn.execute(
                """
                select e.source, e.execution_count, e.cell_id, e.started_ms, e.took_ms,
                    e.outcome, e.session_ms, e.position
                from executed_cells e join kernels k using (kernel_number)
                where k.kernel_id = ? and e.session_ms = coalesce(?, e.session_ms)
                order by e.session_ms, e.position
                """,
                (kernel_id, session_ms),
            ).fetchall()
            # A cell is executed many times, and its text is kept once.
            for source in {row[0] for row in rows}:
                texts[source] = _text(self.contents.get(source))
        return [
            ExecutedCell(kernel_id, count, cell_id, texts[source], *rest)
            for source, count, cell_id, *rest in rows
        ]

    def executed_for(
        self, kernel_id: str, started_ms: int, ended_ms: int | None = None
    ) -> list[ExecutedCell]:
        """What ran in the process that started a run then, up to the run's end.

        A restarted kernel keeps its id: only the process that ran the run counts.
        """
        last = self.last_of(kernel_id, started_ms, ended_ms)
        if last is None:
            return []
        found = self.executed(kernel_id, session_ms=last.session_ms)
        return [cell for cell in found if cell.position <= last.position]

    def last_of(
        self, kernel_id: str, started_ms: int, ended_ms: int | None = None
    ) -> LastCell | None:
        """The execution that began last before a run's end, in the process that started it."""
        with self.db.lock:
            row = self.db.conn.execute(
                """
                select e.session_ms, e.position, e.started_ms
                from executed_cells e join kernels k using (kernel_number)
                where k.kernel_id = ? and e.session_ms <= ? and e.started_ms <= ?
                order by e.session_ms desc, e.position desc
                limit 1
                """,
                (kernel_id, started_ms, 2**62 if ended_ms is None else ended_ms),
            ).fetchone()
        return None if row is None else LastCell(*row)

    def last_cell(self, kernel_id: str) -> int | None:
        """The number of the cell this kernel executed last, or is executing."""
        with self.db.lock:
            row = self.db.conn.execute(
                """
                select e.execution_count
                from executed_cells e join kernels k using (kernel_number)
                where k.kernel_id = ?
                order by e.session_ms desc, e.position desc
                limit 1
                """,
                (kernel_id,),
            ).fetchone()
        return None if row is None else int(row[0])

    def open_runs(self, kernel_id: str) -> list[str]:
        """The ids of the runs this kernel started and never ended."""
        return [run.run_id for run in self.all_open_runs() if run.kernel_id == kernel_id]

    def all_open_runs(self) -> list[OpenRun]:
        """Every run that says it is running, with the process it was left by."""
        with self.db.lock:
            rows = self.db.conn.execute(
                """
                select r.run_id, kernel.value, host.value, pid.value, seen.value,
                    lease.value, parent.value
                from runs r
                    left join tags kernel
                        on kernel.run_number = r.run_number and kernel.key = 'nbruns.kernel'
                    left join tags host
                        on host.run_number = r.run_number and host.key = 'nbruns.host'
                    left join tags pid
                        on pid.run_number = r.run_number and pid.key = 'nbruns.pid'
                    left join tags seen
                        on seen.run_number = r.run_number and seen.key = 'nbruns.pid_seen_ms'
                    left join tags lease
                        on lease.run_number = r.run_number and lease.key = 'nbruns.lease'
                    left join tags parent
                        on parent.run_number = r.run_number and parent.key = 'mlflow.parentRunId'
                where r.status = 'RUNNING'
                """
            ).fetchall()
        return [OpenRun(*row) for row in rows]

    def _make_known(self, kernel_ids: Iterable[str]) -> None:
        self.db.conn.executemany(
            """
            insert into kernels (kernel_id, started_ms)
            values (?, ?)
            on conflict (kernel_id) do nothing
            """,
            [(kernel_id, now_ms()) for kernel_id in kernel_ids],
        )


def _bytes(cell: ExecutedCell) -> bytes:
    return cell.source.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _row(cell: ExecutedCell, source: int) -> tuple[object, ...]:
    return (
        cell.session_ms,
        cell.position,
        cell.execution_count,
        cell.cell_id,
        source,
        cell.started_ms,
        cell.took_ms,
        cell.outcome,
        cell.kernel_id,
    )
