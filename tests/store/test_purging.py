"""What was purged is gone: from the shelves, from the tags, from the bytes of the files."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from nbruns.notebooks import canonical
from nbruns.records import ExecutedCell, Notebook, Revision, Run
from nbruns.store import Store

SHORT = "password = 'hunter2'"
LONG = "\n".join(f"key_{n} = 'c0ffee{n * 7919}'" for n in range(3_000))


def notebook_of(*sources: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": metadata or {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells}


@pytest.fixture
def notebook(store: Store, tmp_path: Path) -> Notebook:
    # Debian's SQLite overwrites what it deletes by itself; most others do not.
    store.db.conn.execute("pragma secure_delete = 0")
    return store.notebooks.resolve(str(tmp_path / "churn.ipynb"))


def capture(store: Store, notebook: Notebook, content: Any, **more: Any) -> Revision:
    settings = {"path": notebook.path, "method": "browser", **more}
    return store.revisions.capture(notebook.notebook_id, content, **settings)


def execute(store: Store, kernel_id: str, *sources: str, has_ids: bool = True) -> None:
    store.kernels.record_cells(
        ExecutedCell(kernel_id, n + 1, f"c{n}" if has_ids else None, source, 1, 1, "ok", 1, n)
        for n, source in enumerate(sources)
    )


def executed(store: Store, kernel_id: str = "k") -> list[str]:
    return [cell.source for cell in store.kernels.executed(kernel_id)]


def stored(store: Store) -> bytes:
    """Every byte that lies in the files of the database."""
    return b"".join(file.read_bytes() for file in store.home.glob("nbruns.db*"))


def traces(source: str) -> list[bytes]:
    """How a cell's text may lie in a file: plain or compressed, over pages of 4 KB."""
    plain = [canonical.split(notebook_of(source)).cells[0].cell, source.encode()]
    pieces = [*plain, *(zlib.compress(one, 6) for one in plain)]
    chunks = [one[start : start + 500] for one in pieces for start in range(0, len(one), 500)]
    return [chunk for chunk in chunks if len(chunk) >= 16]


def left(store: Store, source: str) -> int:
    """How many traces of a text lie in the files."""
    bytes_there = stored(store)
    return sum(trace in bytes_there for trace in traces(source))


@pytest.mark.parametrize("secret", [SHORT, LONG])
def test_no_byte_of_a_purged_text_is_left(
    store: Store, notebook: Notebook, run: Run, secret: str
) -> None:
    store.kernels.bind("k", notebook.notebook_id, notebook.path)
    execute(store, "k", secret, "fine")
    content = notebook_of(secret, "fine")
    made = capture(store, notebook, notebook_of(secret), run_id=run.run_id, method="file")
    gone = capture(store, notebook, content, run_id=run.run_id)
    capture(store, notebook, notebook_of("elsewhere", "fine"))
    store.db.conn.execute("pragma wal_checkpoint(passive)")
    assert made.revision_id != gone.revision_id
    assert left(store, secret) > 0

    store.revisions.purge(gone.revision_id)

    assert left(store, secret) == 0
    assert executed(store) == ["fine"]
    assert (store.home / "nbruns.db-wal").stat().st_size == 0
    assert store.db.conn.execute("pragma secure_delete").fetchone() == (0,)
    assert store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_text_that_another_revision_holds_stays_on_record(
    store: Store, notebook: Notebook
) -> None:
    store.kernels.bind("k", notebook.notebook_id, notebook.path)
    execute(store, "k", "shared", SHORT)
    kept = capture(store, notebook, notebook_of("shared", metadata={"tags": ["x"]}))
    gone = capture(store, notebook, notebook_of("shared", SHORT))

    store.revisions.purge(gone.revision_id)

    assert executed(store) == ["shared"]
    assert store.revisions.content(kept.revision_id)["cells"][0]["source"] == "shared"


def test_a_text_that_the_copy_of_a_notebook_holds_stays_on_record(
    store: Store, notebook: Notebook, tmp_path: Path
) -> None:
    store.kernels.bind("k", notebook.notebook_id, notebook.path)
    execute(store, "k", SHORT)
    gone = capture(store, notebook, notebook_of(SHORT))
    capture(store, store.notebooks.resolve(str(tmp_path / "copy.ipynb")), notebook_of(SHORT))

    store.revisions.purge(gone.revision_id)

    assert executed(store) == [SHORT]


def test_kernels_of_other_notebooks_keep_their_record(
    store: Store, notebook: Notebook, tmp_path: Path
) -> None:
    other = store.notebooks.resolve(str(tmp_path / "other.ipynb"))
    store.kernels.bind("other", other.notebook_id, other.path)
    execute(store, "other", SHORT)

    store.revisions.purge(capture(store, notebook, notebook_of(SHORT)).revision_id)

    assert executed(store, "other") == [SHORT]


def test_the_kernel_of_its_run_forgets_even_without_cell_ids(
    store: Store, notebook: Notebook, run: Run
) -> None:
    execute(store, "k", SHORT, has_ids=False)
    store.runs.set_tags(run.run_id, {"nbruns.kernel": "k"})
    gone = capture(store, notebook, notebook_of(SHORT), run_id=run.run_id)

    store.revisions.purge(gone.revision_id)

    assert executed(store) == []


def test_a_run_whose_only_revision_is_purged_names_none(
    store: Store, notebook: Notebook, run: Run
) -> None:
    gone = capture(store, notebook, notebook_of("a"), run_id=run.run_id)
    store.runs.set_tags(run.run_id, {"nbruns.revision": gone.revision_id})

    store.revisions.purge(gone.revision_id)

    assert "nbruns.revision" not in store.runs.get(run.run_id).tags


def test_a_run_names_the_other_revision_it_has(store: Store, notebook: Notebook, run: Run) -> None:
    start = capture(store, notebook, notebook_of("a"), run_id=run.run_id)
    end = capture(store, notebook, notebook_of("b"), run_id=run.run_id, moment="end")
    store.runs.set_tags(run.run_id, {"nbruns.revision": start.revision_id})

    store.revisions.purge(start.revision_id)

    assert store.runs.get(run.run_id).tags["nbruns.revision"] == end.revision_id


def test_while_another_program_reads_the_log_is_left(store: Store) -> None:
    other = Store.open(store.home)
    other.db.conn.execute("begin")
    other.db.conn.execute("select * from runs").fetchall()
    store.experiments.create("later")

    assert not store.db.empty_log(patience_s=0.05)
    other.db.conn.execute("commit")
    other.close()
    assert store.db.empty_log(patience_s=0.05)
