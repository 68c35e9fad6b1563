"""Editing on the card: nothing that others wrote meanwhile is lost without a word."""

import asyncio
from typing import Any

import pytest

from nbruns.panel.connection import Address, Connection
from nbruns.panel.editing import Edit, Result, WrittenRun, carry_out, read_edit
from nbruns.panel.run_client import RunClient
from nbruns.records import Run
from nbruns.store import Store

NOTE = "mlflow.note.content"


def done(address: Address, run: Run, **message: Any) -> Result:
    """How an edit of the card ends."""

    async def write() -> Result:
        connection = Connection(address)
        edit = read_edit(message)
        assert edit is not None
        try:
            return await carry_out(WrittenRun(RunClient(connection), run.run_id), edit)
        finally:
            connection.close()

    return asyncio.run(write())


@pytest.fixture
def run(kernel_store: Store) -> Run:
    """A run with a tag and a note."""
    return kernel_store.runs.create("0", name="first", tags={"team": "growth", NOTE: "old"})


# F8
def test_a_run_is_renamed(address: Address, kernel_store: Store, run: Run) -> None:
    assert done(address, run, kind="name", value=" second ", seen="first") == Result("saved")

    assert kernel_store.runs.get(run.run_id).name == "second"


# F18
def test_tags_are_added_changed_and_removed(
    address: Address, kernel_store: Store, run: Run
) -> None:
    assert done(address, run, kind="tag", key="new", value="1").outcome == "saved"
    assert done(address, run, kind="tag", key="team", value="x", seen="growth").outcome == "saved"
    tags = kernel_store.runs.get(run.run_id).tags
    assert (tags["new"], tags["team"]) == ("1", "x")

    assert done(address, run, kind="tag", key="team", value=None, seen="x").outcome == "saved"
    assert "team" not in kernel_store.runs.get(run.run_id).tags


# F18
def test_a_note_is_written_and_an_emptied_one_removed(
    address: Address, kernel_store: Store, run: Run
) -> None:
    assert done(address, run, kind="note", value="# new\n", seen="old").outcome == "saved"
    assert kernel_store.runs.get(run.run_id).tags[NOTE] == "# new\n"

    assert done(address, run, kind="note", value="", seen="# new\n").outcome == "saved"
    assert NOTE not in kernel_store.runs.get(run.run_id).tags


@pytest.mark.parametrize(
    ("message", "theirs"),
    [
        ({"kind": "note", "value": "mine", "seen": "what I saw"}, "old"),
        ({"kind": "note", "value": "", "seen": "what I saw"}, "old"),
        ({"kind": "tag", "key": "team", "value": "mine", "seen": None}, "growth"),
        ({"kind": "tag", "key": "gone", "value": "mine", "seen": "was here"}, None),
        ({"kind": "name", "value": "mine", "seen": "what I saw"}, "first"),
    ],
)
def test_what_somebody_else_wrote_meanwhile_is_shown_and_kept(
    address: Address, kernel_store: Store, run: Run, message: dict[str, Any], theirs: str | None
) -> None:
    assert done(address, run, **message) == Result("conflict", theirs)

    kept = kernel_store.runs.get(run.run_id)
    assert (kept.name, kept.tags[NOTE], kept.tags["team"]) == ("first", "old", "growth")


def test_what_both_wrote_alike_is_no_conflict(address: Address, run: Run) -> None:
    assert done(address, run, kind="note", value="old", seen="older") == Result("saved")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"kind": "name", "value": "  ", "seen": "first"}, "needs a name"),
        ({"kind": "tag", "key": " ", "value": "1"}, "needs a key"),
        ({"kind": "tag", "key": "mlflow.user", "value": "eve"}, "'mlflow.user'"),
        ({"kind": "tag", "key": "nbruns.revision", "value": "x"}, "'nbruns.revision'"),
        ({"kind": "tag", "key": "k" * 999, "value": "1"}, "k"),
    ],
)
def test_what_cannot_be_written_says_why(
    address: Address, run: Run, message: dict[str, Any], words: str
) -> None:
    result = done(address, run, **message)

    assert result.outcome == "refused"
    assert words in (result.text or "")


def test_a_run_that_is_gone_is_said(address: Address, run: Run) -> None:
    gone = Edit("note", NOTE, "x", None)

    async def write() -> Result:
        connection = Connection(address)
        return await carry_out(WrittenRun(RunClient(connection), "nowhere"), gone)

    assert asyncio.run(write()).outcome == "refused"
