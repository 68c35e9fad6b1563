"""What is done to registered models is told in the log, in the transaction that does it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from nbruns.errors import AlreadyExists, NotFound
from nbruns.identity import acting_as, allowed_by
from nbruns.name_patterns import NameSight
from nbruns.records import Activity, Occasion
from nbruns.store import Store
from nbruns.store.database import Database
from nbruns.store.migrations import migrate
from nbruns.store.schema import MIGRATIONS


@pytest.fixture
def churn(store: Store) -> str:
    """A registered model with three versions."""
    store.registry.create_model("churn")
    for number in range(3):
        store.registry.create_version("churn", source=f"s3://bucket/{number}", run_id=f"r{number}")
    return "churn"


def told(store: Store, **wanted: object) -> list[Activity]:
    """What the log tells, in the order it was done."""
    return store.activity.search(**wanted).items[::-1]  # type: ignore[arg-type]


def last(store: Store) -> Activity:
    return store.activity.search(limit=1).items[0]


def steps(store: Store, **wanted: object) -> list[tuple[object, ...]]:
    return [(a.action, a.version, a.target, a.before, a.after) for a in told(store, **wanted)]


DEEDS: list[tuple[Callable[[Store], object], tuple[object, ...]]] = [
    (lambda s: s.registry.create_model("m"), ("created", None, None, None, None)),
    (
        lambda s: s.registry.create_version("churn", source="s3://x", run_id="r9"),
        ("registered", 4, None, None, "r9"),
    ),
    (lambda s: s.registry.update_model("churn", "why"), ("described", None, None, None, None)),
    (lambda s: s.registry.update_version("churn", 2, "so"), ("described", 2, None, None, None)),
    (lambda s: s.registry.set_model_tag("churn", "a", "1"), ("tagged", None, None, None, "a=1")),
    (lambda s: s.registry.set_version_tag("churn", 1, "b", "2"), ("tagged", 1, None, None, "b=2")),
    (lambda s: s.registry.set_alias("churn", "champion", 2), ("moved", 2, "@champion", None, "2")),
    (
        lambda s: s.registry.move_stage("churn", 3, "production", archive_existing=False),
        ("moved", 3, "Production", "None", "Production"),
    ),
    (
        lambda s: s.registry.rename_model("churn", "loyalty"),
        ("renamed", None, None, "churn", "loyalty"),
    ),
    (lambda s: s.registry.delete_version("churn", 1), ("deleted", 1, None, "None", None)),
    (lambda s: s.registry.delete_model("churn"), ("deleted", None, None, None, None)),
]


@pytest.mark.parametrize(("deed", "row"), DEEDS, ids=[str(row[:3]) for _, row in DEEDS])
def test_each_change_is_one_row(
    store: Store, churn: str, deed: Callable[[Store], object], row: tuple[object, ...]
) -> None:  # F87
    before = len(told(store))

    with acting_as("grace"), allowed_by("policy.yaml line 3"):
        deed(store)

    added = told(store)[before:]
    assert [(a.action, a.version, a.target, a.before, a.after) for a in added] == [row]
    assert (added[0].user, added[0].kind) == ("grace", "model")
    assert added[0].allowed_by == "policy.yaml line 3"


def test_what_changes_nothing_is_not_told(store: Store, churn: str) -> None:
    store.registry.set_alias(churn, "a", 1)
    store.registry.set_version_tag(churn, 1, "k", "v")
    store.registry.move_stage(churn, 1, "Staging", archive_existing=False)
    store.registry.update_model(churn, "why")
    before = told(store)

    store.registry.set_alias(churn, "a", 1)
    store.registry.set_version_tag(churn, 1, "k", "v")
    store.registry.delete_version_tag(churn, 1, "never there")
    store.registry.move_stage(churn, 1, "staging", archive_existing=True)
    store.registry.update_model(churn, "why")
    store.registry.delete_alias(churn, "never")
    store.registry.rename_model(churn, churn)

    assert told(store) == before


def test_what_fails_is_not_told(store: Store, churn: str) -> None:
    before = told(store)

    with pytest.raises(AlreadyExists):
        store.registry.create_model(churn)
    with pytest.raises(NotFound):
        store.registry.set_alias(churn, "a", 9)
    store.registry.create_model("taken")
    with pytest.raises(AlreadyExists):
        store.registry.rename_model(churn, "taken")

    assert [a.action for a in told(store)[len(before) :]] == ["created"]


def test_archived_holders_are_told_with_whom_they_made_room_for(store: Store, churn: str) -> None:
    store.registry.move_stage(churn, 1, "Production", archive_existing=False)
    said = Occasion("better", requester="ada", request_id=7)

    store.registry.move_stage(churn, 2, "Production", archive_existing=True, occasion=said)

    archived, moved = told(store)[-2:]
    assert (archived.version, archived.before, archived.after) == (1, "Production", "Archived")
    assert archived.comment == "makes room for version 2"
    assert (moved.version, moved.after, moved.comment) == (2, "Production", "better")
    assert (moved.requester, moved.request_id) == ("ada", 7)


def test_a_version_that_loses_its_alias_sees_that_too(store: Store, churn: str) -> None:
    store.registry.set_alias(churn, "champion", 1)
    store.registry.set_alias(churn, "champion", 2)

    of_first = [(a.target, a.before, a.after) for a in told(store, model=churn, version=1)]
    assert of_first[-1] == ("@champion", "1", "2")


def test_aliases_end_with_what_they_point_at(store: Store, churn: str) -> None:
    store.registry.set_alias(churn, "a", 1)
    store.registry.set_alias(churn, "b", 2)

    store.registry.delete_version(churn, 1)
    store.registry.delete_model(churn)

    assert steps(store)[-4:] == [
        ("moved", 1, "@a", "1", None),
        ("deleted", 1, None, "None", None),
        ("moved", 2, "@b", "2", None),
        ("deleted", None, None, None, None),
    ]


def test_a_model_is_found_by_every_name_it_had_and_after_it_is_gone(
    store: Store, churn: str
) -> None:  # F93
    store.registry.rename_model(churn, "loyalty")
    store.registry.set_alias("loyalty", "champion", 3)
    store.registry.delete_model("loyalty")
    store.registry.create_model(churn)

    whole = [a.action for a in told(store, model="loyalty")]
    assert whole == ["created", *["registered"] * 3, "renamed", *["moved"] * 2, "deleted"]
    # The name was taken by another model since: it finds both.
    assert [a.action for a in told(store, model=churn)] == [*whole, "created"]


def test_the_log_keeps_no_more_than_the_beginning_of_a_tag(store: Store, churn: str) -> None:
    store.registry.set_model_tag(churn, "k", "v" * 10_000)

    assert last(store).after == "k=" + "v" * 248


def test_who_may_not_see_a_model_is_not_told_of_it(store: Store, churn: str) -> None:
    store.registry.create_model("prod.a")
    store.registry.rename_model(churn, "prod.b")
    store.activity.add("restored", "revision", "r1")
    sight = NameSight((("prod.*", False),), True)

    seen = store.activity.search(sights=(sight, None)).items
    assert [a.subject for a in seen] == ["r1"]


def move_many(home: str, aliases: str, count: int) -> None:
    store = Store.open(Path(home))
    with acting_as(f"mover of {aliases}"):
        for number in range(count):
            store.registry.set_alias("race", "champion", 1 + number % 7)
            store.registry.create_version("race", source="s3://x")
    store.close()


def test_racing_processes_leave_a_log_in_order(store: Store, home: Path) -> None:
    store.registry.create_model("race")
    for _ in range(7):
        store.registry.create_version("race", source="s3://x")
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=move_many, args=(str(home), name, 40)) for name in ("a", "b", "c")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    rows = told(store, model="race", limit=1_000)
    moves = [a for a in rows if a.target == "@champion"]
    # Each move begins where the one before it ended: none was lost or overwritten unseen.
    assert [a.before for a in moves[1:]] == [a.after for a in moves[:-1]]
    assert moves[0].before is None
    assert str(store.registry.get_model("race").aliases["champion"]) == moves[-1].after
    registered = [a.version for a in rows if a.action == "registered"]
    assert registered == list(range(1, 7 + 120 + 1))
    assert [a.at_ms for a in rows] == sorted(a.at_ms for a in rows)


def test_a_file_from_before_keeps_its_models_and_log(home: Path) -> None:
    home.mkdir()
    db = Database(home / "nbruns.db")
    migrate(db, MIGRATIONS[:7])
    db.conn.execute(
        """
        insert into registered_models (name, description, created_ms, updated_ms, newest_version)
        values ('old', '', 1, 1, 1), ('other', '', 1, 1, 0)
        """
    )
    db.conn.execute(
        """
        insert into model_versions (registered_number, version, description, user, source,
            artifact_uri, run_id, run_link, model_id, created_ms, updated_ms)
        values (1, 1, '', '', '', '', '', '', '', 1, 1)
        """
    )
    db.conn.execute(
        """
        insert into activity (at_ms, user, action, kind, subject, comment)
        values (5, 'ada', 'purged', 'revision', 'r', '')
        """
    )
    db.close()

    store = Store.open(home)
    store.registry.set_alias("old", "champion", 1)

    assert [(a.user, a.allowed_by) for a in store.activity.search(kind="revision").items] == [
        ("ada", "")
    ]
    assert [a.target for a in store.activity.search(model="old").items] == ["@champion"]
    assert store.activity.search(model="other").items == []
    store.close()
