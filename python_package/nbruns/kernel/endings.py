"""Why a run of this process ended: the words, the traceback, and where it stood.

MLflow knows a status alone. It ends runs in `with` blocks, in autologgers and at exit;
the store hears of each end and asks here.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import os
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbruns.errors import InvalidValue
from nbruns.kernel.faults import harmless
from nbruns.kernel.session import current
from nbruns.protocol.names import END_REASON_TAG, SOURCE_NAME_TAG

if TYPE_CHECKING:
    from nbruns.records import Run
    from nbruns.store import Store

# What MLflow's `with` blocks know as failed, though the user has stopped it. An interrupted
# `await` of a cell is cancelled.
INTERRUPTS = (KeyboardInterrupt, asyncio.CancelledError)


class Ending:
    """Why the runs that end now do so: in words, or by an exception."""

    __slots__ = ("error", "reason")

    def __init__(self, reason: str = "", error: BaseException | None = None) -> None:
        self.reason = reason
        self.error = error


_told: ContextVar[Ending | None] = ContextVar("nbruns_ending", default=None)


@contextlib.contextmanager
def told(ending: Ending) -> Iterator[None]:
    """Inside, runs end for this reason."""
    token = _told.set(ending)
    try:
        yield
    finally:
        _told.reset(token)


def present() -> Ending:
    """Why a run that ends here and now does so."""
    return _told.get() or Ending(error=sys.exc_info()[1])


def end_active(mlflow: ModuleType, ending: Ending, status: str = "") -> Any:
    """End MLflow's active run for a reason; an exception decides the status by itself."""
    run = mlflow.active_run()
    if not status:
        status = "KILLED" if isinstance(ending.error, INTERRUPTS) else "FAILED"
    if ending.reason and not _is_ours(mlflow):
        with harmless("note why a run ended"):
            mlflow.MlflowClient().set_tag(run.info.run_id, END_REASON_TAG, ending.reason)
    with told(ending):
        mlflow.end_run(status)
    return run


def keep(store: Store, run_id: str, cell: int | None) -> None:
    """Keep why a run of this process ended: what was told, or the exception on its way out."""
    ending = present()
    if ending.error is not None:
        _keep_error(store, store.runs.get(run_id), ending.error, cell)
    elif ending.reason:
        from nbruns.store.endings import keep_reason

        keep_reason(store, run_id, ending.reason, cell)


@functools.cache
def follow_script() -> None:
    """Where no kernel sees to open runs, see to those of a script that an exception ends."""
    if current() is None:
        # Registered after MLflow's own, which would call them finished, so called before.
        atexit.register(_end_with_script, os.getpid())


def _end_with_script(process_id: int) -> None:
    mlflow = sys.modules.get("mlflow")
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    # Where there is a prompt, the last exception may be long past.
    if mlflow is None or error is None or hasattr(sys, "ps1") or os.getpid() != process_id:
        return
    with harmless("end the open runs"):
        while mlflow.active_run() is not None:
            end_active(mlflow, Ending(error=error))


def _keep_error(store: Store, run: Run, error: BaseException, cell: int | None) -> None:
    if run.status == "FINISHED":
        return
    from nbruns.kernel.skipped import kept_traceback
    from nbruns.store.endings import keep_reason

    words = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, INTERRUPTS):
        if run.status != "KILLED":
            store.runs.update(run.run_id, status="KILLED")
        words = "interrupted"
    keep_reason(store, run.run_id, words, cell)
    # Artifacts that lie elsewhere (s3://…) are written by MLflow alone.
    with contextlib.suppress(InvalidValue):
        folder = store.artifacts.folder(run.artifact_uri)
        folder.mkdir(parents=True, exist_ok=True)
        told = kept_traceback(error, run.tags.get(SOURCE_NAME_TAG, ""))
        (folder / "traceback.txt").write_text(told, "utf-8")


def _is_ours(mlflow: ModuleType) -> bool:
    return str(mlflow.get_tracking_uri()).startswith("nbruns:")
