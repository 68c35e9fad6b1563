"""A run's link to the notebook: asks the browser for the live document, and sees to the rest.

The message is a display update under a private MIME type that only the labextension
hears; nothing waits for an answer.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from nbruns.kernel.faults import harmless
from nbruns.kernel.session import current
from nbruns.protocol.names import CAPTURE_MIME

if TYPE_CHECKING:
    from nbruns.kernel.recorder import Recorder
    from nbruns.kernel.session import Session
    from nbruns.kernel.writer import Writer
    from nbruns.store import Store

_FLUSH_S = 0.05


class Capturer:
    """Of this kernel: hears of runs that start and end, and of cells that end."""

    def __init__(self, shell: Any, session: Session, recorder: Recorder) -> None:
        self.shell = shell
        self.session = session
        self.recorder = recorder
        self._writer: Writer | None = None
        self._first_of_cell: tuple[int, str] | None = None
        self._ended: list[str] = []

    def run_started(self, store: Store, run_id: str) -> None:
        """Ask for the live document, once for all runs of one execution of a cell."""
        cell, first, sibling = self.recorder.current, self._first_of_cell, None
        if cell is not None and first is not None and first[0] == cell.position:
            sibling = first[1]
        else:
            # A run that a thread starts between two cells may find another document each time.
            self._first_of_cell = None if cell is None else (cell.position, run_id)
            self._ask(run_id, "start")
        self._writing(store).expect(run_id, "start", sibling)

    def run_ended(self, store: Store, run_id: str) -> None:
        """Remember to ask again when the cell ends: its outputs are complete then."""
        self._ended.append(run_id)
        self._writing(store).wake()

    def cell_began(self, _info: Any) -> None:
        """Have it written down now: a kernel that is killed in the cell cannot tell any more."""
        if self._writer is not None:
            self._writer.wake()

    def cell_ended(self, _result: Any) -> None:
        """Ask for the document with the outputs of the runs that ended in this cell."""
        ended, self._ended = self._ended, []
        writer = self._writer
        if writer is None:
            return
        writer.wake()
        if ended:
            with harmless("capture the outputs"):
                self._ask(ended[0], "end")
                for run_id in ended:
                    writer.expect(run_id, "end", ended[0] if run_id != ended[0] else None)

    def finish(self) -> None:
        """The kernel ends: write what is still to be written."""
        if self._writer is not None:
            self._writer.finish()

    def _ask(self, run_id: str, reason: str) -> None:
        self.wish(f"{run_id}-{reason}", run_id=run_id, reason=reason)

    def wish(self, name: str, **said: str) -> None:
        """Have the front ends hear a wish for the live document; a wish is heard once by name."""
        kernel = self.shell.kernel
        content = {**said, "kernel_id": self.session.kernel_id}
        # Sent past the display publisher, which %%capture and output widgets replace.
        kernel.session.send(
            kernel.iopub_socket,
            "update_display_data",
            {
                "data": {CAPTURE_MIME: content},
                "metadata": {},
                "transient": {"display_id": f"nbruns-{name}"},
            },
            parent=kernel.get_parent("shell"),
            ident=f"kernel.{kernel.ident}.display_data".encode(),
        )
        sent = threading.Event()
        kernel.iopub_thread.schedule(sent.set)
        sent.wait(_FLUSH_S)

    def _writing(self, store: Store) -> Writer:
        is_writing = self._writer is not None and self._writer.is_alive()
        if self._writer is None or not is_writing or self._writer.home != store.home:
            from nbruns.kernel.writer import Writer

            self.finish()
            self._writer = Writer(store.home, self.session, self.recorder)
            self._writer.start()
        return self._writer


_capturer: Capturer | None = None


def install(capturer: Capturer) -> None:
    """Make this the kernel's capturer."""
    global _capturer  # noqa: PLW0603
    _capturer = capturer


def installed() -> Capturer | None:
    """This kernel's capturer; None outside a kernel."""
    return _capturer


def executing_cell() -> str | None:
    """The id of the cell that is executing, where the front end tells it."""
    if _capturer is None or _capturer.recorder.current is None:
        return None
    return _capturer.recorder.current.cell_id


def skipped_files() -> set[str]:
    """The names of the code of cells that JupyterLab told to be left out."""
    return set() if _capturer is None else _capturer.recorder.skipped_files


def _last_cell() -> int | None:
    """The number of the cell that is executing, or was the last one."""
    return None if _capturer is None else _capturer.recorder.last_number


def run_started(store: Store, run_id: str) -> None:
    """A run of this process was created."""
    if _capturer is not None and current() is _capturer.session:
        with harmless("capture the notebook"):
            _capturer.run_started(store, run_id)


def run_ended(store: Store, run_id: str) -> None:
    """A run of this process got its last status."""
    with harmless("keep why the run ended"):
        from nbruns.kernel import endings

        endings.keep(store, run_id, _last_cell())
    if _capturer is not None and current() is _capturer.session:
        with harmless("capture the notebook"):
            _capturer.run_ended(store, run_id)
