"""Calls that only record, where the store cannot take them: kept in memory, written later.

In a notebook a full disk or a locked file must not end the training. So a cell hears of the
trouble in one line and goes on; what it logs waits here in its order, and a thread tries
again. Calls whose answer is needed raise, and so do those that break a rule. A script
raises at every fault, as MLflow does.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from mlflow.exceptions import MlflowException

from nbruns.errors import NbrunsError, NotFound, StoreBusy, StoreUnusable
from nbruns.kernel.faults import complain, first_line, tell
from nbruns.mlflow_store.homes import told

T = TypeVar("T")
Call = Callable[[], object]

# How long the end of a process tries once more.
_LAST_PATIENCE_S = 5.0
_PAUSE_S = 1.0
# About 100 MB of points.
_MOST_CALLS = 200_000
_PASSING = (StoreBusy, StoreUnusable, sqlite3.Error, OSError)


class Backlog:
    """Of one store of a kernel; `calls` is empty as long as all is well."""

    def __init__(self, *, forgives: bool) -> None:
        self.calls: deque[Call] = deque()
        # Ids that were given out before the run was made.
        self.promised: set[str] = set()
        self._forgives = forgives
        self._lock = threading.Lock()
        self._more = threading.Event()
        self._process_id = os.getpid()
        self._is_ending = False
        if forgives:
            atexit.register(self.finish)

    def record(self, call: Callable[[], T], instead: Callable[[], T]) -> T:
        """What the call returns, now or (`instead`) in the place of a later one."""
        if not self.calls:
            try:
                return call()
            except Exception as error:
                # Before the thread makes the call: it has to be as was answered.
                answer = self._forgiven(error, instead)
                if isinstance(error, _PASSING):
                    self._start(error, call)
                return answer
        answer = instead()
        return answer if self._has_added(call) else call()

    def forgive(self, error: Exception, call: Call) -> None:
        """Keep a call that met a fault of the store; raise what the user has to hear."""
        self._forgiven(error, lambda: None)
        if isinstance(error, _PASSING):
            self._start(error, call)

    def _forgiven(self, error: Exception, instead: Callable[[], T]) -> T:
        is_passing = isinstance(error, _PASSING)
        is_told = isinstance(error, NbrunsError | MlflowException | UnicodeError)
        if not self._forgives or (is_told and not is_passing and not self._is_lost(error)):
            raise told(error) from error
        if not is_passing and not is_told:
            complain("record", error)
        return instead()

    def _is_lost(self, error: Exception) -> bool:
        """Whether it is about a run that could not be made, which was said then."""
        return isinstance(error, NotFound) and any(one in str(error) for one in self.promised)

    def finish(self) -> None:
        """Try once more; what cannot be written now is lost."""
        self._is_ending = True
        self._more.set()
        for thread in threading.enumerate():
            if thread.name == "nbruns-backlog" and os.getpid() == self._process_id:
                thread.join(_LAST_PATIENCE_S)

    def _has_added(self, call: Call) -> bool:
        with self._lock:
            if self._process_id != os.getpid():
                # Of the process that was forked; it writes them itself.
                self.calls.clear()
                self._process_id = os.getpid()
            if not self.calls:
                return False
            if len(self.calls) >= _MOST_CALLS:
                complain("keep more in memory", MemoryError(f"{_MOST_CALLS:,} calls wait already"))
            else:
                self.calls.append(call)
            return True

    def _start(self, error: Exception, call: Call) -> None:
        if self._is_ending or self._has_added(call):
            return
        with self._lock:
            self.calls.append(call)
        is_locked = isinstance(error, StoreBusy)
        why = StoreBusy("other programs keep its file locked") if is_locked else error
        complain("write to the store, so what is logged waits in memory", why)
        threading.Thread(target=self._write, name="nbruns-backlog", daemon=True).start()

    def _write(self) -> None:
        count = 0
        while True:
            try:
                self.calls[0]()
                count += 1
            except _PASSING as error:
                if self._is_ending:
                    print(f"nbruns: {len(self.calls)} calls are lost: {first_line(error)}")
                    return
                self._more.wait(_PAUSE_S)
                continue
            except Exception as error:
                if not self._is_lost(error):
                    complain("record", error)
            with self._lock:
                self.calls.popleft()
                if not self.calls:
                    break
        tell(f"the store can be written again: nothing is lost ({count} calls caught up)")
