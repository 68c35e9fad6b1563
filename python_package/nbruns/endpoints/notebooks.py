"""Our own calls about notebooks: who they are, their revisions, what their kernels executed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from nbruns.endpoints.revisions import content_of
from nbruns.endpoints.sight import sight_of
from nbruns.errors import InvalidValue, NotFound
from nbruns.notebooks.canonical import cell_ids
from nbruns.protocol.fields import clean_text, optional, required, text, texts
from nbruns.protocol.names import (
    CELL_TAG,
    KERNEL_TAG,
    NOTEBOOK_TAG,
    SOURCE_NAME_TAG,
    SOURCE_TYPE_TAG,
)
from nbruns.records import ExecutedCell, NotebookContent, Run
from nbruns.store import Store
from nbruns.store.revision_runs import runs_of
from nbruns.store.revisions import Moment

Body = dict[str, Any]


def resolve(store: Store, body: Body) -> Body:
    """POST notebooks/resolve: the notebook at a path, known from now on."""
    found = store.notebooks.resolve(required(body, "path"), cell_ids=texts(body, "cell_ids"))
    return {"notebook": asdict(found)}


def get(store: Store, body: Body) -> Body:
    """GET notebooks/get: a notebook by its id or by its path."""
    notebook_id = optional(body, "notebook_id")
    if notebook_id:
        return {"notebook": asdict(store.notebooks.get(notebook_id))}
    path = required(body, "path")
    found = store.notebooks.find_by_path(path)
    if found is None:
        raise NotFound(f"No notebook known at '{path}': none of its cells started a run yet")
    return {"notebook": asdict(found)}


def all_notebooks(store: Store, body: Body) -> Body:
    """GET notebooks/list: every notebook, by path."""
    found = store.notebooks.all()
    sight = sight_of(store, "experiment")
    if sight is not None:
        named = store.belonging.experiments("notebook", [one.notebook_id for one in found])
        unseen = {notebook_id for name, notebook_id in named if not sight.shows(name)}
        found = [one for one in found if one.notebook_id not in unseen]
    return {"notebooks": [asdict(one) for one in found]}


def capture(store: Store, body: Body) -> Body:
    """POST revisions/capture: the live document, as the start or the end of a run.

    The revision is null where another document was sent: those of a shared kernel all hear it.
    """
    run = store.runs.get(required(body, "run_id"))
    path, content = required(body, "path"), content_of(body)
    ids = cell_ids(content)
    if _is_another(store, run, path, ids):
        return {"revision": None}
    revision = store.revisions.capture(
        _notebook_id(store, run, path, content),
        content,
        path=path,
        method="browser",
        run_id=run.run_id,
        moment=_moment(body),
    )
    store.notebooks.remember_cells(revision.notebook_id, ids)
    store.run_code.tag(run.run_id)
    store.hidden_state.tag(run.run_id)
    return {"revision": asdict(revision)}


def get_revision(store: Store, body: Body) -> Body:
    """GET revisions/get: a revision, the whole notebook it holds, and the runs that have it."""
    revision_id = required(body, "revision_id")
    revision = store.revisions.get(revision_id)
    return {
        "revision": asdict(revision),
        "content": store.revisions.content(revision_id),
        "runs": runs_of(store.db, [revision_id]).get(revision_id, []),
    }


def revision_of_run(store: Store, body: Body) -> Body:
    """GET revisions/of-run: the revision of a run; null while none was captured."""
    found = store.revisions.of_run(required(body, "run_id"))
    return {"revision": None if found is None else asdict(found)}


def executed(store: Store, body: Body) -> Body:
    """GET kernels/executed: what a kernel executed, or what it had when a run ended."""
    run_id = optional(body, "run_id")
    cells = (
        executed_until(store, store.runs.get(run_id))
        if run_id
        else store.kernels.executed(required(body, "kernel_id"))
    )
    return {"cells": [asdict(cell) for cell in cells]}


ROUTES: tuple[tuple[str, str, Callable[[Store, Body], Body]], ...] = (
    ("POST", "notebooks/resolve", resolve),
    ("GET", "notebooks/get", get),
    ("GET", "notebooks/list", all_notebooks),
    ("POST", "revisions/capture", capture),
    ("GET", "revisions/get", get_revision),
    ("GET", "revisions/of-run", revision_of_run),
    ("GET", "kernels/executed", executed),
)


def _moment(body: Body) -> Moment:
    reason = text(body, "reason") or "start"
    if reason not in ("start", "end"):
        raise InvalidValue(f"Invalid value '{reason[:80]}' for parameter 'reason': start or end")
    return cast(Moment, reason)


def _is_another(store: Store, run: Run, path: str, ids: list[str]) -> bool:
    """Whether a document is not the one the run was started in."""
    started_by, kernel_id = run.tags.get(CELL_TAG), run.tags.get(KERNEL_TAG)
    if started_by and ids and started_by in ids:
        return False
    known = store.notebooks.find_by_path(path)
    is_own = known is not None and known.notebook_id == run.tags.get(NOTEBOOK_TAG)
    served = store.kernels.served(kernel_id) if kernel_id else []
    if started_by and ids:
        # A console's cells stand in no notebook: what they start is the kernel's only one's.
        return not is_own or bool(served)
    return known is not None and not is_own and known.notebook_id in served


def _notebook_id(store: Store, run: Run, path: str, content: NotebookContent) -> str:
    """The run's own notebook; a run started over HTTP learns it from the document."""
    known = run.tags.get(NOTEBOOK_TAG)
    if known:
        return store.notebooks.get(known).notebook_id
    ids = [clean_text("id", one) for one in cell_ids(content)]
    found = store.notebooks.resolve(path, cell_ids=ids)
    # Host and process stay untold: nobody here knows where it runs.
    source = {SOURCE_NAME_TAG: path, SOURCE_TYPE_TAG: "NOTEBOOK"}
    told = {} if SOURCE_NAME_TAG in run.tags else source
    store.runs.set_tags(run.run_id, {NOTEBOOK_TAG: found.notebook_id, **told})
    return found.notebook_id


def executed_until(store: Store, run: Run) -> list[ExecutedCell]:
    """What ran in the kernel of a run up to its end; nothing where no kernel of ours tells."""
    kernel_id = run.tags.get(KERNEL_TAG)
    if not kernel_id or run.started_ms is None:
        return []
    return store.kernels.executed_for(kernel_id, run.started_ms, run.ended_ms)
