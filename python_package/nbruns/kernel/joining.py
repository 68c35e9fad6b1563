"""What a cell logs after a recorded fit joins the run of the fit.

MLflow ends an autologged run with the fit, and the next call that names no run begins
another one. In a notebook a cell is one piece of work: there such a call resumes the run
of the cell's last fit, and the run then ends with the cell, or at the next fit or start.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbruns.kernel.faults import complain, harmless

if TYPE_CHECKING:
    from nbruns.kernel.recorder import Recorder


class Joining:
    """Which run of the executing cell may be joined, and which has been."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._mlflow: ModuleType | None = None
        self._in_fit = ""
        self._fitted: tuple[int, str] | None = None
        self._joined = ""

    def follow(self, mlflow: ModuleType) -> None:
        """Have calls that would begin a run ask here first; called at the end of MLflow's import.

        MLflow's fluent module calls its own `start_run` only for them.
        """
        self._mlflow = mlflow
        fluent = mlflow.tracking.fluent
        start_run = fluent.start_run

        @functools.wraps(start_run)
        def start(*args: Any, **kwargs: Any) -> Any:
            run_id = "" if args or kwargs else self._joinable()
            if not run_id:
                return start_run(*args, **kwargs)
            run = start_run(run_id=run_id)
            self._joined = run_id
            return run

        fluent.start_run = start

    def follow_fits(self, safety: ModuleType) -> None:
        """Note the runs that MLflow makes around fits, and tell of faults it keeps silent about."""
        make = safety.with_managed_run

        @functools.wraps(make)
        def with_managed_run(integration: str, patch: Any, *args: Any, **kwargs: Any) -> Any:
            if inspect.isclass(patch):
                return make(integration, patch, *args, **kwargs)
            noting = functools.wraps(patch)(functools.partial(self._fit, patch))
            managed = make(integration, noting, *args, **kwargs)
            return functools.wraps(managed)(functools.partial(self._around_fit, managed))

        safety.with_managed_run = with_managed_run  # type: ignore[attr-defined]

    def cell_ended(self, _result: Any) -> None:
        """End the run that was joined; the next cell joins none of this one's."""
        self.let_go()
        self._fitted = None

    def let_go(self) -> None:
        """End the run that was joined, if there is one."""
        run_id, self._joined = self._joined, ""
        if not run_id or self._mlflow is None:
            return
        with harmless("end the run of the fit"):
            run = self._mlflow.active_run()
            if run is not None and run.info.run_id == run_id:
                self._mlflow.end_run()

    def _joinable(self) -> str:
        if self._fitted is None or self._fitted[0] != self._position() or not _in_main_thread():
            return ""
        return self._fitted[1]

    def _around_fit(self, managed: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a fit with the run MLflow makes for it, if it makes one."""
        if self._mlflow is None or not _in_main_thread():
            return managed(*args, **kwargs)
        if self._mlflow.active_run() is not None:
            self.let_go()
        if self._mlflow.active_run() is not None:
            return managed(*args, **kwargs)
        self._fitted, self._in_fit = None, ""
        result = managed(*args, **kwargs)
        if self._in_fit:
            self._fitted = self._position(), self._in_fit
        return result

    def _fit(self, patch: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._mlflow is not None and _in_main_thread() and not self._in_fit:
            run = self._mlflow.active_run()
            self._in_fit = run.info.run_id if run is not None else ""
        return patch(*args, **kwargs)

    def _position(self) -> int:
        return self.recorder.current.position if self.recorder.current else 0


def tell_faults(events: ModuleType) -> None:
    """Have MLflow tell which fits it could not record; it keeps them to itself otherwise."""
    logger = events.AutologgingEventLogger
    if logger._event_logger is not None:
        return

    class Telling(logger):  # type: ignore[misc, valid-type]
        def log_patch_function_error(self, *args: Any) -> None:
            super().log_patch_function_error(*args)
            complain(f"record all of '{args[2]}'", args[-1])

    logger.set_logger(Telling())


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
