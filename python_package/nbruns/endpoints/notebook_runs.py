"""Runs that a kernel's process starts over HTTP, which belong to the kernel's notebook."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbruns.endpoints import runs
from nbruns.protocol.messages import run_to_wire
from nbruns.protocol.names import (
    HOST_TAG,
    KERNEL_TAG,
    NOTEBOOK_TAG,
    PID_SEEN_TAG,
    PID_TAG,
    SOURCE_NAME_TAG,
    SOURCE_TYPE_TAG,
)
from nbruns.records import Notebook
from nbruns.store import Store

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """The kernel a request came from, and the process that has the run in hand."""

    kernel_id: str
    host: str
    process_id: int
    seen_ms: int


def create_in(caller: Caller, store: Store, body: Body) -> Body:
    """POST runs/create from a kernel: without an experiment, in that of its notebook."""
    kernel = store.kernels.find(caller.kernel_id)
    if kernel is None or kernel.notebook_id is None:
        return runs.create(store, body)
    notebook = store.notebooks.get(kernel.notebook_id)
    if not body.get("experiment_id"):
        experiment = store.notebooks.experiment(notebook.notebook_id)
        body = {**body, "experiment_id": experiment.experiment_id}
    run_id = runs.create(store, body)["run"]["info"]["run_id"]
    told = store.runs.get(run_id).tags
    if KERNEL_TAG not in told:
        store.runs.set_tags(run_id, {**_tags(caller, notebook), **told})
    return {"run": run_to_wire(store.runs.get(run_id))}


def capture_file(store: Store, run_id: str) -> None:
    """Keep the notebook's file as a run's revision, where no browser has sent the document."""
    run = store.runs.get(run_id)
    notebook_id = run.tags.get(NOTEBOOK_TAG)
    if notebook_id is None or store.revisions.of_run(run_id) is not None:
        return
    notebook = store.notebooks.get(notebook_id)
    content = _content(store, notebook)
    if content is not None:
        store.revisions.capture(
            notebook_id, content, path=notebook.path, method="file", run_id=run_id
        )
        store.run_code.tag(run_id)


def _tags(caller: Caller, notebook: Notebook) -> dict[str, str]:
    return {
        KERNEL_TAG: caller.kernel_id,
        HOST_TAG: caller.host,
        PID_TAG: str(caller.process_id),
        PID_SEEN_TAG: str(caller.seen_ms),
        NOTEBOOK_TAG: notebook.notebook_id,
        SOURCE_NAME_TAG: notebook.path,
        SOURCE_TYPE_TAG: "NOTEBOOK",
    }


def _content(store: Store, notebook: Notebook) -> dict[str, Any] | None:
    try:
        found = json.loads((Path(store.notebooks.root or "") / notebook.path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    is_notebook = isinstance(found, dict) and isinstance(found.get("cells"), list)
    return found if is_notebook and all(isinstance(c, dict) for c in found["cells"]) else None
