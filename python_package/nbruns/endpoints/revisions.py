"""Our own calls about a notebook's past: list, compare, bring back, purge.

Whatever is brought back is written down in the activity log, and what it replaces is
kept as a revision first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from nbruns.errors import InvalidValue, NotFound
from nbruns.notebooks.canonical import as_kept, cell_ids
from nbruns.notebooks.diff import CellChange, NotebookDifference, diff
from nbruns.notebooks.restoring import restored, with_cell
from nbruns.protocol import pages
from nbruns.protocol.fields import (
    clean_text,
    find,
    limit,
    optional,
    optional_int,
    required,
    text,
)
from nbruns.records import CaptureMethod, NotebookContent, Revision
from nbruns.store import Store
from nbruns.store.revision_runs import runs_of

Body = dict[str, Any]

MOST_REVISIONS = 1_000
# The kind of thing in the activity log, and what is done to it.
KIND = "revision"


def search(store: Store, body: Body) -> Body:
    """GET revisions/search: a notebook's revisions, newest first, each with its runs."""
    page = store.revisions.search(
        _notebook_id(store, body),
        limit=limit(body, "max_results", 100, MOST_REVISIONS),
        token=pages.numbered(optional(body, "page_token")),
    )
    runs = runs_of(store.db, [one.revision_id for one in page.items])
    reply: Body = {
        "revisions": [asdict(one) | {"runs": runs.get(one.revision_id, [])} for one in page.items]
    }
    if page.next_token is not None:
        reply["next_page_token"] = page.next_token
    return reply


def compare(store: Store, body: Body) -> Body:
    """GET revisions/diff: what changed from one revision to another."""
    other = store.revisions.get(required(body, "other_revision_id"))
    return _compared(store, body, store.revisions.content(other.revision_id), other)


def compare_content(store: Store, body: Body) -> Body:
    """POST revisions/diff: what changed from a revision to a notebook that is sent along."""
    return _compared(store, body, as_kept(content_of(body)), None)


def prepare(store: Store, body: Body) -> Body:
    """POST revisions/prepare: the present is kept, and told with the revision put into it.

    Of the whole revision, or of its cell at `position`. The caller puts the content in
    place and says so (`revisions/restored`).
    """
    path, present = required(body, "path"), content_of(body)
    revision = store.revisions.content(required(body, "revision_id"))
    position = optional_int(body, "position")
    content = (
        restored(revision, present) if position is None else with_cell(present, revision, position)
    )
    kept = keep(store, present, path=path, method="browser")
    return {"kept": asdict(kept), "content": content}


def note_restored(store: Store, body: Body) -> Body:
    """POST revisions/restored: what was prepared is in place."""
    position, path = optional_int(body, "position"), required(body, "path")
    store.activity.add(
        "restored" if position is None else "took cell",
        KIND,
        store.revisions.get(required(body, "revision_id")).revision_id,
        before=optional(body, "kept_revision_id"),
        after=path if position is None else f"{path}#{position}",
        comment=text(body, "comment"),
    )
    return {}


def snapshot(store: Store, body: Body) -> Body:
    """POST revisions/snapshot: the live document, kept because a notebook's command asked.

    The revision is null where another document was sent (those of a shared kernel all hear
    it), and where it was kept already: a second browser tab hears it too.
    """
    path, content = required(body, "path"), content_of(body)
    snapshot_id, cell_id = required(body, "snapshot_id"), optional(body, "cell_id")
    ids = cell_ids(content)
    with store.db.atomic():
        if (cell_id and ids and cell_id not in ids) or store.snapshots.find(snapshot_id):
            return {"revision": None}
        kept = keep(store, content, path=path, method="browser")
        store.snapshots.note(
            kept, snapshot_id, run_id=optional(body, "run_id"), message=text(body, "message")
        )
    return {"revision": asdict(kept)}


def purge(store: Store, body: Body) -> Body:
    """POST revisions/purge: delete a revision for good, and the text only it held."""
    revision = store.revisions.get(required(body, "revision_id"))
    comment = text(body, "comment")

    def note() -> None:
        store.activity.add(
            "purged", KIND, revision.revision_id, before=revision.path, comment=comment
        )

    store.revisions.purge(revision.revision_id, note)
    return {}


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("GET", "revisions/search", search),
    ("GET", "revisions/diff", compare),
    ("POST", "revisions/diff", compare_content),
    ("POST", "revisions/prepare", prepare),
    ("POST", "revisions/restored", note_restored),
    ("POST", "revisions/snapshot", snapshot),
    ("POST", "revisions/purge", purge),
)


def bring_back(
    store: Store,
    revision_id: str,
    present: NotebookContent | None,
    *,
    path: str,
    method: CaptureMethod,
) -> tuple[Revision | None, NotebookContent]:
    """What a path holds, kept as a revision, and the notebook that is to take its place."""
    revision = store.revisions.content(revision_id)
    if present is None:
        return None, revision
    return keep(store, present, path=path, method=method), restored(revision, present)


def note_copied(store: Store, revision_id: str, path: str, comment: str = "") -> None:
    """Write down that a revision became a notebook of its own."""
    store.activity.add("copied", KIND, revision_id, after=path, comment=comment)


def keep(store: Store, content: NotebookContent, *, path: str, method: CaptureMethod) -> Revision:
    """The notebook at a path as it stands, kept as a revision of no run."""
    ids = [clean_text("id", one) for one in cell_ids(content)]
    notebook = store.notebooks.resolve(path, cell_ids=ids)
    return store.revisions.capture(notebook.notebook_id, content, path=path, method=method)


def content_of(body: Body) -> NotebookContent:
    """The notebook a request carries."""
    content = find(body, "content")
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise InvalidValue("Parameter 'content' must be a notebook: an object with 'cells'")
    if not all(isinstance(cell, dict) for cell in content["cells"]):
        raise InvalidValue("Parameter 'content' holds a cell that is not an object")
    return content


def _notebook_id(store: Store, body: Body) -> str:
    path = optional(body, "path")
    if path is None:
        return required(body, "notebook_id")
    found = store.notebooks.find_by_path(path)
    if found is None:
        raise NotFound(f"No notebook known at '{path}': none of its cells started a run yet")
    return found.notebook_id


def _compared(store: Store, body: Body, new: NotebookContent, other: Revision | None) -> Body:
    revision = store.revisions.get(required(body, "revision_id"))
    found = diff(store.revisions.content(revision.revision_id), new)
    return {
        "old": asdict(revision),
        "new": None if other is None else asdict(other),
        **difference_to_wire(found),
    }


def difference_to_wire(found: NotebookDifference) -> Body:
    """The difference as JSON; outputs and metadata only where they differ."""
    return {
        "words": found.words(),
        "other_words": found.other_words(),
        "metadata_differ": found.metadata_differ,
        "cells": [_change_to_wire(cell) for cell in found.cells],
    }


def _change_to_wire(cell: CellChange) -> Body:
    names = ("kind", "cell_id", "cell_type", "old_position", "new_position", "is_moved")
    more = ("outputs_differ", "metadata_differ", "is_skipped", "old_source", "new_source")
    wire: Body = {name: getattr(cell, name) for name in (*names, *more)}
    for side, whole in (("old", cell.old), ("new", cell.new)):
        if cell.outputs_differ and whole is not None:
            wire[f"{side}_outputs"] = whole.get("outputs") or []
        if cell.metadata_differ and whole is not None:
            wire[f"{side}_metadata"] = whole.get("metadata") or {}
    return wire
