"""Logged models: made pending, finished, searched, and measured."""

from __future__ import annotations

import math
import re
import sqlite3
import sys

import pytest

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.records import LoggedModel, MetricPoint
from nbruns.store import Store
from nbruns.store.models import append_model_metrics


@pytest.fixture
def experiment(store: Store) -> str:
    return store.experiments.create("trials").experiment_id


def measure(store: Store, model: LoggedModel, *points: MetricPoint) -> None:
    with store.db.atomic():
        append_model_metrics(
            store.db,
            [
                MetricPoint(
                    p.key,
                    p.value,
                    p.step,
                    p.at_ms,
                    model.model_id,
                    p.dataset_name,
                    p.dataset_digest,
                    "a" * 32,
                )
                for p in points
            ],
        )


def names(
    store: Store,
    experiment: str,
    *conditions: Condition,
    orders: tuple[Order, ...] = (),
    datasets: tuple[tuple[str, str | None], ...] = (),
) -> list[str]:
    search = Search(conditions, orders)
    found = store.models.search([experiment], search, datasets=datasets, limit=100)
    return [model.name for model in found.items]


def test_a_new_model_is_pending_and_has_a_place_for_its_files(
    store: Store, experiment: str
) -> None:
    model = store.models.create(
        experiment,
        name="churn",
        model_type="sklearn",
        source_run_id="r1",
        params={"depth": "3"},
        tags={"team": "a"},
    )

    assert model.status == "PENDING"
    assert re.fullmatch("m-[0-9a-f]{32}", model.model_id)
    place = f"{experiment}/models/{model.model_id}/artifacts"
    assert model.artifact_uri == (store.artifacts.root / place).as_uri()
    assert store.models.get(model.model_id) == model
    assert (model.params, model.tags) == ({"depth": "3"}, {"team": "a"})


def test_a_model_without_a_name_gets_one(store: Store, experiment: str) -> None:
    assert store.models.create(experiment).name


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "n" * 5000])
def test_a_name_that_would_break_a_uri_is_refused(store: Store, experiment: str, name: str) -> None:
    with pytest.raises(InvalidValue):
        store.models.create(experiment, name=name)


@pytest.mark.parametrize("missing", ["77", "x", "", "9" * 40])
def test_models_need_an_experiment(store: Store, missing: str) -> None:
    with pytest.raises(NotFound):
        store.models.create(missing, name="m")


def test_models_need_an_active_experiment(store: Store, experiment: str) -> None:
    store.experiments.delete(experiment)

    with pytest.raises(InvalidState):
        store.models.create(experiment, name="m")


def test_finalize_sets_the_status_and_the_time(store: Store, experiment: str) -> None:
    model = store.models.create(experiment, name="m")

    done = store.models.finalize(model.model_id, "READY")

    assert done.status == "READY"
    assert done.updated_ms >= model.updated_ms


def test_a_deleted_model_is_gone_unless_asked_for(store: Store, experiment: str) -> None:
    model = store.models.create(experiment, name="m")

    store.models.delete(model.model_id)

    with pytest.raises(NotFound, match=model.model_id):
        store.models.get(model.model_id)
    assert store.models.get(model.model_id, allow_deleted=True).name == "m"
    assert names(store, experiment) == []


def test_tags_can_be_changed_and_removed(store: Store, experiment: str) -> None:
    model = store.models.create(experiment, tags={"a": "1", "b": "2"})

    tagged = store.models.set_tags(model.model_id, {"a": "9", "c": "3"})
    store.models.delete_tag(model.model_id, "b")

    assert tagged.tags == {"a": "9", "b": "2", "c": "3"}
    assert store.models.get(model.model_id).tags == {"a": "9", "c": "3"}
    with pytest.raises(NotFound, match="'b'"):
        store.models.delete_tag(model.model_id, "b")


def test_params_cannot_be_changed(store: Store, experiment: str) -> None:
    model = store.models.create(experiment, params={"depth": "3"})

    store.models.log_params(model.model_id, {"depth": "3", "rate": "0.1"})
    with pytest.raises(InvalidValue, match=r"'3'.*'4'"):
        store.models.log_params(model.model_id, {"new": "1", "depth": "4"})

    assert store.models.get(model.model_id).params == {"depth": "3", "rate": "0.1"}


def test_metrics_come_back_with_run_and_dataset(store: Store, experiment: str) -> None:
    model = store.models.create(experiment)
    point = MetricPoint("acc", 0.5, 3, 99, model.model_id, "train", "d1", "a" * 32)

    with store.db.atomic():
        append_model_metrics(store.db, [point, point, MetricPoint("loss", 1.0)])

    assert store.models.get(model.model_id).metrics == (point,)


def test_a_metric_may_be_nan(store: Store, experiment: str) -> None:
    model = store.models.create(experiment)

    measure(store, model, MetricPoint("acc", math.nan))

    (point,) = store.models.get(model.model_id).metrics
    assert math.isnan(point.value)


def test_an_infinite_metric_is_the_largest_number_as_in_runs(store: Store, experiment: str) -> None:
    model = store.models.create(experiment)

    measure(store, model, MetricPoint("acc", math.inf))

    (point,) = store.models.get(model.model_id).metrics
    assert point.value == sys.float_info.max


def test_a_metric_of_an_unknown_model_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="m-none"), store.db.atomic():
        append_model_metrics(store.db, [MetricPoint("acc", 1.0, model_id="m-none", run_id="r")])


class TestSearch:
    @pytest.fixture
    def three(self, store: Store, experiment: str) -> list[LoggedModel]:
        made = [
            store.models.create(
                experiment,
                name=f"model-{letter}",
                params={"depth": str(depth)},
                tags={"team": letter.upper()},
                model_type="sklearn" if letter != "c" else "xgboost",
            )
            for letter, depth in zip("abc", (1, 2, 2), strict=True)
        ]
        measure(store, made[0], MetricPoint("acc", 0.9, 0, 1, None, "train", "d1"))
        measure(store, made[0], MetricPoint("acc", 0.2, 1, 2, None, "test", "d2"))
        measure(store, made[1], MetricPoint("acc", 0.5, 0, 1, None, "train", "d1"))
        return made

    CASES: tuple[tuple[tuple[Condition, ...], str], ...] = (
        ((Condition("attribute", "name", "=", "model-a"),), "a"),
        ((Condition("attribute", "name", "like", "MODEL-%"),), ""),
        ((Condition("attribute", "name", "like", "model-_"),), "abc"),
        ((Condition("attribute", "name", "ilike", "MODEL-%"),), "abc"),
        ((Condition("attribute", "name", "like", "model*"),), ""),
        ((Condition("attribute", "name", "in", ("model-a", "model-c")),), "ac"),
        ((Condition("attribute", "name", "not in", ("model-a",)),), "bc"),
        ((Condition("attribute", "model_type", "!=", "sklearn"),), "c"),
        ((Condition("attribute", "created_ms", ">", 0.0),), "abc"),
        ((Condition("param", "depth", "=", "2"),), "bc"),
        ((Condition("param", "depth", "!=", "2"),), "a"),
        ((Condition("param", "absent", "!=", "2"),), ""),
        ((Condition("tag", "team", "=", "B"), Condition("param", "depth", "=", "2")), "b"),
        ((Condition("metric", "acc", ">", 0.4),), "ab"),
        ((Condition("metric", "acc", "<", 0.4),), "a"),
    )

    @pytest.mark.parametrize(("conditions", "letters"), CASES)
    def test_conditions(
        self,
        store: Store,
        experiment: str,
        three: list[LoggedModel],
        conditions: tuple[Condition, ...],
        letters: str,
    ) -> None:
        assert sorted(names(store, experiment, *conditions)) == [f"model-{x}" for x in letters]

    def test_a_metric_counts_on_the_datasets_asked_for_only(
        self, store: Store, experiment: str, three: list[LoggedModel]
    ) -> None:
        above = Condition("metric", "acc", ">", 0.4)

        assert names(store, experiment, above, datasets=(("test", None),)) == []
        assert len(names(store, experiment, above, datasets=(("train", "d1"),))) == 2
        assert names(store, experiment, datasets=(("test", "d2"),)) == ["model-a"]
        assert names(store, experiment, datasets=(("test", "other"),)) == []

    def test_the_newest_metric_orders_and_models_without_it_come_last(
        self, store: Store, experiment: str, three: list[LoggedModel]
    ) -> None:
        for ascending, expected in ((True, "abc"), (False, "bac")):
            orders = (Order("metric", "acc", ascending),)
            assert names(store, experiment, orders=orders) == [f"model-{x}" for x in expected]

    def test_a_metric_on_one_dataset_orders(
        self, store: Store, experiment: str, three: list[LoggedModel]
    ) -> None:
        orders = (Order("metric", "acc", True, "train", "d1"),)

        assert names(store, experiment, orders=orders) == ["model-b", "model-a", "model-c"]

    @pytest.mark.parametrize(
        "orders",
        [
            (),
            (Order("attribute", "name", True),),
            (Order("attribute", "created_ms", True),),
            (Order("metric", "acc", True),),
            (Order("metric", "acc", False), Order("attribute", "model_type", True)),
        ],
    )
    def test_pages_join_to_the_whole_while_models_are_added(
        self, store: Store, experiment: str, three: list[LoggedModel], orders: tuple[Order, ...]
    ) -> None:
        whole = names(store, experiment, orders=orders)
        paged: list[str] = []
        token = None
        for late in (True, True, False, False, False):
            page = store.models.search([experiment], Search((), orders), limit=1, token=token)
            paged += [model.name for model in page.items]
            token = page.next_token
            if token is None:
                break
            if late:
                store.models.create(experiment, name="late")

        assert [name for name in paged if name != "late"] == whole

    @pytest.mark.parametrize("token", ["nonsense", "[]", "[[1], 2]", "{}", "[1e999, {}]"])
    def test_a_token_that_is_not_ours_is_refused(
        self, store: Store, experiment: str, token: str
    ) -> None:
        with pytest.raises(InvalidValue, match="page token"):
            store.models.search([experiment], Search(), limit=1, token=token)

    def test_a_column_that_is_not_offered_is_refused(self, store: Store, experiment: str) -> None:
        sly = Condition("attribute", "name) or (1=1", "=", "x")

        with pytest.raises(InvalidValue, match="Invalid attribute"):
            names(store, experiment, sly)

    def test_only_the_experiments_asked_for_are_searched(
        self, store: Store, experiment: str, three: list[LoggedModel]
    ) -> None:
        assert store.models.search([], Search(), limit=9).items == []
        assert store.models.search(["0"], Search(), limit=9).items == []
        assert len(store.models.search(["0", experiment], Search(), limit=9).items) == 3


def test_a_page_costs_a_few_statements_whatever_its_size(store: Store, experiment: str) -> None:
    for number in range(50):
        store.models.create(experiment, name=f"m{number}", params={"a": "1"}, tags={"b": "2"})
    statements: list[str] = []
    store.db.conn.set_trace_callback(statements.append)

    assert len(store.models.search([experiment], Search(), limit=50).items) == 50

    store.db.conn.set_trace_callback(None)
    assert len(statements) <= 5


def test_tables_hold_no_orphans(store: Store, experiment: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.db.conn.execute(
            "insert into model_tags (model_number, key, value) values (99, 'a', 'b')"
        )


def test_a_model_is_found_by_the_location_it_shows(store: Store, experiment: str) -> None:
    model = store.models.create(experiment, name="mine")
    store.models.create(experiment, name="another")

    found = names(
        store, experiment, Condition("attribute", "artifact_uri", "=", model.artifact_uri)
    )

    assert found == ["mine"]


def test_a_tag_named_like_a_location_is_a_tag(store: Store, experiment: str) -> None:
    store.models.create(experiment, name="mine", tags={"artifact_uri": "here"})
    store.models.create(experiment, name="another")

    assert names(store, experiment, Condition("tag", "artifact_uri", "=", "here")) == ["mine"]
