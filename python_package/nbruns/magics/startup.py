"""What starts in a kernel, or in an IPython that loads the extension: who listens to what."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING, Any

from nbruns.kernel.autolog import Autolog
from nbruns.kernel.capture import Capturer, install
from nbruns.kernel.faults import new_cell
from nbruns.kernel.imports import AfterImport
from nbruns.kernel.recorder import Recorder
from nbruns.kernel.session import current
from nbruns.kernel.tracking import track_here
from nbruns.magics.later import register_model_commands
from nbruns.magics.notebook_commands import NotebookMagics
from nbruns.magics.run_commands import RunMagics
from nbruns.magics.tab import complete_commands
from nbruns.magics.tracked import Tracked

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from IPython.core.interactiveshell import InteractiveShell


def start(shell: InteractiveShell) -> None:
    """Register the commands and listen to the cells; in a kernel, capture and autolog too."""
    imports, recorder = AfterImport(), Recorder(shell)
    run_stack = RunStack(recorder, imports)
    switch, tracked = Autolog(imports), Tracked(shell, recorder)
    _register(shell, switch, tracked)
    track_here(os.environ)
    # Before the recorder and the capturer: a run around a cell ends with it, not after it.
    shell.events.register("post_run_cell", tracked.post_run_cell)
    shell.events.register("post_run_cell", run_stack.cell_ended)
    shell.events.register("pre_run_cell", new_cell)
    shell.events.register("pre_run_cell", recorder.pre_run_cell)
    shell.events.register("post_run_cell", recorder.post_run_cell)
    session = current()
    if session is not None:
        capturer = Capturer(shell, session, recorder)
        shell.events.register("pre_run_cell", capturer.cell_began)
        shell.events.register("post_run_cell", capturer.cell_ended)
        install(capturer)
        # Registered first, called last: after the open runs were ended.
        atexit.register(capturer.finish)
    imports.install()
    imports.call("mlflow", run_stack.follow)
    if session is not None:
        switch.follow_imports()


class RunStack:
    """What becomes of MLflow's active runs here: loaded when MLflow is, and no cell pays before."""

    def __init__(self, recorder: Recorder, imports: AfterImport) -> None:
        self.recorder = recorder
        self.imports = imports
        self._listeners: list[Callable[[Any], None]] = []

    def follow(self, mlflow: ModuleType) -> None:
        """Called at the end of MLflow's import."""
        from nbruns.kernel import artifacts
        from nbruns.kernel.joining import Joining, tell_faults
        from nbruns.kernel.reruns import Reruns

        joining = Joining(self.recorder)
        reruns = Reruns(self.recorder, joining)
        self._listeners += [reruns.cell_ended, joining.cell_ended]
        reruns.follow(mlflow)
        joining.follow(mlflow)
        artifacts.follow(mlflow)
        self.imports.call("mlflow.utils.autologging_utils.safety", joining.follow_fits)
        self.imports.call("mlflow.utils.autologging_utils.events", tell_faults)

    def cell_ended(self, result: Any) -> None:
        """The executing cell has ended; the recorder does not know yet."""
        for listener in self._listeners:
            listener(result)


def _register(shell: InteractiveShell, switch: Autolog, tracked: Tracked) -> None:
    of_runs, of_notebooks = RunMagics(shell), NotebookMagics(shell)
    of_runs.around_cells, of_notebooks.autolog_switch = tracked, switch
    shell.register_magics(of_runs, of_notebooks)
    register_model_commands(shell)
    shell.input_transformers_cleanup.append(tracked.transform)
    complete_commands(shell)
