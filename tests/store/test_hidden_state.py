"""The tag that says why a run cannot be had again top to bottom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbruns.records import CaptureMethod, ExecutedCell, Notebook
from nbruns.store import Store
from nbruns.store.revisions import Moment


@pytest.fixture
def notebook(store: Store, tmp_path: Path) -> Notebook:
    return store.notebooks.resolve(str(tmp_path / "churn.ipynb"))


def ran(store: Store, *cells: tuple[str, str, int], session_ms: int = 0) -> None:
    """Executions of kernel 'k': cell, text, and when."""
    store.kernels.record_cells(
        ExecutedCell("k", at, cell, text, when, 1, "ok", session_ms, at)
        for at, (cell, text, when) in enumerate(cells, 1)
    )


def start(store: Store, at_ms: int = 100) -> str:
    run = store.runs.create("0", started_ms=at_ms, tags={"nbruns.kernel": "k"})
    return run.run_id


def capture(
    store: Store,
    notebook: Notebook,
    run_id: str,
    moment: Moment,
    *texts: str,
    method: CaptureMethod = "browser",
) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": text, "outputs": []}
        for at, text in enumerate(texts, 1)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    store.revisions.capture(
        notebook.notebook_id,
        content,
        path=notebook.path,
        method=method,
        run_id=run_id,
        moment=moment,
    )


def end(store: Store, run_id: str, at_ms: int = 200) -> str | None:
    store.runs.update(run_id, status="FINISHED", ended_ms=at_ms)
    store.hidden_state.tag(run_id)
    return store.runs.get(run_id).tags.get("nbruns.hidden_state")


def test_it_is_said_when_the_run_has_ended(store: Store, notebook: Notebook) -> None:  # N2
    run_id = start(store)
    ran(store, ("c2", "b", 10), ("c1", "a", 100))
    capture(store, notebook, run_id, "start", "a", "b")

    store.hidden_state.tag(run_id)
    assert "nbruns.hidden_state" not in store.runs.get(run_id).tags
    assert end(store, run_id) == "cell 2 ran before cell 1"


def test_what_ran_later_or_in_a_former_process_says_nothing(
    store: Store, notebook: Notebook
) -> None:
    run_id = start(store)
    store.kernels.record_cell(ExecutedCell("k", 1, "gone", "x", 5, 1, "ok", 1, 1))
    ran(store, ("c1", "a", 60), ("c2", "b", 100), ("gone", "x", 300), session_ms=50)
    capture(store, notebook, run_id, "start", "a", "b")

    assert end(store, run_id) is None
    assert [cell.cell_id for cell in store.kernels.executed_for("k", 100, 200)] == ["c1", "c2"]


def test_edits_while_its_cell_ran_say_nothing(store: Store, notebook: Notebook) -> None:
    run_id = start(store)
    ran(store, ("c1", "a", 90), ("c2", "b", 100))
    capture(store, notebook, run_id, "start", "a", "b")
    capture(store, notebook, run_id, "end", "edited meanwhile", "b")

    assert end(store, run_id) is None


def test_a_run_over_several_cells_is_held_against_its_end(store: Store, notebook: Notebook) -> None:
    run_id = start(store)
    ran(store, ("c1", "a", 90), ("c2", "written meanwhile", 150))
    capture(store, notebook, run_id, "start", "a")
    capture(store, notebook, run_id, "end", "a", "written meanwhile")

    assert end(store, run_id) is None


def test_a_document_that_comes_late_is_what_counts(store: Store, notebook: Notebook) -> None:
    """Without a browser nobody knows where cells stand; one on a slow line tells it later."""
    run_id = start(store)
    ran(store, ("c2", "b", 10), ("c1", "a", 100))
    capture(store, notebook, run_id, "start", "a", "b", method="executed")
    assert end(store, run_id) is None

    capture(store, notebook, run_id, "start", "a", "b")
    store.hidden_state.tag(run_id)

    assert store.runs.get(run_id).tags["nbruns.hidden_state"] == "cell 2 ran before cell 1"


def test_it_is_taken_back(store: Store, notebook: Notebook) -> None:
    run_id = start(store)
    ran(store, ("c1", "a", 90), ("c2", "written meanwhile", 150))
    capture(store, notebook, run_id, "start", "a")
    assert end(store, run_id) == "1 executed cell is not in the notebook"

    capture(store, notebook, run_id, "end", "a", "written meanwhile")
    store.hidden_state.tag(run_id)

    assert "nbruns.hidden_state" not in store.runs.get(run_id).tags


def test_runs_of_one_cell_are_looked_at_once(store: Store, notebook: Notebook) -> None:
    ran(store, *((f"c{n}", f"text {n}", n) for n in range(90, 0, -1)), ("c91", "loop", 99))
    runs = [start(store, 99 + n) for n in range(50)]
    capture(store, notebook, runs[0], "start", *(f"text {n}" for n in range(1, 91)), "loop")
    for run_id in runs[1:]:
        store.revisions.share(runs[0], run_id, "start")
    asked: list[str] = []
    store.db.conn.set_trace_callback(asked.append)

    words = {end(store, run_id) for run_id in runs}

    store.db.conn.set_trace_callback(None)
    assert len(words) == 1
    assert sum("from revision_cells" in one for one in asked) == 1


def test_nothing_is_known_of_other_kernels(store: Store, notebook: Notebook) -> None:
    run_id = store.runs.create("0", started_ms=100).run_id
    capture(store, notebook, run_id, "start", "a")

    assert end(store, run_id) is None
