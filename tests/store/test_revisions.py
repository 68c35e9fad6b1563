"""Revisions give back what was captured, and keep what is equal once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from nbruns.errors import NotFound
from nbruns.records import Notebook, Run
from nbruns.store import Store


def notebook_of(*sources: str, outputs: list[Any] | None = None) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": source,
            "outputs": outputs or [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells}


@pytest.fixture
def notebook(store: Store, tmp_path: Path) -> Notebook:
    return store.notebooks.resolve(str(tmp_path / "churn.ipynb"))


def capture(store: Store, notebook: Notebook, content: Any, **more: Any) -> Any:
    settings = {"path": notebook.path, "method": "browser", **more}
    return store.revisions.capture(notebook.notebook_id, content, **settings)


def test_a_revision_holds_the_notebook_as_it_stood(store: Store, notebook: Notebook) -> None:
    content = notebook_of("a = 1", "a" * 5_000)

    revision = capture(store, notebook, content)

    assert store.revisions.content(revision.revision_id) == content
    assert store.revisions.get(revision.revision_id) == revision
    assert (revision.method, revision.cell_count) == ("browser", 2)


def test_equal_content_is_one_revision(store: Store, notebook: Notebook) -> None:
    first = capture(store, notebook, notebook_of("a"))

    assert capture(store, notebook, notebook_of("a")) == first
    assert capture(store, notebook, notebook_of("b")) != first


def test_revisions_come_newest_first_page_by_page(store: Store, notebook: Notebook) -> None:
    ids = [capture(store, notebook, notebook_of(str(n))).revision_id for n in range(5)]

    first = store.revisions.search(notebook.notebook_id, limit=3)
    second = store.revisions.search(notebook.notebook_id, limit=3, token=first.next_token)

    assert [one.revision_id for one in (*first.items, *second.items)] == ids[::-1]
    assert second.next_token is None


def test_the_first_browser_counts(store: Store, notebook: Notebook, run: Run) -> None:
    first = capture(store, notebook, notebook_of("a"), run_id=run.run_id)
    second = capture(store, notebook, notebook_of("b"), run_id=run.run_id)

    assert second.revision_id == first.revision_id
    kept = store.revisions.of_run(run.run_id)
    assert kept is not None
    assert kept.revision_id == first.revision_id


def test_a_browser_replaces_what_was_made_without_it(
    store: Store, notebook: Notebook, run: Run
) -> None:
    made = capture(store, notebook, notebook_of("a"), run_id=run.run_id, method="executed")
    live = capture(store, notebook, notebook_of("b"), run_id=run.run_id)
    late = capture(store, notebook, notebook_of("c"), run_id=run.run_id, method="executed")

    assert (late.revision_id, late.method) == (live.revision_id, "browser")
    with pytest.raises(NotFound):
        store.revisions.get(made.revision_id)


def test_the_end_adds_the_outputs(store: Store, notebook: Notebook, run: Run) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "done"}
    capture(store, notebook, notebook_of("a"), run_id=run.run_id)
    end = capture(
        store, notebook, notebook_of("a", outputs=[output]), run_id=run.run_id, moment="end"
    )

    assert store.revisions.of_run(run.run_id) == end


def test_an_edit_during_the_run_is_not_what_ran(store: Store, notebook: Notebook, run: Run) -> None:
    start = capture(store, notebook, notebook_of("a"), run_id=run.run_id)
    capture(store, notebook, notebook_of("edited"), run_id=run.run_id, moment="end")

    assert store.revisions.of_run(run.run_id) == start


def test_a_purged_revision_leaves_nothing_of_its_own(store: Store, notebook: Notebook) -> None:
    kept = capture(store, notebook, notebook_of("shared", "kept"))
    gone = capture(store, notebook, notebook_of("shared", "secret"))

    store.revisions.purge(gone.revision_id)

    assert store.revisions.content(kept.revision_id) == notebook_of("shared", "kept")
    texts = [row[0] for row in store.db.conn.execute("select data from contents")]
    assert not any(b"secret" in text for text in texts)
    with pytest.raises(NotFound):
        store.revisions.content(gone.revision_id)


def test_200_runs_of_a_megabyte_take_less_than_five(store: Store, notebook: Notebook) -> None:
    chance = random.Random(1)
    sources = [chance.randbytes(5_000).hex() for _ in range(100)]
    for number in range(200):
        sources[number % 100] += f"\nx = {number}"
        capture(store, notebook, notebook_of(*sources))

    store.db.conn.execute("vacuum")
    store.db.conn.execute("pragma wal_checkpoint(truncate)")
    assert (store.home / "nbruns.db").stat().st_size < 5_000_000
