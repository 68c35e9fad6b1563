"""The thread that writes down where runs come from, in notebooks and in scripts alike.

Starting a run only puts its id into a queue. What takes long (a large repository, a slow
server) holds up neither the cell nor the revision, which the writer's thread sees to.
"""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbruns.kernel.faults import harmless
from nbruns.protocol.names import PID_TAG

if TYPE_CHECKING:
    from nbruns.kernel.source_keepers import ServerKeeper, StoreKeeper
    from nbruns.records import Run

# How long the end of a process waits for what is still to be written.
_PATIENCE_S = 5.0
# Time for the run's start to go on undisturbed: two threads of Python share one lock.
_HEAD_START_S = 0.05


class Sources(threading.Thread):
    """Writes the sources of runs to one place: a store's home, or a server's address."""

    def __init__(self, place: Path | str) -> None:
        super().__init__(name="nbruns-sources", daemon=True)
        self.place = place
        self.process_id = os.getpid()
        # Python forgets it when the script has ended, before this thread has.
        self.script: str | None = getattr(sys.modules.get("__main__"), "__file__", None)
        self._awaited: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._is_ending = threading.Event()

    def expect(self, run_id: str) -> None:
        """Keep the source of a run that starts now."""
        self._awaited.put(run_id)

    def finish(self) -> None:
        """Write what is still to be written, and end."""
        if self.process_id == os.getpid():
            self._is_ending.set()
            self._awaited.put(None)
            self.join(_PATIENCE_S)

    def run(self) -> None:
        with harmless("record where runs come from"):
            self._is_ending.wait(_HEAD_START_S)
            from nbruns.kernel.source import Gatherer

            gatherer, keeper = Gatherer(), self._keeper()
            try:
                while (run_id := self._awaited.get()) is not None:
                    # What one run meets (a locked file) is not for those that wait behind it.
                    with harmless("record where a run comes from"):
                        keeper.keep(run_id, gatherer.gather(keeper.folder()))
            finally:
                keeper.close()

    def _keeper(self) -> StoreKeeper | ServerKeeper:
        from nbruns.kernel.source_keepers import ServerKeeper, StoreKeeper

        if isinstance(self.place, str):
            return ServerKeeper(self.place)
        return StoreKeeper(self.place, self.script)


_sources: dict[Path | str, Sources] = {}


def run_created(home: Path, run: Run) -> None:
    """A run was made in a store of this process."""
    # MLflow's fluent API says by this tag that the run is this process's own; one made by
    # the client (a copy of another run, say) may come from anywhere.
    if run.tags.get(PID_TAG) == str(os.getpid()):
        run_started(home, run.run_id)


def started(mlflow: ModuleType, run: Any) -> None:
    """A cell started a run: a server is told by us, our own store has seen to it itself."""
    with harmless("record where the run comes from"):
        uri = mlflow.get_tracking_uri()
        if uri.startswith(("http://", "https://")):
            run_started(uri, run.info.run_id)


def run_started(place: Path | str, run_id: str) -> None:
    """A run was started by this process's code, in a store's home or on a server."""
    with harmless("record where the run comes from"):
        sources = _sources.get(place)
        # A forked process has the record of its parent's thread, and not the thread.
        if sources is None or sources.process_id != os.getpid() or not sources.is_alive():
            sources = _sources[place] = Sources(place)
            sources.start()
            _call_at_exit(sources.finish)
        sources.expect(run_id)


def _call_at_exit(finish: Callable[[], None]) -> None:
    atexit.register(finish)
    # Its workers end without Python's own exit functions, and call these.
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        multiprocessing.Finalize(None, finish, exitpriority=0)
