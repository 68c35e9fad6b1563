"""Which code a run had, told against the notebook's run before it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from nbruns.records import Run
from nbruns.store import Store, predecessors

TEXT = {"output_type": "stream", "name": "stdout", "text": "fitted"}


def notebook(*sources: str, outputs: tuple[Any, ...] = ()) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": source,
            "outputs": list(outputs),
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells}


class Notebook:
    """A notebook in a store, and runs of it."""

    def __init__(self, store: Store, path: str = "a.ipynb") -> None:
        self.store = store
        self.notebook_id = store.notebooks.resolve(path).notebook_id

    def run(self, content: dict[str, Any] | None, *, experiment: str = "0", **tags: str) -> Run:
        """A run of the notebook as it stands, with the tags that tell its code."""
        tags = {"nbruns.notebook": self.notebook_id} | {
            k.replace("_", "."): v for k, v in tags.items()
        }
        run = self.store.runs.create(experiment, tags=tags)
        if content is not None:
            self.capture(run, content)
        return self.store.runs.get(run.run_id)

    def capture(
        self, run: Run, content: dict[str, Any], moment: Any = "start", by: Any = "browser"
    ) -> None:
        self.store.revisions.capture(
            self.notebook_id, content, path="a.ipynb", method=by, run_id=run.run_id, moment=moment
        )
        self.store.run_code.tag(run.run_id)


@pytest.fixture
def ours(store: Store) -> Notebook:
    return Notebook(store)


def change(run: Run) -> str | None:
    return run.tags.get("nbruns.code_change")


def test_a_first_run_has_a_code_and_no_change(ours: Notebook) -> None:  # N1
    run = ours.run(notebook("x = 1"))

    assert len(run.tags["nbruns.code"]) == 32
    assert change(run) is None


def test_equal_code_is_unchanged_whatever_it_printed(ours: Notebook) -> None:
    first = ours.run(notebook("x = 1"))
    second = ours.run(notebook("x = 1", outputs=(TEXT,)))

    assert second.tags["nbruns.code"] == first.tags["nbruns.code"]
    assert change(second) == "unchanged"


def test_what_was_edited_is_told_by_cell(ours: Notebook) -> None:
    ours.run(notebook("x = 1", "y = 2", "z = 3"))

    assert (
        change(ours.run(notebook("x = 1", "y = 3", "z = 3", "w = 4"))) == "cell 2 edited, 1 added"
    )


def test_the_code_is_the_start_s_and_the_revision_shown_may_be_the_end_s(ours: Notebook) -> None:
    run = ours.run(notebook("x = 1"))
    ours.capture(run, notebook("x = 1", outputs=(TEXT,)), "end")
    ended = ours.store.runs.get(run.run_id)

    assert ended.tags["nbruns.revision"] != run.tags["nbruns.revision"]
    assert ended.tags["nbruns.code"] == run.tags["nbruns.code"]
    assert change(ours.run(notebook("x = 1"))) == "unchanged"


def test_the_live_document_corrects_what_was_put_together_without_it(ours: Notebook) -> None:
    ours.run(notebook("x = 1"))
    run = ours.run(None)
    ours.capture(run, notebook("x = 2"), by="file")
    assert change(ours.store.runs.get(run.run_id)) == "cell 1 edited"

    ours.capture(run, notebook("x = 1"))
    assert change(ours.store.runs.get(run.run_id)) == "unchanged"


def test_nested_runs_leave_it_to_their_parent(ours: Notebook) -> None:
    parent = ours.run(notebook("x = 1"))
    child = ours.run(notebook("x = 2"), mlflow_parentRunId=parent.run_id)

    assert "nbruns.code" in child.tags
    assert change(child) is None
    assert change(ours.run(notebook("x = 1"))) == "unchanged"


def test_the_run_before_may_lie_in_another_experiment_and_is_never_deleted(
    ours: Notebook, store: Store
) -> None:
    other = store.experiments.create("other").experiment_id
    ours.run(notebook("x = 1"), experiment=other)
    deleted = ours.run(notebook("x = 2"))
    store.runs.delete(deleted.run_id)
    Notebook(store, "b.ipynb").run(notebook("x = 3"))

    assert change(ours.run(notebook("x = 1"))) == "unchanged"


def test_without_a_revision_before_there_is_nothing_to_tell(ours: Notebook) -> None:
    first = ours.run(notebook("x = 1"))
    ours.store.revisions.purge(first.tags["nbruns.revision"])
    assert change(ours.run(notebook("x = 1"))) is None

    ours.run(None)
    assert change(ours.run(notebook("x = 1"))) is None


def test_a_run_without_a_revision_is_left_alone(ours: Notebook) -> None:
    run = ours.run(None)
    ours.store.run_code.tag(run.run_id)

    assert ours.store.runs.get(run.run_id) == run


@pytest.mark.parametrize("other", [{}, {"mlflow_source_name": "b.py"}])
def test_a_script_s_run_follows_the_last_of_the_same_script(
    store: Store, other: dict[str, str]
) -> None:
    def made(experiment: str, **tags: str) -> str:
        tags = {key.replace("_", "."): value for key, value in tags.items()}
        return store.runs.create(experiment, tags=tags).run_id

    first = made("0", mlflow_source_name="a.py")
    made("0", **other)
    made("0", mlflow_source_name="a.py", mlflow_parentRunId=first)
    made(store.experiments.create("else").experiment_id, mlflow_source_name="a.py")
    second = made("0", mlflow_source_name="a.py")

    assert store.predecessors.find(second) == first
    assert store.predecessors.find(first) is None


def test_a_nested_run_follows_its_sibling(ours: Notebook, store: Store) -> None:
    parent = ours.run(None)
    first, second = (ours.run(None, mlflow_parentRunId=parent.run_id) for _ in range(2))

    assert store.predecessors.find(second.run_id) == first.run_id
    assert store.predecessors.find(first.run_id) is None
    assert store.predecessors.find("no such run") is None


def test_the_run_before_is_found_by_index_among_very_many(ours: Notebook, store: Store) -> None:
    first = ours.run(None)
    with store.db.atomic():
        for _ in range(3_000):
            ours.run(None, mlflow_parentRunId=first.run_id)
        runs = [ours.run(None) for _ in range(3_000)]

    plans = [
        row[3]
        for query in (predecessors._OF_NOTEBOOK, predecessors._SIBLING)
        for row in store.db.conn.execute(f"explain query plan {query}", {"value": "x", "number": 1})
    ]
    assert not [step for step in plans if step.startswith("SCAN") or "TEMP B-TREE" in step]
    began = time.perf_counter()
    found = [store.predecessors.find(run.run_id) for run in runs[-100:]]
    assert found == [run.run_id for run in runs[-101:-1]]
    assert (time.perf_counter() - began) / 100 < 0.005


def test_a_long_path_is_a_script_s_name_too(store: Store) -> None:
    tags = {"mlflow.source.name": "/deep" * 60}
    first, second = (store.runs.create("0", tags=tags).run_id for _ in range(2))

    assert store.predecessors.find(second) == first
