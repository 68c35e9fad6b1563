"""Who held an alias or a stage at a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbruns import identity
from nbruns.errors import NotFound
from nbruns.store import Store, activity
from nbruns.store.database import Database
from nbruns.store.migrations import migrate
from nbruns.store.schema import MIGRATIONS


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the log takes for the time: the last number in the list."""
    now = [1_000]
    monkeypatch.setattr(activity, "now_ms", lambda: now[-1])
    assert identity.now_ms() > 1_000
    return now


@pytest.fixture
def churn(store: Store, clock: list[int]) -> str:
    store.registry.create_model("churn")
    for _ in range(3):
        store.registry.create_version("churn", source="s3://x")
    return "churn"


def test_an_alias_is_told_for_every_moment(store: Store, churn: str, clock: list[int]) -> None:
    for at_ms, version in ((2_000, 1), (3_000, 2), (5_000, 3)):
        clock.append(at_ms)
        store.registry.set_alias(churn, "champion", version)
    clock.append(6_000)
    store.registry.delete_alias(churn, "champion")

    moments = (999, 1_999, 2_000, 2_999, 3_000, 5_999, 6_000)
    found = [store.holders.at(churn, "@champion", at_ms) for at_ms in moments]
    assert found == [[], [], [1], [1], [2], [3], []]
    assert store.holders.at(churn, "@other", 9_000) == []


def test_a_stage_may_have_several_holders(store: Store, churn: str, clock: list[int]) -> None:
    def move(at_ms: int, version: int, *, archive: bool = False) -> None:
        clock.append(at_ms)
        store.registry.move_stage(churn, version, "Production", archive_existing=archive)

    move(2_000, 1)
    move(3_000, 2)
    move(4_000, 3, archive=True)
    clock.append(5_000)
    store.registry.delete_version(churn, 3)

    assert store.holders.at(churn, "Production", 1_500) == []
    assert store.holders.at(churn, "Production", 3_500) == [1, 2]
    assert store.holders.at(churn, "Production", 4_500) == [3]
    assert store.holders.at(churn, "Archived", 4_500) == [1, 2]
    assert store.holders.at(churn, "Production", 5_500) == []


def test_a_name_means_the_model_that_had_it_then(
    store: Store, churn: str, clock: list[int]
) -> None:
    store.registry.set_alias(churn, "champion", 1)
    clock.append(2_000)
    store.registry.rename_model(churn, "loyalty")
    clock.append(3_000)
    store.registry.create_model(churn)
    for _ in range(5):
        store.registry.create_version(churn, source="s3://x")
    store.registry.set_alias(churn, "champion", 5)
    clock.append(4_000)
    store.registry.delete_model("loyalty")

    assert store.holders.at(churn, "@champion", 1_500) == [1]
    assert store.holders.at("loyalty", "@champion", 2_500) == [1]
    assert store.holders.at(churn, "@champion", 3_500) == [5]
    assert store.holders.at("loyalty", "@champion", 4_500) == []


def test_before_the_log_began_things_were_as_it_found_them(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[:7])
    db.run_script(
        """
        insert into registered_models (name, description, created_ms, updated_ms, newest_version)
        values ('old', '', 1, 1, 2);
        insert into model_versions (registered_number, version, description, user, source,
            artifact_uri, run_id, run_link, model_id, created_ms, updated_ms, stage)
        values (1, 1, '', '', '', '', '', '', '', 1, 1, 'Production'),
            (1, 2, '', '', '', '', '', '', '', 1, 1, 'None');
        insert into aliases values (1, 'champion', 1);
        """
    )
    db.close()
    store = Store.open(home)
    began_ms = identity.now_ms()

    assert store.holders.at("old", "@champion", 5) == [1]
    assert store.holders.at("old", "Production", 5) == [1]

    store.registry.set_alias("old", "champion", 2)
    store.registry.delete_version("old", 1)
    assert store.holders.at("old", "@champion", began_ms - 1) == [1]
    assert store.holders.at("old", "Production", began_ms - 1) == [1]
    assert store.holders.at("old", "@champion", began_ms + 60_000) == [2]
    assert store.holders.at("old", "Production", began_ms + 60_000) == []
    store.close()


def test_a_name_nobody_had_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="nobody"):
        store.holders.at("nobody", "@champion", 1)
