"""What 200 runs of a large notebook take on disk: revisions, what was executed, and the runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nbruns.endpoints.routes import call
from nbruns.records import ExecutedCell
from nbruns.store import Store

MB = 1_000_000
CELLS, RUNS = 100, 200


def real_code() -> list[str]:
    """A megabyte of Python as people write it, in cells."""
    modules = sorted(Path(os.__file__).parent.glob("*.py"))
    text = "".join(one.read_text("utf-8") for one in modules)[:MB]
    assert len(text) == MB
    return [text[start : start + MB // CELLS] for start in range(0, MB, MB // CELLS)]


def document(sources: list[str], said: str) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": said}
    cells = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": text, "outputs": []}
        for at, text in enumerate(sources)
    ]
    cells[0]["outputs"] = [output]
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells}


def test_200_runs_of_a_megabyte_take_less_than_five(store: Store) -> None:
    sources = real_code()
    notebook = store.notebooks.resolve("large.ipynb")
    experiment = store.notebooks.experiment(notebook.notebook_id).experiment_id
    for number in range(RUNS):
        at, began = number % CELLS, 1_000 + 10 * number
        sources[at] = sources[at].replace("\n", f"\nx = {number}\n", 1)
        cell = ExecutedCell("k", number, f"c{at}", sources[at], began, 1, "ok", 0, number)
        store.kernels.record_cell(cell)
        tags = {"nbruns.kernel": "k", "nbruns.notebook": notebook.notebook_id}
        run_id = store.runs.create(experiment, started_ms=began, tags=tags).run_id
        for moment, said in (("start", "before"), ("end", f"after {number}")):
            body = {"run_id": run_id, "path": "large.ipynb", "reason": moment}
            call(
                store,
                "POST",
                "api/1.0/revisions/capture",
                {**body, "content": document(sources, said)},
            )
        store.runs.update(run_id, status="FINISHED", ended_ms=began + 5)

    store.db.conn.execute("pragma wal_checkpoint(truncate)")
    assert (store.home / "nbruns.db").stat().st_size < 5 * MB
