"""Our own calls about a notebook's past, on a real store without HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nbruns.endpoints.routes import call
from nbruns.errors import InvalidValue, NotFound
from nbruns.records import Run
from nbruns.store import Store

SECRET = "hunter2-is-the-password"


def code(cell_id: str, text: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    shape = {"cell_type": "code", "outputs": [], "execution_count": None}
    return {**shape, "id": cell_id, "metadata": metadata, "source": text}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}


def ours(store: Store, method: str, where: str, /, **body: Any) -> dict[str, Any]:
    return call(store, method, f"api/1.0/{where}", body)


@pytest.fixture
def first(store: Store, run: Run) -> str:
    """The revision of the run: two cells."""
    return kept(store, run, notebook(code("a", "rate = 0.1"), code("b", "fit(rate)")))


def kept(store: Store, run: Run, content: dict[str, Any], **more: str) -> str:
    body = {"run_id": run.run_id, "path": "a.ipynb", "content": content, **more}
    return str(ours(store, "POST", "revisions/capture", **body)["revision"]["revision_id"])


def bytes_in_file(store: Store) -> bytes:
    """Everything the file and its log hold."""
    files = sorted(Path(store.db.path).parent.glob("nbruns.db*"))
    return b"".join(file.read_bytes() for file in files)


def test_revisions_are_listed_with_their_runs_by_notebook_and_by_path(
    store: Store, run: Run, first: str
) -> None:
    found = ours(store, "GET", "revisions/search", path="a.ipynb")["revisions"]

    assert [one["revision_id"] for one in found] == [first]
    assert found[0]["runs"] == [{"run_id": run.run_id, "name": "first", "moment": "start"}]
    by_id = ours(store, "GET", "revisions/search", notebook_id=found[0]["notebook_id"])
    assert by_id["revisions"] == found
    with pytest.raises(NotFound, match=r"'b\.ipynb'"):
        ours(store, "GET", "revisions/search", path="b.ipynb")


def test_two_revisions_are_compared(store: Store, run: Run, first: str) -> None:
    shown = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    cells = [code("a", "rate = 0.2"), {**code("b", "fit(rate)"), "outputs": shown}]
    second = kept(store, run, notebook(*cells, code("c", "end")), reason="end")

    found = ours(store, "GET", "revisions/diff", revision_id=first, other_revision_id=second)

    assert found["words"] == "cell 1 edited, 1 added"
    assert found["other_words"] == "outputs of 1 cell"
    assert [cell["kind"] for cell in found["cells"]] == ["edited", "outputs", "added"]
    assert found["cells"][0]["old_source"] == "rate = 0.1"
    assert found["cells"][1]["new_outputs"] == shown
    assert (found["old"]["revision_id"], found["new"]["revision_id"]) == (first, second)


def test_a_revision_is_compared_with_what_is_sent(store: Store, first: str) -> None:
    content = notebook(code("a", "rate = 0.1"))

    found = ours(store, "POST", "revisions/diff", revision_id=first, content=content)

    assert found["words"] == "1 cell removed"
    assert found["new"] is None


# F5 F13 N8
def test_before_a_revision_comes_back_the_present_is_kept(store: Store, first: str) -> None:
    present = notebook(code("a", "rate = 9"), code("z", "new work"))

    reply = ours(
        store, "POST", "revisions/prepare", revision_id=first, path="a.ipynb", content=present
    )

    assert [cell["source"] for cell in reply["content"]["cells"]] == ["rate = 0.1", "fit(rate)"]
    safe = ours(store, "GET", "revisions/get", revision_id=reply["kept"]["revision_id"])
    assert safe["content"] == present
    assert safe["revision"]["method"] == "browser"
    assert safe["revision"]["notebook_id"] == reply["kept"]["notebook_id"]
    listed = ours(store, "GET", "revisions/search", path="a.ipynb")["revisions"]
    assert [one["revision_id"] for one in listed] == [safe["revision"]["revision_id"], first]
    assert listed[0]["runs"] == []


def test_one_cell_comes_back_into_the_present(store: Store, first: str) -> None:
    present = notebook(code("z", "new work"), code("a", "rate = 9"))

    reply = ours(
        store,
        "POST",
        "revisions/prepare",
        revision_id=first,
        path="a.ipynb",
        content=present,
        position=2,
    )

    sources = [cell["source"] for cell in reply["content"]["cells"]]
    assert sources == ["new work", "rate = 9", "fit(rate)"]


# F13
def test_what_is_done_with_a_revision_is_written_down(store: Store, first: str) -> None:
    say = {"revision_id": first, "path": "a.ipynb", "kept_revision_id": "k", "comment": "better"}
    ours(store, "POST", "revisions/restored", **say)
    ours(store, "POST", "revisions/restored", revision_id=first, path="a.ipynb", position=2)
    ours(store, "POST", "revisions/purge", revision_id=first, comment="had a key in it")

    found = ours(store, "GET", "activity/search", kind="revision", subject=first)["activities"]

    assert [one["action"] for one in found] == ["purged", "took cell", "restored"]
    assert found[2]["comment"] == "better"
    assert (found[2]["before"], found[2]["after"]) == ("k", "a.ipynb")
    assert found[1]["after"] == "a.ipynb#2"
    assert all(one["user"] and one["at_ms"] for one in found)
    page = ours(store, "GET", "activity/search", max_results="1")
    rest = ours(store, "GET", "activity/search", page_token=page["next_page_token"])
    assert len(rest["activities"]) == 2


def test_a_purge_that_fails_is_not_written_down(store: Store) -> None:
    with pytest.raises(NotFound):
        ours(store, "POST", "revisions/purge", revision_id="none")

    assert ours(store, "GET", "activity/search")["activities"] == []


def test_the_text_of_a_skipped_cell_reaches_the_file_by_none_of_these_ways(
    store: Store, first: str
) -> None:
    present = notebook(code("a", "rate = 0.1"), code("s", f"key = '{SECRET}'", "nbruns-skip"))
    say = {"revision_id": first, "path": "a.ipynb", "content": present}

    compared = ours(store, "POST", "revisions/diff", **say)
    whole = ours(store, "POST", "revisions/prepare", **say)
    one = ours(store, "POST", "revisions/prepare", **say, position=2)
    safe = ours(store, "GET", "revisions/get", revision_id=whole["kept"]["revision_id"])

    assert SECRET.encode() not in bytes_in_file(store)
    assert SECRET not in str(compared)
    assert SECRET not in str(safe)
    # What was never kept stays where it is: in the notebook.
    assert SECRET in str(whole["content"])
    assert SECRET in str(one["content"])


@pytest.mark.parametrize(
    ("where", "more", "words"),
    [
        ("diff", {"content": "none"}, "'content'"),
        ("diff", {"content": {"cells": [1]}}, "not an object"),
        ("prepare", {"path": "a.ipynb", "content": notebook(), "position": 9}, "'9'"),
        ("prepare", {"path": "", "content": notebook()}, "'path'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    store: Store, first: str, where: str, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidValue, match=words):
        ours(store, "POST", f"revisions/{where}", revision_id=first, **more)


def test_an_unknown_revision_is_not_found(store: Store, first: str) -> None:
    with pytest.raises(NotFound, match="'none'"):
        ours(store, "GET", "revisions/diff", revision_id=first, other_revision_id="none")
    with pytest.raises(NotFound, match="'none'"):
        ours(store, "POST", "revisions/restored", revision_id="none", path="a.ipynb")
