"""A notebook's past from Python, on a real store and real files, with no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_kernel import NotebookKernel, code_cell

import nbruns
from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from nbruns.identity import user_name
from nbruns.records import Run
from nbruns.store import Store

SECRET = "open-sesame-is-the-password"


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}


def texts(path: str | Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(Path(path).read_text())["cells"]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A notebook's file, with newer text than the run's revision and a secret."""
    path = tmp_path / "work" / "churn.ipynb"
    path.parent.mkdir()
    cells = [code_cell("a", "rate = 0.5"), code_cell("b", "fit(rate)\nshow()")]
    secret = code_cell("s", f"key = '{SECRET}'", "nbruns-skip")
    path.write_text(json.dumps(notebook(*cells, secret)))
    return path


@pytest.fixture
def kept(
    home: Path, store: Store, run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> nbruns.revisions.NotebookRevision:
    """The run's revision as a notebook gets it."""
    monkeypatch.setenv("NBRUNS_HOME", str(home))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nbruns:")
    found = store.notebooks.resolve(str(file), cell_ids=["a", "b", "s"])
    content = notebook(code_cell("a", "rate = 0.1"), code_cell("b", "fit(rate)\nshow()"))
    store.revisions.capture(
        found.notebook_id, content, path=str(file), method="browser", run_id=run.run_id
    )
    return nbruns.revisions.of_run(run.run_id)[0]


def test_revisions_are_found_by_notebook_by_run_and_by_id(kept: Any, run: Run, file: Path) -> None:
    (listed,) = nbruns.revisions.of_notebook(file)

    assert listed.revision_id == kept.revision_id
    assert nbruns.revisions.get(kept.revision_id).content == kept.content
    assert listed.runs == ("first",)
    assert kept.content["cells"][0]["source"] == "rate = 0.1"
    assert "first" in nbruns.revisions.of_notebook(file)._repr_html_()
    assert kept.revision_id in repr(kept)


# F4 F5
def test_the_difference_with_the_file_is_a_page_that_suits_dark_themes(kept: Any) -> None:
    found = kept.diff()

    assert found.words == "cell 1 edited, 1 added"
    assert "churn.ipynb now: cell 1 edited" in repr(found)
    page = found._repr_html_()
    assert "<ins>5</ins>" in page
    assert "<del>1</del>" in page
    assert "var(--jp-content-font-color1" in page
    assert SECRET not in page


# F5 F13 N8
def test_a_restored_file_can_be_got_back_and_keeps_its_secret(
    kept: Any, file: Path, store: Store
) -> None:
    before = texts(file)

    assert kept.restore(comment="better then") == str(file)

    assert texts(file) == ["rate = 0.1", "fit(rate)\nshow()", f"key = '{SECRET}'"]
    assert json.loads(file.read_text())["cells"][1]["source"] == ["fit(rate)\n", "show()"]
    nbformat.validate(json.loads(file.read_text()))
    safe = nbruns.revisions.of_notebook(file)[0]
    assert safe.runs == ()
    assert [cell["source"] for cell in safe.content["cells"]] == [*before[:2], ""]
    safe.restore()
    assert texts(file) == before
    first = store.activity.search().items[-1]
    assert (first.action, first.user, first.comment) == ("restored", user_name(), "better then")
    assert first.before == safe.revision_id
    files = Path(store.db.path).parent.glob("nbruns.db*")
    assert not any(SECRET.encode() in one.read_bytes() for one in files)


def test_a_restore_goes_through_a_link_and_leaves_the_file_its_rights(
    kept: Any, file: Path, tmp_path: Path
) -> None:
    real = tmp_path / "elsewhere.ipynb"
    file.rename(real)
    real.chmod(0o640)
    file.symlink_to(real)

    kept.restore()

    assert file.is_symlink()
    assert texts(real)[0] == "rate = 0.1"
    assert real.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.glob("*.nbruns")] == []


def test_a_copy_takes_nobodys_place(kept: Any, file: Path, store: Store) -> None:
    with pytest.raises(AlreadyExists, match=r"churn\.ipynb"):
        kept.save_copy(file)

    path = kept.save_copy(file.with_name("then.ipynb"))

    assert texts(path) == ["rate = 0.1", "fit(rate)\nshow()"]
    assert [(one.action, one.after) for one in store.activity.search().items] == [("copied", path)]


# F13
def test_a_purged_revision_is_gone(kept: Any, store: Store) -> None:
    kept.purge(comment="had a key in it")

    with pytest.raises(NotFound):
        nbruns.revisions.get(kept.revision_id)
    assert store.activity.search().items[0].comment == "had a key in it"


def test_what_cannot_be_done_is_said_and_nothing_is_touched(
    kept: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("{ not a notebook")

    with pytest.raises(InvalidState, match="cannot be read as a notebook"):
        kept.restore()
    assert file.read_text() == "{ not a notebook"
    with pytest.raises(InvalidState, match="no folder"):
        kept.restore(file.parent / "nowhere" / "x.ipynb")
    with pytest.raises(InvalidValue, match=r"ends with \.ipynb"):
        kept.restore(file.with_name("x.py"))
    with pytest.raises(NotFound, match="another"):
        nbruns.revisions.of_notebook(file.with_name("another.ipynb"))
    with pytest.raises(InvalidState, match="name one by its path"):
        nbruns.revisions.of_notebook()
    monkeypatch.setattr("mlflow.get_tracking_uri", lambda: "http://far.example/nbruns")
    with pytest.raises(InvalidState, match=r"http://far\.example"):
        nbruns.revisions.of_notebook(file)


# F4 F5
def test_a_notebook_asks_for_its_own_past(kernel: NotebookKernel) -> None:
    kernel.save(code_cell("a", "import mlflow\nwith mlflow.start_run(): pass"))
    kernel.run("import mlflow\nwith mlflow.start_run(): pass", cell="a")
    assert kernel.revision(kernel.runs()[0]) is not None

    said = kernel.run("import nbruns\nprint(len(nbruns.revisions.of_notebook()))", cell="b")
    page = kernel.run("nbruns.revisions.of_notebook()[0].diff()", cell="c")

    assert said.stdout.strip() == "1", said
    assert "nbruns-comparison" in page.html
