"""Searches of runs: MLflow's conditions and order, and pages that stay right."""

import json
import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import InvalidValue
from nbruns.records import Dataset, DatasetInput, MetricPoint, Run
from nbruns.store import Store, run_sources
from nbruns.store.run_texts import Words

IRIS = DatasetInput(Dataset("iris", "d1", "local", "{}"), {"mlflow.data.context": "train"})


def found(
    store: Store, *conditions: Condition, by: tuple[Order, ...] = (), **options: object
) -> str:
    """The names of the runs found, joined."""
    search = Search(conditions, by)
    page = store.runs.search(["0"], search, limit=100, **options)  # type: ignore[arg-type]
    return " ".join(run.name for run in page.items)


@pytest.fixture(params=["few", "walk"], autouse=True)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways a search may be carried out must answer alike."""
    if request.param == "walk":
        monkeypatch.setattr(run_sources, "_few_candidates", lambda *_: None)
    return str(request.param)


@pytest.fixture
def three(store: Store) -> dict[str, Run]:
    """Runs a, b, c: two ended, c still logging; m is 1, NaN, 3; b has no param p."""
    runs = {
        name: store.runs.create("0", name=name, user=f"u{name}", started_ms=at)
        for at, name in enumerate("abc", start=1)
    }
    values = {"a": 1.0, "b": math.nan, "c": 3.0}
    for name, run in runs.items():
        store.runs.log_batch(
            run.run_id,
            metrics=[MetricPoint("m", values[name])],
            params={} if name == "b" else {"p": f"x{name.upper()}"},
            tags={"t": "long" * 50 + name},
        )
    store.runs.log_inputs(runs["a"].run_id, [IRIS])
    for name in "ab":
        store.runs.update(runs[name].run_id, status="FINISHED", ended_ms=10)
    return runs


def test_the_newest_come_first(store: Store, three: dict[str, Run]) -> None:
    assert found(store) == "c b a"


C = Condition


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (C("metric", "m", ">", 0.5), "c a"),
        (C("metric", "m", ">=", 3.0), "c"),
        (C("metric", "m", "<", 3.0), "a"),
        (C("metric", "m", "=", 0.0), ""),
        (C("metric", "m", "!=", 1.0), "c b"),
        (C("metric", "m", "is null"), ""),
        (C("metric", "m", "is not null"), "c b a"),
        (C("metric", "none", "is null"), "c b a"),
        (C("metric", "none", "!=", 1.0), ""),
        (C("param", "p", "=", "xA"), "a"),
        (C("param", "p", "!=", "xA"), "c"),
        (C("param", "p", "like", "x%"), "c a"),
        (C("param", "p", "like", "X%"), ""),
        (C("param", "p", "ilike", "X_"), "c a"),
        (C("param", "p", "is null"), "b"),
        (C("param", "p", "is not null"), "c a"),
        (C("tag", "t", "=", "long" * 50 + "b"), "b"),
        (C("tag", "t", "like", "%a"), "a"),
        (C("attribute", "name", "=", "b"), "b"),
        (C("attribute", "name", "!=", "b"), "c a"),
        (C("attribute", "user", "=", "uc"), "c"),
        (C("attribute", "status", "=", "FINISHED"), "b a"),
        (C("attribute", "status", "!=", "FINISHED"), "c"),
        (C("attribute", "started_ms", ">", 1), "c b"),
        (C("attribute", "ended_ms", "=", 10), "b a"),
        (C("dataset", "name", "=", "iris"), "a"),
        (C("dataset", "digest", "like", "d%"), "a"),
        (C("dataset", "context", "=", "train"), "a"),
        (C("dataset", "context", "=", "test"), ""),
        (C("dataset", "name", "!=", "iris"), ""),
    ],
)
def test_conditions(
    store: Store, three: dict[str, Run], condition: Condition, expected: str
) -> None:
    assert found(store, condition) == expected


def test_run_ids_by_list(store: Store, three: dict[str, Run]) -> None:
    ids = tuple(three[name].run_id for name in "ac")

    assert found(store, C("attribute", "run_id", "in", ids)) == "c a"
    assert found(store, C("attribute", "run_id", "not in", ids)) == "b"
    assert found(store, C("attribute", "run_id", "=", ids[0])) == "a"


def test_a_location_is_found_as_it_was_handed_out(store: Store, three: dict[str, Run]) -> None:
    place = three["b"].artifact_uri

    assert found(store, C("attribute", "artifact_uri", "=", place)) == "b"
    assert found(store, C("attribute", "artifact_uri", "!=", place)) == "c a"


def test_all_conditions_hold_together(store: Store, three: dict[str, Run]) -> None:
    assert found(store, C("metric", "m", ">", 0.5), C("param", "p", "=", "xC")) == "c"
    assert found(store, C("metric", "m", ">", 2.0), C("param", "p", "=", "xA")) == ""


@pytest.mark.parametrize(
    ("field", "key", "ascending", "descending"),
    [
        ("metric", "m", "a c b", "c a b"),
        ("metric", "none", "c b a", "c b a"),
        ("param", "p", "a c b", "c a b"),
        ("tag", "t", "a b c", "c b a"),
        ("attribute", "name", "a b c", "c b a"),
        ("attribute", "ended_ms", "b a c", "b a c"),
        ("attribute", "started_ms", "a b c", "c b a"),
    ],
)
def test_orders_put_nan_and_missing_last(  # noqa: PLR0917
    store: Store, three: dict[str, Run], field: str, key: str, ascending: str, descending: str
) -> None:
    assert found(store, by=(Order(field, key),)) == ascending  # type: ignore[arg-type]
    assert found(store, by=(Order(field, key, ascending=False),)) == descending  # type: ignore[arg-type]


def test_a_field_may_stand_once_in_the_order(store: Store) -> None:
    with pytest.raises(InvalidValue, match="twice"):
        found(store, by=(Order("metric", "m"), Order("metric", "m", ascending=False)))


def test_views_choose_by_stage(store: Store, three: dict[str, Run]) -> None:
    store.runs.delete(three["b"].run_id)

    assert found(store) == "c a"
    assert found(store, view="deleted") == "b"
    assert found(store, view="all") == "c b a"


def test_only_the_experiments_asked_for_are_searched(store: Store, three: dict[str, Run]) -> None:
    other = store.experiments.create("other").experiment_id
    store.runs.create(other, name="d", started_ms=9)

    def names(*ids: str) -> list[str]:
        return [r.name for r in store.runs.search(ids, Search(), limit=9).items]

    assert names("0") == ["c", "b", "a"]
    assert names("0", other) == ["d", "c", "b", "a"]
    assert names() == []


def test_a_foreign_token_is_refused(store: Store) -> None:
    for token in ("x", "[]", "{}", '[1, "x", 3]', "[[1], 2]"):
        with pytest.raises(InvalidValue, match="token"):
            store.runs.search(["0"], Search(), limit=1, token=token)


ORDERS = [
    (),
    (Order("metric", "m"),),
    (Order("metric", "m", ascending=False), Order("param", "p")),
    (Order("param", "p", ascending=False),),
    (Order("tag", "t"), Order("metric", "m")),
    (Order("attribute", "ended_ms", ascending=False),),
    (Order("attribute", "status"), Order("attribute", "started_ms")),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Sixty runs with ties, NaN, gaps, long texts, ended or not."""
    store = Store.open(tmp_path_factory.mktemp("many"))
    chance = random.Random(3)
    for number in range(60):
        run = store.runs.create("0", name=f"r{number}", started_ms=chance.randrange(20))
        value = chance.choice([0.0, 1.0, math.nan, None, chance.random()])
        store.runs.log_batch(
            run.run_id,
            metrics=[] if value is None else [MetricPoint("m", value)],
            params={"p": chance.choice("xyz") * chance.choice([1, 150])} if number % 3 else {},
            tags={"t": chance.choice("ab")} if number % 4 else {},
        )
        if chance.random() < 0.5:
            store.runs.update(run.run_id, status="FINISHED", ended_ms=chance.randrange(5))
    yield store
    store.close()


@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize("size", [1, 7, 59])
def test_pages_join_to_the_whole(many: Store, orders: tuple[Order, ...], size: int) -> None:
    search = Search((), orders)
    whole = [run.run_id for run in many.runs.search(["0"], search, limit=1000).items]
    pages, token = [], None
    while True:
        page = many.runs.search(["0"], search, limit=size, token=token)
        assert len(page.items) <= size
        pages += [run.run_id for run in page.items]
        if (token := page.next_token) is None:
            break

    assert pages == whole
    assert len(whole) == 60


@pytest.mark.parametrize("orders", ORDERS)
def test_both_plans_sort_alike(
    many: Store, orders: tuple[Order, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ids() -> list[str]:
        search = Search((C("metric", "m", "is not null"),), orders)
        return [run.run_id for run in many.runs.search(["0"], search, limit=50).items]

    first = ids()
    few = run_sources.Sql("select run_number from runs")
    monkeypatch.setattr(run_sources, "_few_candidates", lambda *_: few)
    assert ids() == first


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_pages_give_each_run_once_while_runs_are_added(data: st.DataObject) -> None:
    store = _stores[0]
    experiment = store.experiments.create(
        f"e{len(store.experiments.search(Search(), limit=999).items)}"
    )
    orders = data.draw(st.sampled_from(ORDERS))
    size = data.draw(st.integers(1, 9))

    def add() -> None:
        run = store.runs.create(experiment.experiment_id, started_ms=data.draw(st.integers(0, 9)))
        store.metrics.log(run.run_id, "m", data.draw(st.floats(0, 4)), 0, 0)

    for _ in range(12):
        add()
    search = Search((), orders)
    before = {
        run.run_id for run in store.runs.search([experiment.experiment_id], search, limit=99).items
    }
    seen, token = [], None
    while True:
        page = store.runs.search([experiment.experiment_id], search, limit=size, token=token)
        seen += [run.run_id for run in page.items]
        if (token := page.next_token) is None or len(seen) > 200:
            break
        if len(seen) < 40:
            add()

    assert len(seen) == len(set(seen))
    assert before <= set(seen)


_stores: list[Store] = []


@pytest.fixture(autouse=True)
def _keep_store(store: Store) -> None:
    _stores[:] = [store]


def test_texts_say_what_the_records_say(many: Store) -> None:
    words = Words("key", "value", "timestamp", "step", "NaN")
    search = Search((), (Order("metric", "m"),))
    records = many.runs.search(["0"], search, limit=40)
    texts = many.runs.search_texts(["0"], search, words, limit=40)

    assert texts.next_token == records.next_token
    for record, text in zip(records.items, texts.items, strict=True):
        assert text.run.run_id == record.run_id
        assert {p["key"]: p["value"] for p in json.loads(text.params)} == record.params
        assert {t["key"]: t["value"] for t in json.loads(text.tags)} == record.tags
        assert sorted(json.loads(text.metrics), key=lambda m: m["key"]) == [
            {
                "key": point.key,
                "value": "NaN" if math.isnan(point.value) else point.value,
                "timestamp": point.at_ms,
                "step": point.step,
            }
            for point in record.metrics
        ]


@settings(max_examples=80, deadline=None)
@given(value=st.floats(allow_infinity=False, allow_nan=False))
def test_a_value_in_a_text_is_the_value_logged(value: float) -> None:
    store = _stores[0]
    run = store.runs.create("0")
    store.metrics.log(run.run_id, "m", value, 0, 0)
    store.runs.update(run.run_id, status="FINISHED")
    words = Words("key", "value", "timestamp", "step", "NaN")
    wanted = Search((C("attribute", "run_id", "=", run.run_id),))
    text = store.runs.search_texts(["0"], wanted, words, limit=1).items[0]

    assert json.loads(text.metrics)[0]["value"] == value
