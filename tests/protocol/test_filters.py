"""Filter and order text becomes conditions; what is refused says where it is wrong."""

import pytest

from nbruns.conditions import Condition, Order
from nbruns.errors import InvalidValue
from nbruns.protocol.filters import order_of_models, parse_filter, parse_order
from nbruns.protocol.grammar import (
    EXPERIMENTS,
    LOGGED_MODELS,
    REGISTERED_MODELS,
    RUNS,
    VERSIONS,
    Grammar,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc > 0.9", Condition("metric", "acc", ">", 0.9)),
        ("metric.`a b/c` <= -1e-3", Condition("metric", "a b/c", "<=", -0.001)),
        ('metrics."a-b" != 5', Condition("metric", "a-b", "!=", 5.0)),
        ("params.lr = '0.1'", Condition("param", "lr", "=", "0.1")),
        ('param.lr = "0.1"', Condition("param", "lr", "=", "0.1")),
        ("parameters.opt.name LIKE 'ad%'", Condition("param", "opt.name", "like", "ad%")),
        ("tags.`mlflow.user` ilike 'A%'", Condition("tag", "mlflow.user", "ilike", "A%")),
        ("tag.x IS NULL", Condition("tag", "x", "is null")),
        ("params.x is  not\nnull", Condition("param", "x", "is not null")),
        ("status = 'RUNNING'", Condition("attribute", "status", "=", "RUNNING")),
        ("attributes.start_time >= 12", Condition("attribute", "started_ms", ">=", 12)),
        ("attr.`Run name` = 'x'", Condition("attribute", "name", "=", "x")),
        ("run.created < 5", Condition("attribute", "started_ms", "<", 5)),
        ("run_id in ('a', 'b',)", Condition("attribute", "run_id", "in", ("a", "b"))),
        ("run_id NOT IN ('a')", Condition("attribute", "run_id", "not in", ("a",))),
        ("dataset.name = 'iris'", Condition("dataset", "name", "=", "iris")),
        ("datasets.context IN ('t')", Condition("dataset", "context", "in", ("t",))),
        ("`metrics`.a > .5", Condition("metric", "a", ">", 0.5)),
        (r"params.q = 'it\'s'", Condition("param", "q", "=", r"it\'s")),
        ("params.q = 'a AND b'", Condition("param", "q", "=", "a AND b")),
    ],
)
def test_a_run_filter_reads_as(text: str, expected: Condition) -> None:
    assert parse_filter(text, RUNS) == (expected,)


def test_conditions_are_joined_by_and_in_any_case() -> None:
    found = parse_filter("metrics.a > 1 and params.b='2' AND tags.c != '3'", RUNS)

    assert [condition.key for condition in found] == ["a", "b", "c"]


@pytest.mark.parametrize("text", [None, "", "  "])
def test_an_empty_filter_has_no_conditions(text: str | None) -> None:
    assert parse_filter(text, RUNS) == ()


@pytest.mark.parametrize(
    ("grammar", "text", "expected"),
    [
        (EXPERIMENTS, "name LIKE 'a%'", Condition("attribute", "name", "like", "a%")),
        (EXPERIMENTS, "last_update_time > 5", Condition("attribute", "updated_ms", ">", 5)),
        (
            EXPERIMENTS,
            "experiment_id IN ('1','2')",
            Condition("attribute", "experiment_id", "in", ("1", "2")),
        ),
        (LOGGED_MODELS, "params.lr = 0.01", Condition("param", "lr", "=", "0.01")),
        (LOGGED_MODELS, "metrics.acc >= 1", Condition("metric", "acc", ">=", 1.0)),
        (
            LOGGED_MODELS,
            "creation_timestamp < 7",
            Condition("attribute", "created_ms", "<", 7),
        ),
        (LOGGED_MODELS, "tags.a IN ('x')", Condition("tag", "a", "in", ("x",))),
        (REGISTERED_MODELS, "name ilike 'm%'", Condition("attribute", "name", "ilike", "m%")),
        (VERSIONS, "version_number > 2", Condition("attribute", "version", ">", 2)),
        (VERSIONS, "source_path = 'x'", Condition("attribute", "source", "=", "x")),
    ],
)
def test_other_searches_have_words_of_their_own(
    grammar: Grammar, text: str, expected: Condition
) -> None:
    assert parse_filter(text, grammar) == (expected,)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("params.a = 5", 12),
        ("metrics.a > 'x'", 13),
        ("metrics.a LIKE 3", 11),
        ("metrics.a is null", 11),
        ("foo.bar = 'x'", 1),
        ("unknown = 'x'", 1),
        ("metrics.a > 1 OR metrics.b > 2", 15),
        ("metrics.a > 1 AND", 18),
        ("metrics.my-key > 1", 11),
        ("params.a = 'x", 12),
        ("params.a == 'x'", 10),
        ("(metrics.a > 1)", 1),
        ("run_id IN ()", 11),
        ("run_id IN ('a' 'b')", 16),
        ("status IN ('a')", 8),
        ("dataset.size = 'x'", 1),
        ("params.a IS 'x'", 10),
        ("metrics. > 1", 10),
    ],
)
def test_a_refusal_shows_the_place(text: str, place: int) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_filter(text, RUNS)

    first, shown, caret = str(refused.value).splitlines()
    assert first.endswith(f"(at position {place}):")
    assert caret.index("^") == len(shown) - len(shown.lstrip()) + place - 1


def test_a_refusal_of_a_long_filter_shows_only_the_neighbourhood() -> None:
    text = " AND ".join(f"metrics.m{i} > {i}" for i in range(500)) + " AND params.x = 7"

    with pytest.raises(InvalidValue) as refused:
        parse_filter(text, RUNS)

    _first, shown, caret = str(refused.value).splitlines()
    assert len(shown) < 100
    assert shown[caret.index("^")] == "7"


def test_a_filter_of_a_megabyte_is_refused_at_once() -> None:
    with pytest.raises(InvalidValue, match="too long"):
        parse_filter("metrics.a > 1 AND " * 60_000, RUNS)


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        (EXPERIMENTS, "creation_time > 1.5"),
        (EXPERIMENTS, "experiment_id = 'abc'"),
        (EXPERIMENTS, "metrics.a > 1"),
        (LOGGED_MODELS, "param.a = 'x'"),
        (REGISTERED_MODELS, "last_updated_timestamp > 1"),
        (VERSIONS, "tags.a IS NULL"),
    ],
)
def test_other_searches_refuse_what_is_not_theirs(grammar: Grammar, text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_filter(text, grammar)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc DESC", Order("metric", "acc", ascending=False)),
        ("metrics.`a b` asc", Order("metric", "a b")),
        ("start_time", Order("attribute", "started_ms")),
        ("attributes.`Created` desc", Order("attribute", "started_ms", ascending=False)),
        ("params.lr", Order("param", "lr")),
        ("tag.x DESC", Order("tag", "x", ascending=False)),
    ],
)
def test_an_order_reads_as(text: str, expected: Order) -> None:
    assert parse_order([text], RUNS) == (expected,)


@pytest.mark.parametrize("text", ["", "metrics.a down", "dataset.name", "metrics.a desc, x", "a b"])
def test_a_bad_order_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_order([text], RUNS)


def test_the_same_order_twice_is_refused() -> None:
    with pytest.raises(InvalidValue, match="twice"):
        parse_order(["start_time", "created desc"], RUNS)


def test_the_order_of_models_takes_its_key_as_it_stands() -> None:
    assert order_of_models("metrics.my-acc", False, "iris", "abc") == Order(
        "metric", "my-acc", ascending=False, dataset_name="iris", dataset_digest="abc"
    )


def test_models_are_ordered_by_dataset_on_metrics_only() -> None:
    with pytest.raises(InvalidValue, match="Only a metric"):
        order_of_models("name", True, "iris", None)
