"""Whether a run can be had again by running its notebook top to bottom, as a tag of the run.

A tag, because the panel may only use what MLflow's protocol carries.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbruns.errors import NotFound
from nbruns.notebooks.hidden_state import reasons
from nbruns.records import ExecutedCell, Revision, Run
from nbruns.store.kernels import Kernels
from nbruns.store.revisions import Revisions
from nbruns.store.runs import Runs

_HIDDEN_STATE, _KERNEL = "nbruns.hidden_state", "nbruns.kernel"

Looked = tuple[str, str, int, int]


class HiddenState:
    """Writes the tag once a run has ended: absent where nothing speaks against the run."""

    def __init__(self, runs: Runs, revisions: Revisions, kernels: Kernels) -> None:
        self.runs = runs
        self.revisions = revisions
        self.kernels = kernels
        # Runs of one cell, of which there may be hundreds, share all that is looked at.
        self._last: tuple[Looked, str] | None = None

    def tag(self, run_id: str) -> None:
        """Bring the tag of a run up to date; one that still runs has none yet."""
        run = self.runs.get(run_id)
        if run.ended_ms is None:
            return
        words = self._words(run)
        if words and run.tags.get(_HIDDEN_STATE) != words:
            self.runs.set_tags(run_id, {_HIDDEN_STATE: words})
        elif not words and _HIDDEN_STATE in run.tags:
            self.runs.delete_tag(run_id, _HIDDEN_STATE)

    def _words(self, run: Run) -> str:
        kernel_id, started_ms = run.tags.get(_KERNEL), run.started_ms
        if not kernel_id or started_ms is None:
            return ""
        until = self.kernels.last_of(kernel_id, started_ms, run.ended_ms)
        revision = None if until is None else self._revision(run, until.started_ms)
        # What was put together without a browser does not know where cells stand, nor which went.
        if revision is None or until is None or revision.method != "browser":
            return ""
        looked = revision.revision_id, kernel_id, until.session_ms, until.position
        if self._last is None or self._last[0] != looked:
            executed = self.kernels.executed_for(kernel_id, started_ms, run.ended_ms)
            self._last = looked, "; ".join(self._reasons(revision, executed))
        return self._last[1]

    def _revision(self, run: Run, last_started_ms: int) -> Revision | None:
        """What the run is held against: the notebook at its start, for one cell ran there.

        Of a run that went on over further cells, the notebook they stood in at the end.
        """
        start = self.revisions.of_run(run.run_id, "start")
        if last_started_ms > (run.started_ms or 0):
            return self.revisions.of_run(run.run_id, "end") or start
        return start

    def _reasons(self, revision: Revision, executed: Sequence[ExecutedCell]) -> tuple[str, ...]:
        try:
            content = self.revisions.content(revision.revision_id, with_outputs=False)
        except NotFound:
            return ()  # purged by somebody a moment ago
        return reasons(content, executed)
