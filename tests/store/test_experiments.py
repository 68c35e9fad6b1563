"""Experiments as MLflow has them: names outlive deletion, runs follow their experiment."""

import pytest

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from nbruns.store import Store


def names(store: Store, search: Search = Search(), **options: object) -> list[str]:  # noqa: B008
    page = store.experiments.search(search, limit=100, **options)  # type: ignore[arg-type]
    return [found.name for found in page.items]


def test_a_new_store_has_the_default_experiment(store: Store) -> None:
    default = store.experiments.get("0")

    assert (default.name, default.stage) == ("Default", "active")
    assert default.artifact_uri == (store.home / "artifacts" / "0").as_uri()


def test_ids_are_decimal_and_count_up(store: Store) -> None:
    assert [store.experiments.create(name).experiment_id for name in ("a", "b")] == ["1", "2"]


def test_tags_given_at_creation_are_there(store: Store) -> None:
    assert store.experiments.create("a", tags={"team": "blue"}).tags == {"team": "blue"}


def test_a_foreign_artifact_location_is_kept_as_given(store: Store) -> None:
    made = store.experiments.create("a", artifact_uri="s3://bucket/place")

    assert made.artifact_uri == "s3://bucket/place"


def test_a_name_stays_taken_while_its_experiment_is_deleted(store: Store) -> None:
    made = store.experiments.create("a")
    store.experiments.delete(made.experiment_id)

    with pytest.raises(AlreadyExists, match="'a'"):
        store.experiments.create("a")
    assert store.experiments.find_by_name("a") is not None


def test_renaming_to_a_taken_name_is_refused(store: Store) -> None:
    store.experiments.create("a")
    other = store.experiments.create("b")

    with pytest.raises(AlreadyExists):
        store.experiments.rename(other.experiment_id, "a")
    assert store.experiments.get(other.experiment_id).name == "b"


def test_a_deleted_experiment_takes_no_changes(store: Store) -> None:
    made = store.experiments.create("a")
    store.experiments.delete(made.experiment_id)

    for change in (
        lambda: store.experiments.rename(made.experiment_id, "b"),
        lambda: store.experiments.set_tag(made.experiment_id, "k", "v"),
        lambda: store.runs.create(made.experiment_id),
    ):
        with pytest.raises(InvalidState, match=made.experiment_id):
            change()


def test_deleting_and_restoring_takes_the_runs_along(store: Store) -> None:
    made = store.experiments.create("a")
    run = store.runs.create(made.experiment_id)

    store.experiments.delete(made.experiment_id)
    assert store.runs.get(run.run_id).stage == "deleted"
    store.experiments.restore(made.experiment_id)
    assert store.runs.get(run.run_id).stage == "active"


def test_deleting_twice_is_not_found(store: Store) -> None:
    made = store.experiments.create("a")
    store.experiments.delete(made.experiment_id)

    with pytest.raises(NotFound):
        store.experiments.delete(made.experiment_id)


def test_a_metric_known_to_this_process_is_refused_once_the_experiment_is_deleted(
    store: Store,
) -> None:
    made = store.experiments.create("a")
    run = store.runs.create(made.experiment_id)
    store.metrics.log(run.run_id, "loss", 1.0, 1, 1)
    store.metrics.log(run.run_id, "loss", 1.0, 2, 2)
    store.experiments.delete(made.experiment_id)

    with pytest.raises(InvalidState):
        store.metrics.log(run.run_id, "loss", 1.0, 3, 3)


@pytest.mark.parametrize("wrong", ["x", "", "1.5", str(2**70)])
def test_an_id_that_is_no_integer_is_invalid(store: Store, wrong: str) -> None:
    with pytest.raises(InvalidValue):
        store.experiments.get(wrong)


def test_an_unknown_id_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="77"):
        store.experiments.get("77")


def test_a_removed_tag_is_gone_and_cannot_be_removed_again(store: Store) -> None:
    store.experiments.set_tag("0", "k", "v")
    store.experiments.delete_tag("0", "k")

    assert store.experiments.get("0").tags == {}
    with pytest.raises(NotFound, match="'k'"):
        store.experiments.delete_tag("0", "k")


def test_search_gives_the_newest_first(store: Store) -> None:
    for name in ("a", "b"):
        store.experiments.create(name)
    with store.db.atomic():
        store.db.conn.execute("update experiments set created_ms = experiment_id")

    assert names(store) == ["b", "a", "Default"]


def test_search_by_view(store: Store) -> None:
    gone = store.experiments.create("gone")
    store.experiments.delete(gone.experiment_id)

    assert names(store, view="deleted") == ["gone"]
    assert names(store, view="active") == ["Default"]
    assert sorted(names(store, view="all")) == ["Default", "gone"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("attribute", "name", "like", "De%"), ["Default"]),
        (Condition("attribute", "name", "like", "de%"), []),
        (Condition("attribute", "name", "ilike", "de%"), ["Default"]),
        (Condition("attribute", "experiment_id", "in", ("1", "2")), ["a", "b"]),
        (Condition("attribute", "experiment_id", "!=", "1"), ["Default", "b"]),
        (Condition("tag", "team", "=", "blue"), ["a"]),
        (Condition("tag", "team", "is null"), ["Default"]),
        (Condition("tag", "team", "is not null"), ["a", "b"]),
    ],
)
def test_search_by_condition(store: Store, condition: Condition, expected: list[str]) -> None:
    store.experiments.create("a", tags={"team": "blue"})
    store.experiments.create("b", tags={"team": "red"})
    search = Search((condition,), (Order("attribute", "name"),))

    assert names(store, search) == expected


def test_pages_give_each_experiment_once_while_others_are_added(store: Store) -> None:
    for number in range(10):
        store.experiments.create(f"e{number}")
    search = Search((), (Order("attribute", "name", ascending=False),))
    seen, token = [], None
    while True:
        page = store.experiments.search(search, limit=3, token=token)
        seen += [found.name for found in page.items]
        store.experiments.create(f"z{len(seen)}")
        if (token := page.next_token) is None:
            break

    assert seen == [*(f"e{number}" for number in reversed(range(10))), "Default"]
