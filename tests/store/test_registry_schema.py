"""The registry's migrations, each from a file that has only those before it."""

from __future__ import annotations

from pathlib import Path

from nbruns.conditions import Condition, Search
from nbruns.store import Store
from nbruns.store.database import Database
from nbruns.store.migrations import migrate
from nbruns.store.schema import MIGRATIONS


def test_a_file_without_models_gains_them_and_keeps_its_runs(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[:1])
    db.conn.execute("update experiments set name = 'kept'")
    tables = {row[0] for row in db.conn.execute("select name from sqlite_schema")}
    db.close()
    assert "registered_models" not in tables

    store = Store.open(home)
    store.registry.create_model("churn")
    made = store.models.create("0", name="m")
    store.registry.create_version("churn", source=f"models:/{made.model_id}")

    assert store.experiments.get("0").name == "kept"
    assert store.registry.get_version("churn", 1).model_id == made.model_id
    assert store.db.conn.execute("pragma foreign_key_check").fetchall() == []
    store.close()


def test_versions_made_before_are_found_by_their_stage_and_tags(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    before = next(at for at, one in enumerate(MIGRATIONS) if one.__name__ == "m009_model_list")
    migrate(db, MIGRATIONS[:before])
    old = Store(home, db)
    old.registry.create_model("churn")
    old.registry.create_version("churn", source="s", tags={"works": "true"})
    old.registry.move_stage("churn", 1, "Staging", archive_existing=False)
    db.close()

    store = Store.open(home)
    for held in (
        Condition("attribute", "stage", "=", "Staging"),
        Condition("tag", "works", "=", "true"),
    ):
        assert store.model_overview.names(Search((held,))) == ["churn"]
    store.close()
