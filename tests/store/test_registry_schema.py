"""The second migration, from a file that has only the first."""

from __future__ import annotations

from pathlib import Path

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
