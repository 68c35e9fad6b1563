"""A revision kept now because the user asks: of the browser's live document, or without one.

The browser's answer cannot reach the kernel in the middle of a cell: it goes to the
server, and is seen in the store's log of snapshots.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbruns.errors import NotFound
from nbruns.identity import new_id
from nbruns.kernel.capture import Capturer, executing_cell, installed
from nbruns.kernel.session import read_notebook
from nbruns.kernel.writer import PATIENCE_S, Writer
from nbruns.notebooks.canonical import with_executed

if TYPE_CHECKING:
    from nbruns.records import CaptureMethod, Notebook, NotebookContent, Revision
    from nbruns.store import Store

_LOOKS_EVERY_S = 0.01


def take_snapshot(store: Store, message: str = "", run_id: str | None = None) -> Revision:
    """Keep the notebook as it stands, for a run where one is active.

    Raises NotFound where this process serves no notebook.
    """
    capturer = installed()
    notebook = None if capturer is None else capturer.session.notebook(store)
    if capturer is None or notebook is None:
        raise NotFound("There is no notebook here to keep: this is no notebook's kernel")
    snapshot_id, cell_id = new_id(), executing_cell()
    said = {"snapshot_id": snapshot_id, "cell_id": cell_id, "message": message, "run_id": run_id}
    told = {key: value for key, value in said.items() if value}
    capturer.wish(snapshot_id, reason="snapshot", **told)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = store.snapshots.find(snapshot_id)
        if found is not None:
            return found
        time.sleep(_LOOKS_EVERY_S)
    content, method = _without_browser(store, capturer, notebook)
    with store.db.atomic():
        kept = store.snapshots.find(snapshot_id)
        if kept is None:
            kept = store.revisions.capture(
                notebook.notebook_id, content, path=notebook.path, method=method
            )
            store.snapshots.note(kept, snapshot_id, run_id=run_id, message=message)
    return kept


def _without_browser(
    store: Store, capturer: Capturer, notebook: Notebook
) -> tuple[NotebookContent, CaptureMethod]:
    """The executed cells joined with the file."""
    session = capturer.session
    Writer(store.home, session, capturer.recorder).record(store)
    executed = store.kernels.executed(session.kernel_id, session_ms=session.started_ms)
    content = with_executed(read_notebook(notebook.path), executed)
    return content, "executed" if executed else "file"
