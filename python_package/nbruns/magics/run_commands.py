"""The commands of a run: begin it, write to it, end it.

IPython makes the help of a command from its docstring and its arguments.
"""

# IPython's decorators and parser carry no types.
# mypy: disable-error-code="untyped-decorator,no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)
from IPython.core.magic_arguments import argument, magic_arguments

from nbruns.magics.answers import answered, is_refusal, link, say, sentence
from nbruns.magics.line import number, pairs, parsed

if TYPE_CHECKING:
    from nbruns.magics.tracked import Tracked

STATUSES = ("FINISHED", "FAILED", "KILLED")

_NAME = argument("name", nargs="*", help="The run's name; a friendly one when left out.")
_TAG = argument("--tag", action="append", default=[], metavar="key=value", help="May be repeated.")
_NESTED = argument("--nested", action="store_true", help="Start it inside the active run.")
_DESCRIPTION = argument("--description", metavar="TEXT", help='A note on the run, "in quotes".')


class NoRun(Exception):
    """There is no run to write to, for none could be started."""


@magics_class
class RunMagics(Magics):
    """Commands around the active run."""

    around_cells: Tracked
    # Why the last run could not be started; then commands that write to it must not fail either.
    lost = ""

    @magic_arguments()
    @_NAME
    @_TAG
    @_NESTED
    @_DESCRIPTION
    @argument("--resume", metavar="RUN", help="Go on with a run: its name or id.")
    @no_var_expand
    @line_magic
    def run_start(self, line: str) -> None:
        """Start a run; what is logged goes to it until %run_end.

        A run that is still active is ended first, unless --nested is given.

        Examples::

          %run_start
          %run_start "less depth" --tag team=blue --description "same score?"
          %run_start depth-{depth} --nested
          %run_start --resume "less depth"
        """
        given = parsed(self, "run_start", line)
        if given.resume and (given.name or given.nested):
            raise UsageError("%run_start: --resume takes no name and no --nested")
        with answered("%run_start"):
            run = self._start(given, given.resume)
            say("Run ", link(run), " goes on" if given.resume else " started")

    @magic_arguments()
    @argument("--status", type=str.upper, choices=STATUSES, default="FINISHED", help="How it went.")
    @no_var_expand
    @line_magic
    def run_end(self, line: str) -> None:
        """End the active run.

        Examples::

          %run_end
          %run_end --status FAILED
        """
        given = parsed(self, "run_end", line)
        with answered("%run_end"):
            run = self._active_run("%run_end")
            import mlflow

            mlflow.end_run(given.status)
            say("Run ", link(run), f" ended: {given.status}")

    @magic_arguments()
    @_NAME
    @_TAG
    @_NESTED
    @_DESCRIPTION
    @no_var_expand
    @cell_magic
    def tracked(self, line: str, cell: str | None = None) -> None:
        """Make one run of this cell.

        The run is FINISHED when the cell ends, FAILED with the traceback when it raises, and
        KILLED when it is interrupted. The cell itself is executed as without this line.

        Examples::

          %%tracked
          %%tracked "less depth" --tag team=blue
          %%tracked fold-{fold} --nested
        """
        given, run = parsed(self, "tracked", line, sign="%%"), None
        with answered("%%tracked"):
            run = self._start(given)
        if cell is None:
            self.around_cells.hold(run)
        else:
            self.around_cells.run_body(run, cell)

    @magic_arguments()
    @argument("params", nargs="+", metavar="key=value", help="What the run is made with.")
    @no_var_expand
    @line_magic
    def run_params(self, line: str) -> None:
        """Log parameters of the active run.

        A value may be a name of yours in braces, or any expression.

        Examples::

          %run_params depth=3 kind="random forest"
          %run_params depth={depth} rows={len(data)}
        """
        found = pairs(parsed(self, "run_params", line).params, "%run_params")
        with answered("%run_params"):
            run = self._active_run("%run_params")
            import mlflow

            mlflow.log_params(found)
            say(f"{_counted(len(found), 'parameter')} logged: run ", link(run))

    @magic_arguments()
    @argument("metrics", nargs="+", metavar="key=number", help="What came out.")
    @argument("--step", type=int, default=0, help="The step they belong to.")
    @no_var_expand
    @line_magic
    def run_metrics(self, line: str) -> None:
        """Log metrics of the active run.

        Examples::

          %run_metrics accuracy=0.93 loss={loss}
          %run_metrics loss={loss} --step {epoch}
        """
        given = parsed(self, "run_metrics", line)
        found = pairs(given.metrics, "%run_metrics")
        values = {key: number(key, value) for key, value in found.items()}
        with answered("%run_metrics"):
            run = self._active_run("%run_metrics")
            import mlflow

            mlflow.log_metrics(values, step=given.step)
            say(f"{_counted(len(values), 'metric')} logged: run ", link(run))

    @line_cell_magic
    def run_note(self, line: str, cell: str | None = None) -> None:
        """Write the note of the active run; as %%run_note the whole cell, in Markdown.

        Examples::

          %run_note Less depth, same score.

          %%run_note
          ## Less depth
          Same score in **half** the time.
        """
        note = "\n".join(part.strip() for part in (line, cell or "") if part.strip())
        if not note:
            raise UsageError("%run_note: write the note after it")
        with answered("%run_note"):
            run = self._active_run("%run_note")
            import mlflow

            mlflow.set_tag("mlflow.note.content", note)
            say("Note written: run ", link(run))

    def _start(self, given: Any, resumed: str | None = None) -> Any:
        from nbruns.magics.reach import check_reachable

        try:
            check_reachable()
            run = _resume(resumed, given) if resumed else _new(given)
        except Exception as error:
            self.lost = "" if is_refusal(error) else sentence(error)
            raise
        self.lost = ""
        return run

    def _active_run(self, command: str) -> Any:
        import mlflow

        from nbruns.magics.reach import check_reachable

        run = mlflow.active_run()
        if run is not None:
            check_reachable()
            return run
        if self.lost:
            raise NoRun(self.lost)
        raise UsageError(f"{command}: no run is active; start one with %run_start")


def _new(given: Any) -> Any:
    tags = pairs(given.tag, "--tag")
    import mlflow

    return mlflow.start_run(
        run_name=" ".join(given.name) or None,
        nested=given.nested,
        tags=tags,
        description=given.description,
    )


def _resume(reference: str, given: Any) -> Any:
    from nbruns.magics.runs_here import find

    tags = pairs(given.tag, "--tag")
    if given.description is not None:
        tags["mlflow.note.content"] = given.description
    found = find(reference, "%run_start")
    import mlflow

    run = mlflow.start_run(run_id=found.run_id)
    if tags:
        mlflow.set_tags(tags)
    return run


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
