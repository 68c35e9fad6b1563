"""Which run a run is nested in: the number follows the tag, where a list can show it."""

from __future__ import annotations

from pathlib import Path

from nbruns.records import ListColumns, Run
from nbruns.store import Store
from nbruns.store.database import Database
from nbruns.store.migrations import migrate
from nbruns.store.run_parents import PARENT_TAG
from nbruns.store.schema import MIGRATIONS, m005_run_list


def child_of(store: Store, parent: Run, experiment_id: str = "0") -> Run:
    return store.runs.create(experiment_id, name="child", tags={PARENT_TAG: parent.run_id})


def parent_of(store: Store, run: Run) -> str | None:
    """The id of the run that a list shows a run under."""
    row = store.db.conn.execute(
        "select p.run_id from runs r join runs p on p.run_number = r.parent_number "
        "where r.run_id = ?",
        (run.run_id,),
    ).fetchone()
    return None if row is None else str(row[0])


def test_the_tag_puts_a_run_under_its_parent_and_its_removal_takes_it_out(
    store: Store, run: Run
) -> None:
    child = child_of(store, run)
    assert parent_of(store, child) == run.run_id

    store.runs.delete_tag(child.run_id, PARENT_TAG)
    assert parent_of(store, child) is None


def test_a_run_leaves_a_parent_that_is_deleted_and_returns_with_it(store: Store, run: Run) -> None:
    child = child_of(store, run)
    store.runs.delete(run.run_id)
    assert parent_of(store, child) is None

    store.runs.restore(run.run_id)
    assert parent_of(store, child) == run.run_id


def test_a_parent_elsewhere_is_none(store: Store, run: Run) -> None:
    other = store.experiments.create("other").experiment_id

    assert parent_of(store, child_of(store, run, other)) is None


def test_runs_nested_in_a_ring_hang_from_the_one_that_closed_it(store: Store, run: Run) -> None:
    child = child_of(store, run)
    store.runs.set_tags(run.run_id, {PARENT_TAG: child.run_id})
    store.runs.set_tags(run.run_id, {PARENT_TAG: run.run_id})

    assert (parent_of(store, run), parent_of(store, child)) == (None, run.run_id)


def test_a_deleted_parent_takes_its_children_up_when_the_experiment_comes_back(
    store: Store, run: Run
) -> None:
    experiment_id = store.experiments.create("swept").experiment_id
    parent = store.runs.create(experiment_id, name="parent")
    child = child_of(store, parent, experiment_id)
    store.runs.delete(parent.run_id)
    store.experiments.delete(experiment_id)
    store.experiments.restore(experiment_id)

    assert parent_of(store, child) == parent.run_id


def test_runs_of_a_file_from_before_are_put_under_their_parents(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[: MIGRATIONS.index(m005_run_list)])
    parents = {"a": None, "b": "a", "c": "b", "x": "y", "y": "x", "z": "nowhere"}
    for number, (run_id, parent) in enumerate(parents.items(), start=1):
        db.conn.execute(
            "insert into runs (run_number, run_id, experiment_id, name, user, started_ms, "
            "artifact_uri) values (?, ?, 0, '', '', 0, '')",
            (number, run_id),
        )
        if parent:
            db.conn.execute("insert into tags values (?, ?, ?)", (number, PARENT_TAG, parent))
    db.close()

    store = Store.open(home)
    rows, _ = store.listing.folded(
        "0", (), ListColumns(), first=0, count=50, expanded=list("abcxyz")
    )
    found = {row.run.run_id: row.depth for row in rows}
    assert found == {"a": 0, "b": 1, "c": 2, "x": 0, "y": 0, "z": 0}
    store.close()
