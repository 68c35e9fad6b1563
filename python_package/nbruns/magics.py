"""The notebook's commands, and what a kernel starts of ours.

The environment's IPython config loads this at the start of every kernel: nothing here
or below may import mlflow, the store or pandas before a command or a run needs them.
"""

# IPython's decorators and parser carry no types.
# mypy: disable-error-code="untyped-decorator,no-untyped-call"

from __future__ import annotations

import atexit
import os
import shlex
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from nbruns.kernel.autolog import Autolog
from nbruns.kernel.capture import Capturer, install
from nbruns.kernel.faults import harmless
from nbruns.kernel.imports import AfterImport
from nbruns.kernel.recorder import Recorder
from nbruns.kernel.reruns import Reruns
from nbruns.kernel.session import current
from nbruns.kernel.tracking import track_here

if TYPE_CHECKING:
    from collections.abc import Iterable

    from IPython.core.interactiveshell import InteractiveShell

STATUSES = ("FINISHED", "FAILED", "KILLED")
_SHOWN_RUNS = 50


@magics_class
class RunMagics(Magics):
    """Commands around the active run."""

    autolog_switch: Autolog

    @magic_arguments()
    @argument("name", nargs="*", help="The run's name; a friendly one when left out.")
    @argument("--tag", action="append", default=[], help="key=value; may be given again.")
    @argument("--nested", action="store_true", help="Start it inside the active run.")
    @argument("--description", default=None, help='A note on the run, "in quotes".')
    @line_magic
    def run_start(self, line: str) -> None:
        """Start a run; what is logged goes to it until %run_end.

        A run that is still active is ended first, unless --nested is given.
        """
        given = _parsed(self.run_start, line)
        import mlflow

        run = mlflow.start_run(
            run_name=" ".join(given.name) or None,
            nested=given.nested,
            tags=_pairs(given.tag, "--tag"),
            description=given.description,
        )
        print(f"Run '{run.info.run_name}' started ({run.info.run_id})")

    @magic_arguments()
    @argument("--status", type=str.upper, choices=STATUSES, default="FINISHED", help="How it went.")
    @line_magic
    def run_end(self, line: str) -> None:
        """End the active run."""
        given = _parsed(self.run_end, line)
        run = _active_run("%run_end")
        import mlflow

        mlflow.end_run(given.status)
        print(f"Run '{run.info.run_name}' ended: {given.status}")

    @line_magic
    def run_params(self, line: str) -> None:
        """Log parameters of the active run: %run_params depth=3 kind=forest

        A value may be a name of yours in braces: %run_params depth={depth}
        """
        found = _pairs(_words(line), "%run_params")
        if not found:
            raise UsageError("%run_params: say which, e.g. %run_params depth=3")
        run = _active_run("%run_params")
        import mlflow

        mlflow.log_params(found)
        print(f"{_counted(len(found), 'parameter')} of run '{run.info.run_name}' logged")

    @magic_arguments()
    @argument("metrics", nargs="+", help="key=value, the value a number.")
    @argument("--step", type=int, default=0, help="The step they belong to.")
    @line_magic
    def run_metrics(self, line: str) -> None:
        """Log metrics of the active run: %run_metrics acc=0.93 loss=0.2 --step 3"""
        given = _parsed(self.run_metrics, line)
        values = {key: _number(key, value) for key, value in _pairs(given.metrics, "").items()}
        run = _active_run("%run_metrics")
        import mlflow

        mlflow.log_metrics(values, step=given.step)
        print(f"{_counted(len(values), 'metric')} of run '{run.info.run_name}' logged")

    @line_magic
    def run_note(self, line: str) -> None:
        """Write the note of the active run: %run_note Less depth, same score."""
        if not line.strip():
            raise UsageError("%run_note: write the note after it")
        run = _active_run("%run_note")
        import mlflow

        mlflow.set_tag("mlflow.note.content", line.strip())
        print(f"Note of run '{run.info.run_name}' written")

    @line_magic
    def autolog(self, line: str) -> None:
        """Switch the recording of fits on or off: %autolog on, %autolog off, %autolog"""
        wanted = line.strip().lower()
        if wanted not in ("", "on", "off"):
            raise UsageError(f"%autolog: on or off, not '{wanted}'")
        if wanted:
            self.autolog_switch.switch(wanted == "on")
        print(f"Autologging is {'on' if self.autolog_switch.is_on else 'off'}")

    @line_magic
    def runs(self, line: str) -> Any:
        """Show this notebook's newest runs; a filter may follow: %runs metrics.acc > 0.9"""
        import mlflow
        from IPython.display import HTML
        from mlflow.exceptions import MlflowException

        try:
            found = mlflow.search_runs(
                filter_string=line.strip(), max_results=_SHOWN_RUNS, output_format="list"
            )
        except MlflowException as error:
            raise UsageError(f"%runs: {error.message}") from error
        return HTML(_table(found))


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by IPython at the start of a kernel; a fault here costs one line."""
    with harmless("start in this kernel"):
        imports = AfterImport()
        switch = Autolog(imports)
        magics = RunMagics(shell)
        magics.autolog_switch = switch
        shell.register_magics(magics)
        session = current()
        if session is None:
            return
        track_here(os.environ)
        recorder = Recorder(shell)
        capturer = Capturer(shell, session, recorder)
        shell.events.register("pre_run_cell", recorder.pre_run_cell)
        shell.events.register("post_run_cell", recorder.post_run_cell)
        shell.events.register("post_run_cell", capturer.cell_ended)
        install(capturer)
        # Registered first, called last: after the open runs were ended.
        atexit.register(capturer.finish)
        imports.install()
        imports.call("mlflow", Reruns(recorder).follow)
        switch.follow_imports()


def _active_run(command: str) -> Any:
    import mlflow

    run = mlflow.active_run()
    if run is None:
        raise UsageError(f"{command}: no run is active; start one with %run_start")
    return run


def _parsed(magic: Any, line: str) -> Any:
    """The arguments of a line, quotes read as a shell reads them."""
    return magic.parser.parse_args(_words(line))


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"Cannot read '{line}': {error}") from error


def _pairs(words: Iterable[str], where: str) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"{where} needs key=value, not '{word}'".strip())
        found[key] = value
    return found


def _number(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"The value of '{key}' is no number: '{value}'") from None


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _table(runs: list[Any]) -> str:
    metrics = sorted({key for run in runs for key in run.data.metrics})
    params = sorted({key for run in runs for key in run.data.params})
    head = "".join(f"<th>{escape(name)}</th>" for name in ("run", "status", *metrics, *params))
    rows = "".join(f"<tr>{_cells(run, metrics, params)}</tr>" for run in runs)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cells(run: Any, metrics: list[str], params: list[str]) -> str:
    found = [run.info.run_name, run.info.status]
    found += [f"{run.data.metrics[m]:.6g}" if m in run.data.metrics else "" for m in metrics]
    found += [run.data.params.get(name, "") for name in params]
    return "".join(f"<td>{escape(str(text))}</td>" for text in found)
