"""The live document kept because a notebook's command asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbruns.endpoints import revisions
from nbruns.store import Store


def sent(home: Path, snapshot_id: str = "s-1", **more: str) -> dict[str, Any]:
    """What a browser sends."""
    cell = {"id": "a", "cell_type": "code", "source": "x = 1", "outputs": [], "metadata": {}}
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = str(home / "churn.ipynb")
    return {"snapshot_id": snapshot_id, "path": path, "content": content, **more}


# F45
def test_the_document_becomes_a_revision_and_an_entry_of_the_log(store: Store, home: Path) -> None:
    kept = revisions.snapshot(store, sent(home, run_id="r", message="why", cell_id="a"))["revision"]

    (entry,) = store.activity.search(kind="revision", action="snapshot").items
    assert (entry.subject, entry.before, entry.after, entry.comment) == (
        kept["revision_id"],
        "r",
        "s-1",
        "why",
    )
    found = store.snapshots.find("s-1")
    assert found is not None
    assert (found.revision_id, found.method) == (kept["revision_id"], "browser")
    assert store.snapshots.find("s-2") is None


def test_a_second_tab_adds_nothing(store: Store, home: Path) -> None:
    revisions.snapshot(store, sent(home))

    assert revisions.snapshot(store, sent(home)) == {"revision": None}
    assert len(store.activity.search().items) == 1


def test_another_document_of_the_kernel_is_not_the_one_meant(store: Store, home: Path) -> None:
    assert revisions.snapshot(store, sent(home, cell_id="elsewhere")) == {"revision": None}
    assert store.activity.search().items == []


def test_the_same_document_is_kept_once_and_noted_twice(store: Store, home: Path) -> None:
    first = revisions.snapshot(store, sent(home, "s-1"))["revision"]
    second = revisions.snapshot(store, sent(home, "s-2"))["revision"]

    assert first["revision_id"] == second["revision_id"]
    assert len(store.activity.search(subject=first["revision_id"]).items) == 2
