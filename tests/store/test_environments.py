"""Environments of runs: kept once, found by their digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbruns.errors import InvalidValue, NotFound
from nbruns.records import Environment, Package
from nbruns.store import Store
from nbruns.store.database import Database
from nbruns.store.environments import digest_of, environment_from_wire, environment_to_wire
from nbruns.store.migrations import migrate
from nbruns.store.schema import MIGRATIONS

PACKAGES = (Package("numpy", "2.1.0"), Package("tool", "0.1", "git+https://host/tool@0a1b"))
ENVIRONMENT = Environment("3.11.7", "Linux", PACKAGES)


def test_an_environment_comes_back_by_its_digest(store: Store) -> None:  # F21
    assert store.environments.get(store.environments.keep(ENVIRONMENT)) == ENVIRONMENT


def test_two_hundred_runs_with_one_environment_take_one_row(store: Store) -> None:
    names = {store.environments.keep(ENVIRONMENT) for _ in range(200)}

    assert names == {digest_of(ENVIRONMENT)}
    assert store.db.conn.execute("select count(*) from environments").fetchone() == (1,)


@pytest.mark.parametrize(
    "other",
    [
        Environment("3.12.0", "Linux", PACKAGES),
        Environment("3.11.7", "macOS", PACKAGES),
        Environment("3.11.7", "Linux", PACKAGES[:1]),
        Environment("3.11.7", "Linux", (PACKAGES[0], Package("tool", "0.1"))),
    ],
)
def test_another_environment_has_another_digest(other: Environment) -> None:
    assert digest_of(other) != digest_of(ENVIRONMENT)


def test_an_unknown_digest_is_not_found(store: Store) -> None:
    assert store.environments.find("0" * 32) is None
    with pytest.raises(NotFound, match="'000"):
        store.environments.get("0" * 32)


def test_json_carries_it_both_ways() -> None:
    assert environment_from_wire(environment_to_wire(ENVIRONMENT)) == ENVIRONMENT


@pytest.mark.parametrize(
    "told", [None, [], {}, {"python": "3", "platform": "x", "packages": [1]}, {"packages": 5}]
)
def test_what_is_no_environment_is_refused(told: object) -> None:
    with pytest.raises(InvalidValue, match="no environment"):
        environment_from_wire(told)


def test_a_file_without_environments_gains_them_and_keeps_its_runs(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[:3])
    db.conn.execute("update experiments set name = 'kept'")
    tables = {row[0] for row in db.conn.execute("select name from sqlite_schema")}
    db.close()
    assert "environments" not in tables

    store = Store.open(home)
    assert store.experiments.get("0").name == "kept"
    assert store.environments.get(store.environments.keep(ENVIRONMENT)) == ENVIRONMENT
    store.close()
