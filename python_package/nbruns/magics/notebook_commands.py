"""The commands of a notebook: its runs, its revisions, and what becomes of them.

IPython makes the help of a command from its docstring and its arguments.
"""

# IPython's decorators and parser carry no types.
# mypy: disable-error-code="untyped-decorator,no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from nbruns.magics.answers import Link, answered, link, link_to, say
from nbruns.magics.line import pairs, parsed

if TYPE_CHECKING:
    from nbruns.kernel.autolog import Autolog

SWITCH = ("on", "off")


@magics_class
class NotebookMagics(Magics):
    """Commands around the notebook."""

    autolog_switch: Autolog

    @line_magic
    def runs(self, line: str) -> Any:
        """Show this notebook's runs; a filter may follow, as the panel's search box takes it.

        Words are looked for in the names of runs.

        Examples::

          %runs
          %runs forest
          %runs metrics.accuracy > 0.9 and params.kind = 'forest'
          %runs attributes.status = 'FAILED'
        """
        with answered("%runs"):
            from nbruns.magics.live_runs import shown_runs
            from nbruns.magics.reach import check_reachable
            from nbruns.magics.run_table import MOST_RUNS, RunTable
            from nbruns.magics.runs_here import search
            from nbruns.panel.run_filter import as_filter

            check_reachable()
            wanted = line.strip()
            found = search(as_filter(wanted), limit=MOST_RUNS + 1)
            return shown_runs(RunTable(found, wanted), wanted)

    @magic_arguments()
    @argument("message", nargs="*", help="What it is kept for.")
    @no_var_expand
    @line_magic
    def run_snapshot(self, line: str) -> None:
        """Keep the notebook as it stands in the browser, saved or not, as a revision.

        Without a browser it is made of the executed cells and the file. Where a run is active
        the revision is noted as one of that run.

        Examples::

          %run_snapshot
          %run_snapshot before tuning
        """
        message = " ".join(parsed(self, "run_snapshot", line).message)
        with answered("%run_snapshot"):
            from nbruns.kernel.snapshot import take_snapshot
            from nbruns.magics.runs_here import active_run, store_of_notebook

            run = active_run()
            with store_of_notebook() as store:
                kept = take_snapshot(store, message, None if run is None else run.info.run_id)
            how = "" if kept.method == "browser" else " from the executed cells"
            of_run = () if run is None else (" of run ", link(run))
            revision = Link("revision", kept.revision_id, kept.revision_id[:8])
            say("Revision ", revision, f" kept{how}", *of_run, f": {message}" if message else "")

    @magic_arguments()
    @argument("runs", nargs="*", metavar="RUN", help="By its name or id; the first is the base.")
    @no_var_expand
    @line_magic
    def run_compare(self, line: str) -> Any:
        """Show what differs between runs: parameters, metrics, data, packages, cells.

        One run is compared with the run before it; without any, the newest is.

        Examples::

          %run_compare
          %run_compare "less depth"
          %run_compare "less depth" deep 9f86d081
        """
        given = parsed(self, "run_compare", line).runs
        with answered("%run_compare"):
            import nbruns
            from nbruns.magics.reach import check_reachable
            from nbruns.magics.runs_here import find, newest

            check_reachable()
            runs = [find(one, "%run_compare") for one in given] or [newest("%run_compare")]
            return nbruns.compare(*(run.run_id for run in runs))

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model; the notebook's name when left out.")
    @argument("--run", metavar="RUN", help="Its name or id; else the active or the newest run.")
    @argument("--model", metavar="MODEL", help="Which of the run's models, by its name or id.")
    @argument(
        "--alias", metavar="ALIAS", help="Points to the new version; asked for by who may not."
    )
    @argument("--description", metavar="TEXT", help='Of the version, in Markdown, "in quotes".')
    @argument("--tag", action="append", default=[], metavar="key=value", help="May be repeated.")
    @argument("--comment", metavar="TEXT", help='Why the alias moves, "in quotes"; it is kept.')
    @no_var_expand
    @line_magic
    def run_register(self, line: str) -> None:
        """Register a run's model: make it the next version of a name.

        Examples::

          %run_register churn
          %run_register churn --alias champion
          %run_register churn --run "less depth" --model forest
          %run_register churn --tag reviewed=true --description "trained on **May**"
        """
        given = parsed(self, "run_register", line)
        tags = pairs(given.tag, "%run_register: --tag")
        with answered("%run_register"):
            from nbruns.magics.model_moves import registered
            from nbruns.magics.reach import check_reachable
            from nbruns.magics.registered import Wish, chosen_model, register, run_to_register

            check_reachable()
            run = run_to_register(given.run)
            model = chosen_model(run, given.model)
            said = (given.description or "", tags, given.comment or "")
            made = register(run, model, Wish(given.name or "", given.alias or "", *said))
            say(*registered(made, (f"model '{model.name}' of run ", link_to(run))))

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
