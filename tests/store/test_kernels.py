"""Kernels: whom they serve, what they executed, what they left open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nbruns.errors import NotFound
from nbruns.records import ExecutedCell, Run
from nbruns.store import Store
from nbruns.store.database import Database
from nbruns.store.migrations import migrate
from nbruns.store.schema import MIGRATIONS

CELL = ExecutedCell("k", 1, "c1", "a = 1", started_ms=10, session_ms=5, position=1)


def test_a_kernel_serves_the_notebook_bound_last(store: Store, tmp_path: Path) -> None:
    first = store.notebooks.resolve(str(tmp_path / "a.ipynb"))
    second = store.notebooks.resolve(str(tmp_path / "b.ipynb"))
    store.kernels.bind("k", first.notebook_id, first.path)
    store.kernels.bind("k", second.notebook_id, second.path)

    assert store.kernels.get("k").notebook_id == second.notebook_id
    store.notebooks.rename(second.path, str(tmp_path / "c.ipynb"))
    assert store.kernels.get("k").path == str(tmp_path / "c.ipynb")


def test_a_kernel_may_serve_several_notebooks(store: Store, tmp_path: Path) -> None:
    one = store.notebooks.resolve(str(tmp_path / "a.ipynb"), cell_ids=["a", "both"])
    two = store.notebooks.resolve(str(tmp_path / "b.ipynb"), cell_ids=["b", "both", "c"])
    ids = [one.notebook_id, two.notebook_id]

    store.kernels.serve("k", ids, two.path)
    assert sorted(store.kernels.served("k")) == sorted(ids)
    assert store.kernels.get("k").notebook_id == two.notebook_id
    assert store.notebooks.holding("a", ids) == [one.notebook_id]
    assert sorted(store.notebooks.holding("both", ids)) == sorted(ids)

    store.kernels.serve("k", ids[:1], one.path)
    assert store.kernels.served("k") == []
    assert store.kernels.get("k").notebook_id == one.notebook_id


def test_a_file_of_kernels_with_one_notebook_each_goes_on(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[:6])
    db.conn.execute("insert into kernels (kernel_id, path, started_ms) values ('k', 'a', 1)")
    db.close()

    store = Store.open(home)
    one = store.notebooks.resolve(str(home / "a.ipynb"))
    two = store.notebooks.resolve(str(home / "b.ipynb"))
    store.kernels.serve("k", [one.notebook_id, two.notebook_id], two.path)

    assert len(store.kernels.served("k")) == 2
    assert store.kernels.get("k").started_ms == 1
    store.close()


def test_a_kernel_ends_and_may_begin_again(store: Store) -> None:
    store.kernels.bind("k", None, None)
    store.kernels.end("k")
    assert store.kernels.get("k").ended_ms is not None

    store.kernels.bind("k", None, None)
    assert store.kernels.get("k").ended_ms is None


def test_an_unknown_kernel_is_not_found(store: Store) -> None:
    assert store.kernels.find("k") is None
    with pytest.raises(NotFound):
        store.kernels.get("k")


def test_an_execution_is_brought_up_to_date(store: Store) -> None:
    store.kernels.record_cell(CELL)
    ended = replace(CELL, took_ms=7, outcome="ok")
    store.kernels.record_cells([ended, replace(CELL, position=2, source="\ud800")])

    assert store.kernels.executed("k") == [ended, replace(CELL, position=2, source="\ud800")]


def test_processes_of_one_kernel_are_told_apart(store: Store) -> None:
    later = replace(CELL, session_ms=99)
    store.kernels.record_cells([later, CELL])

    assert store.kernels.executed("k") == [CELL, later]
    assert store.kernels.executed("k", session_ms=99) == [later]


def test_the_runs_a_kernel_left_open_are_known(store: Store, run: Run) -> None:
    assert store.kernels.open_runs("k") == []
    store.runs.set_tags(run.run_id, {"nbruns.kernel": "k"})
    assert store.kernels.open_runs("k") == [run.run_id]

    store.runs.update(run.run_id, status="FINISHED")
    assert store.kernels.open_runs("k") == []
