"""What a notebook needs of MLflow's run stack that a script does not.

A cell is executed again and again. MLflow raises when `start_run` finds a run active; in
a notebook that run is mostly the one the cell itself left open the last time. So in
kernels `mlflow.start_run` is wrapped: a new top-level run ends the former one with a note.
Runs held by a `with` block of the executing cell are not touched: there MLflow's error
tells of a mistake. A cell that raises takes the runs it has started with it. And a kernel
that ends in the middle of a cell says so of the runs it leaves open, where MLflow would
call them finished.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbruns.kernel.endings import Ending, end_active
from nbruns.kernel.faults import harmless, tell
from nbruns.kernel.sources import started
from nbruns.protocol.names import ENDED_OPEN

if TYPE_CHECKING:
    from nbruns.kernel.joining import Joining
    from nbruns.kernel.recorder import Recorder


class Reruns:
    """Keeps which `with` blocks hold a run open in the executing cell."""

    def __init__(self, recorder: Recorder, joining: Joining) -> None:
        self.recorder = recorder
        self.joining = joining
        self._mlflow: ModuleType | None = None
        # Of the cell at this position; those of former cells are forgotten.
        self._at = 0
        self._held: set[str] = set()
        self._begun: set[str] = set()
        self._process_id = os.getpid()

    def follow(self, mlflow: ModuleType) -> None:
        """Wrap what MLflow has just made; called at the end of its import."""
        self._mlflow = mlflow
        start_run, run_class = mlflow.start_run, mlflow.ActiveRun
        signature = inspect.signature(start_run)

        @functools.wraps(start_run)
        def start(*args: Any, **kwargs: Any) -> Any:
            try:
                given = signature.bind(*args, **kwargs).arguments
            except TypeError:
                # A mistake of the call, which MLflow tells in its own words.
                return start_run(*args, **kwargs)
            with harmless("end the former run"):
                if not given.get("nested") and not given.get("parent_run_id"):
                    self.joining.let_go()
                    self._end_former(mlflow)
            run = start_run(*args, **kwargs)
            if not given.get("run_id"):
                started(mlflow, run)
            return run

        mlflow.start_run = start  # type: ignore[attr-defined]
        enter = run_class.__enter__

        @functools.wraps(enter)
        def entered(run: Any) -> Any:
            self._look_where()
            self._held.add(run.info.run_id)
            return enter(run)

        run_class.__enter__ = entered
        make = run_class.__init__

        @functools.wraps(make)
        def made(run: Any, *args: Any, **kwargs: Any) -> None:
            make(run, *args, **kwargs)
            self._look_where()
            self._begun.add(run.info.run_id)

        run_class.__init__ = made
        atexit.register(self._end_all, mlflow)

    def cell_ended(self, result: Any) -> None:
        """End the runs that a cell has started and left open where it raised.

        Called before the recorder hears of the end. Runs of former cells stay open: an
        exception in between is no end of an exploration.
        """
        error = result.error_in_exec
        self._look_where()
        if error is None or self._mlflow is None or not self._at:
            return
        with harmless("end the runs of the cell"):
            while (run := self._mlflow.active_run()) is not None:
                if run.info.run_id not in self._begun:
                    return
                end_active(self._mlflow, Ending(error=error))

    def _end_former(self, mlflow: ModuleType) -> None:
        self._look_where()
        while (run := mlflow.active_run()) is not None:
            if run.info.run_id in self._held:
                return
            end_active(mlflow, Ending("ended by the start of another run"), "FINISHED")
            tell(f"run '{run.info.run_name}' was still open: ended by the start of this one")

    def _end_all(self, mlflow: ModuleType) -> None:
        """Registered after MLflow's own, so it is called before."""
        if os.getpid() != self._process_id:
            return
        status = "KILLED" if self.recorder.is_in_the_middle else "FINISHED"
        with harmless("end the open runs"):
            while mlflow.active_run() is not None:
                end_active(mlflow, Ending(ENDED_OPEN), status)

    def _look_where(self) -> None:
        """Begin anew where another cell is executing by now."""
        cell = self.recorder.current
        position = cell.position if cell is not None else 0
        if position != self._at:
            self._at = position
            self._held.clear()
            self._begun.clear()
