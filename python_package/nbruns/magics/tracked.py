"""%%tracked: one run around a cell.

IPython's cell magics get the cell as text and have to execute it themselves: then no
`await` works in it, and an exception is shown twice or hides from "Run all". So here the
first line alone becomes a call, which starts the run; the cell stays the cell, and the run is
ended when IPython says that the cell has ended.
"""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

from nbruns.kernel.endings import INTERRUPTS, Ending, end_active
from nbruns.kernel.faults import harmless
from nbruns.kernel.session import guessed_path
from nbruns.magics.answers import Line, link
from nbruns.protocol.names import END_REASON_TAG, PARENT_RUN_TAG

if TYPE_CHECKING:
    from nbruns.kernel.recorder import Recorder

_FIRST_LINE = re.compile(r"%%tracked(?:[ \t]+(.*))?\s*")
_LONGEST_REASON = 500


class Around:
    """A run around a cell, and the line that tells of it."""

    __slots__ = ("run", "told")

    def __init__(self, run: Any) -> None:
        from IPython.display import display

        # As by a `with` block of the cell: another run in it is a mistake, not a former one.
        self.run = run.__enter__()
        line = Line("Run ", link(run), " started")
        self.told = display(line, display_id=True)  # type: ignore[no-untyped-call]


class Tracked:
    """The runs around the executing cells of this kernel."""

    def __init__(self, shell: Any, recorder: Recorder) -> None:
        self.shell = shell
        self.recorder = recorder
        # Each with the position of its cell.
        self._held: list[tuple[int, Around]] = []

    def transform(self, lines: list[str]) -> list[str]:
        """Make the first line of a tracked cell a call; IPython asks this of every cell.

        A cell of that line only is left to IPython, which says that it is empty.
        """
        if not lines or not lines[0].startswith("%%tracked"):
            return lines
        found = _FIRST_LINE.fullmatch(lines[0])
        if found is None or not "".join(lines[1:]).strip():
            return lines
        call = f"get_ipython().run_cell_magic('tracked', {(found[1] or '').strip()!r}, None)\n"
        return [call, *lines[1:]]

    def hold(self, run: Any | None) -> None:
        """End this run when the executing cell ends; None where it could not be started."""
        cell = self.recorder.current
        if run is not None and cell is not None:
            self._held.append((cell.position, Around(run)))

    def run_body(self, run: Any | None, body: str) -> None:
        """Execute a cell given as text: a notebook made into a script calls the magic so."""
        around = None if run is None else Around(run)
        error: BaseException | None = None
        try:
            self.shell.ex(self.shell.transform_cell(body))
        except BaseException as raised:
            error = raised
            raise
        finally:
            if around is not None:
                _end(around, error)

    def post_run_cell(self, result: Any) -> None:
        """End the runs around the cell that has ended; called before the recorder hears of it."""
        cell = self.recorder.current
        while self._held and cell is not None and self._held[-1][0] == cell.position:
            _end(self._held.pop()[1], _error_of(result))


def _end(around: Around, error: BaseException | None) -> None:
    run, status = around.run, status_after(error)
    with harmless(f"end run '{run.info.run_name}'"):
        import mlflow

        if not _is_open(mlflow, run.info.run_id):
            return
        if error is not None and not mlflow.get_tracking_uri().startswith("nbruns:"):
            # Our own store keeps the reason of every run; for others MLflow's client does.
            with harmless("keep why the run ended"):
                _keep_reason(mlflow.MlflowClient(), run.info.run_id, error, status)
        while mlflow.active_run() is not None:
            # Runs that the cell left open inside it end with it.
            ended = end_active(mlflow, Ending(error=error), status)
            if ended.info.run_id == run.info.run_id:
                break
        around.told.update(Line("Run ", link(run), f" ended: {status}"))


def status_after(error: BaseException | None) -> str:
    """How a run ended, by what its cell raised."""
    if error is None:
        return "FINISHED"
    return "KILLED" if isinstance(error, INTERRUPTS) else "FAILED"


def _error_of(result: Any) -> BaseException | None:
    # An interrupted `await` may leave no result at all.
    if result is None:
        return KeyboardInterrupt()
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def _is_open(mlflow: Any, run_id: str) -> bool:
    """Whether a run is the active one, or one of those around it."""
    active = mlflow.active_run()
    seen: set[str] = set()
    while active is not None and active.info.run_id not in seen:
        if active.info.run_id == run_id:
            return True
        seen.add(active.info.run_id)
        parent = active.data.tags.get(PARENT_RUN_TAG)
        active = mlflow.get_run(parent) if parent else None
    return False


def _keep_reason(client: Any, run_id: str, error: BaseException, status: str) -> None:
    if status == "KILLED":
        client.set_tag(run_id, END_REASON_TAG, "interrupted")
        return
    words = traceback.format_exception_only(type(error), error)[-1].strip()
    client.set_tag(run_id, END_REASON_TAG, words[:_LONGEST_REASON])
    from nbruns.kernel.skipped import kept_traceback

    told = kept_traceback(error, guessed_path() or "", _users_frames(error.__traceback__))
    client.log_text(run_id, told, "traceback.txt")


def _users_frames(frames: Any) -> Any:
    """The traceback from the cell on: IPython's own frames come first."""
    place = frames
    while place is not None:
        if "/IPython/" not in place.tb_frame.f_code.co_filename.replace("\\", "/"):
            return place
        place = place.tb_next
    return frames
