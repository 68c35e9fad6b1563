"""What cannot be imported is refused with a sentence that says what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlruns import Mlruns, write

from nbruns.store import Store


def database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as conn:
        for statement in statements:
            conn.execute(statement)
        conn.commit()
    return path


@pytest.fixture
def refused(tmp_path: Path) -> dict[str, tuple[object, str]]:
    """Things to import that are none, each with a part of what is said of it."""
    (tmp_path / "empty").mkdir()
    write(tmp_path / "notes.txt", "not a database")
    write(tmp_path / "cut.db", "SQLite format 3\0 and no more")
    write(tmp_path / "project" / "mlruns" / "0" / "meta.yaml", "name: Default")
    write(tmp_path / "artifacts" / "1" / "abc" / "artifacts" / "a.txt", "x")
    other = database(tmp_path / "other.db", "create table users (name text)")
    new = database(
        tmp_path / "new.db",
        "create table alembic_version (version_num text)",
        "insert into alembic_version values ('f00')",
        "create table experiments (id integer)",
        "create table runs (id integer)",
    )
    return {
        "missing": (tmp_path / "nowhere.db", "There is nothing at"),
        "text": (tmp_path / "notes.txt", "is neither a SQLite database of MLflow nor"),
        "damaged": (tmp_path / "cut.db", "is not a SQLite database that can be read"),
        "folder": (tmp_path / "empty", "no folder in it has a meta.yaml"),
        "parent": (tmp_path / "project", f"name '{tmp_path / 'project' / 'mlruns'}'"),
        "artifacts": (tmp_path / "artifacts", "it holds artifacts only; name the database"),
        "foreign": (other, "is not a database of MLflow"),
        "unknown": (new, "has a schema of MLflow (f00) that is not understood"),
        "server": ("http://localhost:5000", "is not on this machine"),
    }


@pytest.mark.parametrize(
    "case",
    ["missing", "text", "damaged", "folder", "parent", "artifacts", "foreign", "unknown", "server"],
)
def test_it_is_refused_in_a_sentence(
    refused: dict[str, tuple[object, str]], bring: Any, home: Path, case: str
) -> None:
    source, sentence = refused[case]
    outcome = bring(source)

    assert outcome.status == 1
    assert sentence in outcome.err
    assert outcome.err.startswith("nbruns: ")
    assert len(outcome.err.splitlines()) == 1
    assert not home.exists()


def test_our_own_store_is_known(bring: Any, store: Store, home: Path) -> None:
    assert "is a store of nbruns already" in bring(home / "nbruns.db").err


def test_an_address_names_a_folder_too(mlruns: Mlruns, bring: Any) -> None:
    assert bring(mlruns.root.as_uri()).status == 0


def test_a_full_artifact_folder_stops_it(mlruns: Mlruns, bring: Any, store: Store) -> None:
    mlruns.add_run("0", "a" * 32, files={"a.txt": "x"})
    write(store.artifacts.root, "a file where the folder belongs")
    outcome = bring(mlruns.root)

    assert outcome.status == 1
    assert "Cannot write to the artifact folder" in outcome.err
    assert store.runs.find("a" * 32) is None
