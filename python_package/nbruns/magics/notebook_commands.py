"""The commands of a notebook: its runs, its revisions, and what becomes of them.

IPython makes the help of a command from its docstring and its arguments.
"""

# IPython's decorators and parser carry no types.
# mypy: disable-error-code="untyped-decorator,no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from nbruns.magics.answers import RunLink, answered, say
from nbruns.magics.line import parsed

if TYPE_CHECKING:
    from nbruns.kernel.autolog import Autolog

SWITCH = ("on", "off")


@magics_class
class NotebookMagics(Magics):
    """Commands around the notebook."""

    autolog_switch: Autolog

    @line_magic
    def runs(self, line: str) -> Any:
        """Show this notebook's runs; a filter in MLflow's language may follow.

        Examples::

          %runs
          %runs metrics.accuracy > 0.9 and params.kind = 'forest'
          %runs attributes.status = 'FAILED'
        """
        with answered("%runs"):
            from nbruns.magics.reach import check_reachable
            from nbruns.magics.run_table import MOST_RUNS, RunTable
            from nbruns.magics.runs_here import search

            check_reachable()
            return RunTable(search(line.strip(), limit=MOST_RUNS + 1), line.strip())

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model; the notebook's name when left out.")
    @argument("--run", metavar="RUN", help="Its name or id; else the active or the newest run.")
    @argument("--model", metavar="MODEL", help="Which of the run's models, by its name or id.")
    @argument("--alias", metavar="ALIAS", help="Points to the new version from now on.")
    @no_var_expand
    @line_magic
    def run_register(self, line: str) -> None:
        """Register a run's model: make it the next version of a name.

        Examples::

          %run_register churn
          %run_register churn --alias champion
          %run_register churn --run "less depth" --model forest
        """
        given = parsed(self, "run_register", line)
        with answered("%run_register"):
            from nbruns.magics.reach import check_reachable
            from nbruns.magics.registered import chosen_model, register, run_to_register

            check_reachable()
            run = run_to_register(given.run)
            model = chosen_model(run, given.model)
            made = register(run, model, given.name, given.alias)
            alias = f" @{made.alias}" if made.alias else ""
            what = f"Registered '{made.name}' version {made.number}{alias}"
            say(f"{what}: model '{model.name}' of run ", RunLink(run.run_id, run.name))

    @magic_arguments()
    @argument("switch", nargs="?", type=str.lower, choices=SWITCH, help="Left out: say how it is.")
    @no_var_expand
    @line_magic
    def autolog(self, line: str) -> None:
        """Switch the recording of fits on or off in this kernel.

        Examples::

          %autolog off
          %autolog on
          %autolog
        """
        wanted = parsed(self, "autolog", line).switch
        if wanted:
            with answered("%autolog"):
                self.autolog_switch.switch(wanted == "on")
        say(f"Autologging is {'on' if self.autolog_switch.is_on else 'off'}")
