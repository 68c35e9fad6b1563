"""Revisions kept because somebody asked, with a message: entries of the activity log.

A kernel asks the browsers under an id of the snapshot's own, and sees in the log which
revision came of it: no answer can reach it in the middle of a cell.
"""

from __future__ import annotations

from nbruns.records import Revision
from nbruns.store.activity import ActivityLog
from nbruns.store.revisions import Revisions

KIND, ACTION = "revision", "snapshot"
_LOOKED_THROUGH = 50


class Snapshots:
    """The snapshots in the activity log."""

    def __init__(self, activity: ActivityLog, revisions: Revisions) -> None:
        self.activity = activity
        self.revisions = revisions

    def find(self, snapshot_id: str) -> Revision | None:
        """The revision kept for a snapshot just now; None where it is not there (yet)."""
        newest = self.activity.search(kind=KIND, action=ACTION, limit=_LOOKED_THROUGH)
        for entry in newest.items:
            if entry.after == snapshot_id:
                return self.revisions.get(entry.subject)
        return None

    def note(
        self, revision: Revision, snapshot_id: str, *, run_id: str | None = None, message: str = ""
    ) -> None:
        """Write down that a revision was kept, and the run that was active."""
        self.activity.add(
            ACTION, KIND, revision.revision_id, before=run_id, after=snapshot_id, comment=message
        )
