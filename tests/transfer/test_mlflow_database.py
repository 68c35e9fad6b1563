"""Databases as MLflow wrote them long ago, as it writes them with workspaces, and damaged ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nbruns.store import Store

# MLflow 1.0, as far as it matters here: no names of runs, no datasets, no registry.
FIRST = """
create table alembic_version (version_num varchar(32) not null);
insert into alembic_version values ('451aebb31d03');
create table experiments (
    experiment_id integer primary key, name varchar(256), artifact_location varchar(256),
    lifecycle_stage varchar(32));
create table runs (
    run_uuid varchar(32) primary key, name varchar(250), user_id varchar(256),
    status varchar(20), start_time bigint, end_time bigint, lifecycle_stage varchar(20),
    artifact_uri varchar(200), experiment_id integer);
create table tags (key varchar(250), value varchar(250), run_uuid varchar(32));
create table params (key varchar(250), value varchar(250), run_uuid varchar(32));
create table metrics (key varchar(250), value float, timestamp bigint, run_uuid varchar(32));
insert into experiments values (0, 'Default', './mlruns/0', 'active'), (1, 'old', '', 'active');
insert into runs values ('r1', '', 'ada', 'FINISHED', 10, 20, 'active', '', 1);
insert into tags values ('mlflow.runName', 'first', 'r1');
insert into params values ('depth', '3', 'r1');
insert into metrics values ('loss', 0.5, 11, 'r1'), ('loss', 0.25, 12, 'r1')
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of MLflow 1.0."""
    path = tmp_path / "mlflow.db"
    change(path, FIRST)
    return path


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(script)


def test_an_old_database_comes_over(old: Path, bring: Any, store: Store) -> None:
    assert bring(old).status == 0

    run = store.runs.get("r1")
    assert (run.name, run.user, run.status, run.started_ms) == ("first", "ada", "FINISHED", 10)
    assert run.params == {"depth": "3"}
    assert [point.value for point in store.metrics.history("r1", "loss").items] == [0.5, 0.25]
    assert store.experiments.get("1").created_ms > 0


def test_an_address_names_a_database_too(old: Path, bring: Any) -> None:
    assert bring(f"sqlite:///{old}").status == 0


def test_a_damaged_row_stays_alone(old: Path, bring: Any, store: Store) -> None:
    change(
        old,
        """
        insert into runs values
            (cast(x'ff' as text), '', '', 'FINISHED', 1, 2, 'active', '', 0),
            ('r2', cast(x'ff' as text), '', 'FINISHED', 1, 2, 'active', '', 1),
            ('r3', '', '', 'SLEEPING', 1, 2, 'active', '', 1),
            ('r4', '', '', 'FINISHED', 'noon', 2, 'active', '', 1),
            ('r5', '', '', 'FINISHED', 1, 2, 'active', '', 1);
        insert into metrics values ('loss', 'much', 1, 'r5')
        """,
    )
    outcome = bring(old)

    assert outcome.status == 1
    for run_id in ("r2", "r3", "r4", "r5"):
        assert f"{old}: run {run_id}: " in outcome.out
        assert store.runs.find(run_id) is None
    assert store.runs.get("r1").params == {"depth": "3"}


def test_other_workspaces_are_left_out(old: Path, bring: Any, store: Store) -> None:
    change(
        old,
        """
        alter table experiments add column workspace text default 'default';
        insert into experiments values (2, 'old', '', 'active', 'team b')
        """,
    )
    outcome = bring(old)

    assert "'old' belongs to the workspace 'team b', and nbruns has none" in outcome.out
    assert store.runs.get("r1").experiment_id == "1"


def test_the_source_is_not_written_to(old: Path, bring: Any) -> None:
    before = old.read_bytes()
    old.chmod(0o400)
    bring(old)

    assert old.read_bytes() == before
    assert [path.name for path in old.parent.glob("mlflow.db*")] == ["mlflow.db"]
