"""What is written beside the cell: executed cells, and revisions no browser sent.

One thread with a connection of its own, started by the first run: a cell never waits
for it, and at exit it finishes what is due.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nbruns.errors import StoreBusy, StoreUnusable
from nbruns.kernel.faults import harmless
from nbruns.kernel.recorder import Execution, Recorder
from nbruns.kernel.session import Session, read_notebook
from nbruns.kernel.skipped import SkippedInFiles
from nbruns.notebooks.canonical import SkippedCells, with_executed
from nbruns.protocol.names import NOTEBOOK_TAG
from nbruns.records import ExecutedCell
from nbruns.store import Store
from nbruns.store.revisions import Moment

# How long a browser has to send the live document; it takes 0.2 s and more on a slow line.
PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """A revision to make unless a browser sends it; that of `sibling` will do as well.

    Siblings are runs of one execution of one cell: they share the code.
    """

    at: float
    run_id: str
    moment: Moment
    sibling: str | None


class Writer(threading.Thread):
    """The thread."""

    def __init__(self, home: Path, session: Session, recorder: Recorder) -> None:
        super().__init__(name="nbruns-writer", daemon=True)
        self.home = home
        self.session = session
        self.recorder = recorder
        self._awake = threading.Condition()
        self._due: list[Due] = []
        self._is_wanted = False
        self._is_ending = False
        self._skipped = SkippedInFiles()

    def wake(self) -> None:
        """Write the executed cells soon."""
        with self._awake:
            self._is_wanted = True
            self._awake.notify()

    def expect(self, run_id: str, moment: Moment, sibling: str | None) -> None:
        """Write the executed cells soon, and see to a run's revision in a second."""
        with self._awake:
            # Under the lock, so that they lie in the order of their times.
            self._due.append(Due(time.monotonic() + PATIENCE_S, run_id, moment, sibling))
            self._is_wanted = True
            self._awake.notify()

    def finish(self, timeout_s: float = 5.0) -> None:
        """Do at once what is due, and end."""
        with self._awake:
            self._is_ending = True
            self._awake.notify()
        self.join(timeout_s)

    def run(self) -> None:
        with harmless("open the store for what the kernel executes"):
            store = Store.open(self.home)
            try:
                while True:
                    due, is_last = self._wait()
                    with harmless("record the executed cells"), suppress(StoreBusy, StoreUnusable):
                        # Who logs hears of it from the run; the cells are recorded next time.
                        self.record(store)
                    for one in due:
                        with harmless("capture the notebook"):
                            self._capture(store, one)
                    if is_last:
                        return
            finally:
                store.close()

    def _wait(self) -> tuple[list[Due], bool]:
        with self._awake:
            while not (self._is_wanted or self._is_ending or self._next_in() <= 0):
                self._awake.wait(min(self._next_in(), 3600))
            now = time.monotonic()
            count = sum(self._is_ending or one.at <= now for one in self._due)
            due, self._due = self._due[:count], self._due[count:]
            self._is_wanted = False
            return due, self._is_ending

    def _next_in(self) -> float:
        return (self._due[0].at if self._due else float("inf")) - time.monotonic()

    def record(self, store: Store) -> None:
        """Write down what was executed since the last time."""
        taken = self.recorder.take()
        if not taken:
            return
        try:
            notebook = self.session.notebook(store)
            skipped = self._skipped.of("" if notebook is None else notebook.path)
            store.kernels.record_cells(self._record_of(one, skipped) for one in taken)
        except BaseException:
            self.recorder.give_back(taken)
            raise

    def _record_of(self, one: Execution, skipped: SkippedCells) -> ExecutedCell:
        return ExecutedCell(
            kernel_id=self.session.kernel_id,
            execution_count=one.execution_count,
            cell_id=one.cell_id,
            source="" if skipped.hold(one.cell_id, one.source) else one.source,
            started_ms=one.started_ms,
            took_ms=one.took_ms,
            outcome=one.outcome,  # type: ignore[arg-type]
            session_ms=self.session.started_ms,
            position=one.position,
        )

    def _capture(self, store: Store, due: Due) -> None:
        if store.revisions.of_run(due.run_id, due.moment) is None:
            is_shared = due.sibling is not None and store.revisions.share(
                due.sibling, due.run_id, due.moment
            )
            if not is_shared and due.moment == "start":
                self._capture_executed(store, due.run_id)
        store.run_code.tag(due.run_id)
        if due.moment == "end":
            store.hidden_state.tag(due.run_id)

    def _capture_executed(self, store: Store, run_id: str) -> None:
        run = store.runs.get(run_id)
        if NOTEBOOK_TAG not in run.tags:
            return
        notebook, started_ms = store.notebooks.get(run.tags[NOTEBOOK_TAG]), run.started_ms or 0
        executed = [
            cell
            for cell in store.kernels.executed(
                self.session.kernel_id, session_ms=self.session.started_ms
            )
            if cell.started_ms <= started_ms
        ]
        content = with_executed(read_notebook(notebook.path), executed)
        store.revisions.capture(
            notebook.notebook_id,
            content,
            path=notebook.path,
            method="executed" if executed else "file",
            run_id=run_id,
        )
