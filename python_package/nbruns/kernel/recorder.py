"""What this kernel executed: each cell's text, order, time and outcome, kept in memory.

The buffer is written to the store by the writer's thread once a run gives a reason to;
a kernel that tracks nothing writes nothing. Notebook cells pay a few microseconds.
"""

from __future__ import annotations

import threading
import time
from typing import Any

# Said here too, for `notebooks.canonical` costs a kernel's start more than it may.
_SKIP_TAG = "nbruns-skip"


class Execution:
    """One execution of a cell; `outcome` is 'running' until it ends."""

    __slots__ = (
        "began",
        "cell_id",
        "execution_count",
        "outcome",
        "position",
        "source",
        "started_ms",
        "took_ms",
    )

    def __init__(self, position: int, cell_id: str | None, source: str, count: int) -> None:
        self.position = position
        self.cell_id = cell_id
        self.source = source
        self.execution_count = count
        self.started_ms = time.time_ns() // 1_000_000
        self.began = time.perf_counter()
        self.took_ms: int | None = None
        self.outcome = "running"

    def end(self, outcome: str) -> None:
        self.outcome = outcome
        self.took_ms = round((time.perf_counter() - self.began) * 1000)


class Recorder:
    """Listens to IPython's cell events."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._lock = threading.Lock()
        self._changed: dict[int, Execution] = {}
        self._running: list[Execution] = []
        self._last: Execution | None = None
        self._count = 0
        self._nested = 0
        # Some versions of IPython raise their counter before this event, some after it.
        self._next_number: int = shell.execution_count
        # The names under which tracebacks find the code of skipped cells.
        self.skipped_files: set[str] = set()

    @property
    def current(self) -> Execution | None:
        """The cell that is executing now."""
        return self._running[-1] if self._running else None

    @property
    def last_number(self) -> int | None:
        """The number of the cell that is executing, or was the last one."""
        return self._last.execution_count if self._last is not None else None

    @property
    def is_in_the_middle(self) -> bool:
        """Whether a cell is executing, or the last one did not get to its end."""
        return self._last is not None and self._last.outcome != "ok"

    def pre_run_cell(self, info: Any) -> None:
        if info.silent:
            return
        if self._running and getattr(info, "cell_id", None) is None:
            # Run by a cell (`%run a.ipynb`), and so part of it.
            self._nested += 1
            return
        self._count += 1
        is_skipped = self._is_skipped()
        if is_skipped:
            self._hide(info.raw_cell)
        source = "" if is_skipped else info.raw_cell
        cell_id = getattr(info, "cell_id", None)
        execution = Execution(self._count, cell_id, source, self._next_number)
        self._running.append(execution)
        self._last = execution
        self._note(execution)

    def post_run_cell(self, result: Any) -> None:
        if not self._running or (result.info is not None and result.info.silent):
            return
        if self._nested:
            self._nested -= 1
            return
        execution = self._running.pop()
        if result.execution_count is not None:
            execution.execution_count = result.execution_count
            self._next_number = self.shell.execution_count
        execution.end(_outcome(result.error_before_exec or result.error_in_exec))
        self._note(execution)

    def take(self) -> list[Execution]:
        """What began or ended since it was last taken, in order."""
        with self._lock:
            changed, self._changed = self._changed, {}
        return [changed[position] for position in sorted(changed)]

    def give_back(self, executions: list[Execution]) -> None:
        """Put back what could not be written, to be taken again."""
        with self._lock:
            self._changed = {one.position: one for one in executions} | self._changed

    def _note(self, execution: Execution) -> None:
        with self._lock:
            self._changed[execution.position] = execution

    def _hide(self, source: str) -> None:
        compiler = self.shell.compile
        self.skipped_files.add(compiler.get_code_name(source, source, self._next_number))

    def _is_skipped(self) -> bool:
        """Whether the executing cell is tagged to be left out; JupyterLab sends a cell's tags."""
        kernel = getattr(self.shell, "kernel", None)
        if kernel is None:
            return False
        tags = kernel.get_parent("shell").get("metadata", {}).get("tags")
        return isinstance(tags, list) and _SKIP_TAG in tags


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
