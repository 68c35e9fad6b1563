"""Notebooks keep their experiment through moves; copies get their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbruns.errors import NotFound
from nbruns.store import Store

CELLS = ["a", "b", "c"]


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> Path:
    """The folder relative paths start from, as a server has one."""
    store.notebooks.root = tmp_path / "work"
    store.notebooks.root.mkdir()
    return store.notebooks.root


def put(folder: Path, path: str) -> str:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("{}")
    return path


def test_a_notebook_met_twice_is_one(store: Store, folder: Path) -> None:
    first = store.notebooks.resolve(put(folder, "churn.ipynb"), cell_ids=CELLS)

    assert store.notebooks.resolve("churn.ipynb", cell_ids=["z"]) == first
    assert store.notebooks.find_by_path("churn.ipynb") == first
    assert store.notebooks.get(first.notebook_id).path == "churn.ipynb"


def test_a_server_rooted_at_the_root_hands_out_relative_paths(store: Store) -> None:
    store.notebooks.root = Path("/")

    assert store.notebooks.resolve("work/churn.ipynb").path == "work/churn.ipynb"


def test_equal_paths_below_different_folders_are_two(store: Store, tmp_path: Path) -> None:
    store.notebooks.root = tmp_path / "one"
    one = store.notebooks.resolve("Untitled.ipynb")
    store.notebooks.root = tmp_path / "two"

    assert store.notebooks.find_by_path("Untitled.ipynb") is None
    assert store.notebooks.resolve("Untitled.ipynb").notebook_id != one.notebook_id


def test_an_experiment_bears_the_file_s_name(store: Store, folder: Path) -> None:  # F2
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"))

    experiment = store.notebooks.experiment(notebook.notebook_id)

    assert experiment.name == "churn"
    assert experiment.tags["nbruns.notebook"] == notebook.notebook_id
    assert store.notebooks.experiment(notebook.notebook_id) == experiment
    found = store.notebooks.find_by_experiment(experiment.experiment_id)
    assert found is not None
    assert found.notebook_id == notebook.notebook_id


def test_a_taken_name_is_told_apart_by_its_folder(store: Store, folder: Path) -> None:
    names = [
        store.notebooks.experiment(store.notebooks.resolve(put(folder, path)).notebook_id).name
        for path in ("churn.ipynb", "q/churn.ipynb", "p/q/churn.ipynb")
    ]

    assert names == ["churn", "q/churn", "p/q/churn"]


def test_a_rename_keeps_the_experiment_and_renames_it(store: Store, folder: Path) -> None:
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"), cell_ids=CELLS)
    experiment = store.notebooks.experiment(notebook.notebook_id)
    (folder / "churn.ipynb").rename(folder / "leavers.ipynb")

    store.notebooks.rename("churn.ipynb", "leavers.ipynb")

    found = store.notebooks.resolve("leavers.ipynb", cell_ids=CELLS)
    assert found.notebook_id == notebook.notebook_id
    assert found.experiment_id == experiment.experiment_id
    assert store.experiments.get(experiment.experiment_id).name == "leavers"


def test_a_name_somebody_gave_stays(store: Store, folder: Path) -> None:
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"))
    experiment = store.notebooks.experiment(notebook.notebook_id)
    store.experiments.rename(experiment.experiment_id, "The churn study")

    store.notebooks.rename("churn.ipynb", "leavers.ipynb")

    assert store.experiments.get(experiment.experiment_id).name == "The churn study"


def test_a_renamed_folder_takes_its_notebooks_along(store: Store, folder: Path) -> None:
    inside = store.notebooks.resolve(put(folder, "p/q/a.ipynb"))
    beside = store.notebooks.resolve(put(folder, "pq.ipynb"))

    store.notebooks.rename("p", "r")

    assert store.notebooks.get(inside.notebook_id).path == "r/q/a.ipynb"
    assert store.notebooks.get(beside.notebook_id).path == "pq.ipynb"


def test_an_experiment_named_by_its_folder_follows_the_folder(store: Store, folder: Path) -> None:
    store.notebooks.experiment(store.notebooks.resolve(put(folder, "churn.ipynb")).notebook_id)
    inside = store.notebooks.resolve(put(folder, "p/churn.ipynb"))
    experiment = store.notebooks.experiment(inside.notebook_id)
    assert experiment.name == "p/churn"

    store.notebooks.rename("p", "r")

    assert store.experiments.get(experiment.experiment_id).name == "r/churn"


def test_two_notebooks_that_change_places_stay_themselves(store: Store, folder: Path) -> None:
    one = store.notebooks.resolve(put(folder, "a.ipynb"), file_id="1", cell_ids="abc")
    other = store.notebooks.resolve(put(folder, "b.ipynb"), file_id="2", cell_ids="xyz")

    at_a = store.notebooks.resolve("a.ipynb", file_id="2", cell_ids="xyz")
    at_b = store.notebooks.resolve("b.ipynb", file_id="1", cell_ids="abc")

    assert (at_a.notebook_id, at_b.notebook_id) == (other.notebook_id, one.notebook_id)
    assert store.notebooks.find_by_path("b.ipynb") == at_b


def test_a_new_notebook_under_the_name_of_a_deleted_one_is_another(
    store: Store, folder: Path
) -> None:
    first = store.notebooks.resolve(put(folder, "Untitled.ipynb"), cell_ids=CELLS)
    store.notebooks.forget_file("Untitled.ipynb")

    second = store.notebooks.resolve("Untitled.ipynb", is_blank=True)

    assert second.notebook_id != first.notebook_id
    assert store.notebooks.find_by_path("Untitled.ipynb") == second


def test_a_move_outside_jupyter_is_known_by_the_cells(store: Store, folder: Path) -> None:
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"), cell_ids=CELLS)
    experiment = store.notebooks.experiment(notebook.notebook_id)
    (folder / "churn.ipynb").rename(folder / "moved.ipynb")

    found = store.notebooks.resolve("moved.ipynb", cell_ids=[*CELLS, "d"])

    assert found.notebook_id == notebook.notebook_id
    assert store.experiments.get(experiment.experiment_id).name == "moved"


def test_a_copy_is_another_notebook_that_says_of_which(store: Store, folder: Path) -> None:
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"), cell_ids=CELLS)
    revision = store.revisions.capture(
        notebook.notebook_id, {"cells": []}, path="churn.ipynb", method="file"
    )

    copy = store.notebooks.resolve(put(folder, "churn-Copy1.ipynb"), cell_ids=CELLS)

    assert copy.forked_from == notebook.notebook_id
    assert copy.forked_revision == revision.revision_id
    experiment = store.notebooks.experiment(copy.notebook_id)
    assert experiment.name == "churn-Copy1"
    assert experiment.tags["nbruns.forked_from"] == "churn.ipynb"
    assert experiment.tags["nbruns.forked_revision"] == revision.revision_id


def test_of_notebooks_alike_the_one_that_was_copied_is_told(store: Store, folder: Path) -> None:
    first = store.notebooks.resolve(put(folder, "a.ipynb"), cell_ids=CELLS)
    second = store.notebooks.resolve(put(folder, "b.ipynb"), cell_ids=CELLS)

    store.notebooks.copied("b.ipynb", put(folder, "c.ipynb"))
    store.notebooks.copied("a.ipynb", put(folder, "d.ipynb"))
    store.notebooks.copied("unknown.ipynb", "e.ipynb")
    store.notebooks.copied("a.ipynb", "b.ipynb")

    forks = [store.notebooks.resolve(f"{name}.ipynb", cell_ids=CELLS) for name in "cd"]
    assert [one.forked_from for one in forks] == [second.notebook_id, first.notebook_id]
    assert store.notebooks.find_by_path("e.ipynb") is None
    assert store.notebooks.resolve("b.ipynb", cell_ids=CELLS) == second


def test_a_deleted_notebook_is_the_same_when_it_comes_back(store: Store, folder: Path) -> None:
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"), cell_ids=CELLS)

    store.notebooks.forget_file("churn.ipynb")

    assert (
        store.notebooks.resolve("churn.ipynb", cell_ids=["n"]).notebook_id != notebook.notebook_id
    )
    assert (
        store.notebooks.resolve("churn.ipynb", cell_ids=CELLS).notebook_id == notebook.notebook_id
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [("train.py", "train"), ("churn/__main__.py", "churn"), ("churn/train.py", "train")],
)
def test_a_script_has_an_experiment_and_is_no_notebook(
    store: Store, folder: Path, path: str, name: str
) -> None:
    script = store.notebooks.resolve(put(folder, path))

    experiment = store.notebooks.experiment(script.notebook_id)

    assert (experiment.name, experiment.tags) == (name, {})
    assert store.notebooks.resolve(path) == store.notebooks.get(script.notebook_id)
    assert store.notebooks.all() == []


def test_a_deleted_experiment_is_followed_by_another(store: Store, folder: Path) -> None:
    notebook = store.notebooks.resolve(put(folder, "churn.ipynb"))
    first = store.notebooks.experiment(notebook.notebook_id)
    store.experiments.delete(first.experiment_id)

    second = store.notebooks.experiment(notebook.notebook_id)

    assert (second.stage, second.name != first.name) == ("active", True)


def test_an_unknown_id_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        store.notebooks.get("nobody")
