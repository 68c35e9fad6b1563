"""Which code a run executed, and what of it is new since the run before, as tags of the run.

Tags, because the panel may only use what MLflow's protocol carries.
"""

from __future__ import annotations

from nbruns.errors import NotFound
from nbruns.notebooks.diff import diff
from nbruns.records import Run
from nbruns.store.predecessors import Predecessors
from nbruns.store.revisions import Revisions
from nbruns.store.runs import Runs

_REVISION, _CODE, _CHANGE = "nbruns.revision", "nbruns.code", "nbruns.code_change"
_PARENT = "mlflow.parentRunId"


class RunCode:
    """Writes the tags that say it, whenever a run got another revision."""

    def __init__(self, runs: Runs, revisions: Revisions, predecessors: Predecessors) -> None:
        self.runs = runs
        self.revisions = revisions
        self.predecessors = predecessors

    def tag(self, run_id: str) -> None:
        """Bring the tags of a run up to date with its revisions; without any, do nothing."""
        shown = self.revisions.of_run(run_id)
        started = self.revisions.of_run(run_id, "start") or shown
        if shown is None or started is None:
            return
        run = self.runs.get(run_id)
        tags = {_REVISION: shown.revision_id}
        code = self.revisions.code_digest(started.revision_id)
        if run.tags.get(_CODE) != code:
            change = self._change(run, started.revision_id, code)
            tags |= {_CODE: code, _CHANGE: change} if change else {_CODE: code}
            if not change and _CHANGE in run.tags:
                self.runs.delete_tag(run_id, _CHANGE)
        if tags.items() - run.tags.items():
            self.runs.set_tags(run_id, tags)

    def _change(self, run: Run, revision_id: str, code: str) -> str:
        """What was edited since the run before; empty where there is none to tell it against.

        A run nested in another has its parent's code, and the parent says it.
        """
        before = None if _PARENT in run.tags else self.predecessors.find(run.run_id)
        former = None if before is None else self.revisions.of_run(before, "start")
        if former is None:
            return ""
        if self.revisions.code_digest(former.revision_id) == code:
            return "unchanged"
        try:
            old = self.revisions.content(former.revision_id, with_outputs=False)
            new = self.revisions.content(revision_id, with_outputs=False)
        except NotFound:
            return ""  # purged by somebody a moment ago
        return diff(old, new).words()
