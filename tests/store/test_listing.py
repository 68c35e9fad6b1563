"""Lists of runs by place: windows, folding, counts, and what stands on a row."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import filterfalse
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pytest

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import InvalidState
from nbruns.records import Dataset, DatasetInput, ListColumns, ListedRun, MetricPoint, Run
from nbruns.store import Store, listed_runs, run_sources, search
from nbruns.store.sparks import thinned

NAMES = (Order("attribute", "name"),)
ACC = ListColumns(metrics={"acc": ("last", "max")})
Names = Callable[..., str]


@pytest.fixture(params=["few", "walk"])
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways a search may be carried out must answer alike."""
    if request.param == "walk":
        monkeypatch.setattr(run_sources, "_few_candidates", lambda *_: None)
    return str(request.param)


def names(rows: list[ListedRun]) -> str:
    return " ".join("  " * row.depth + row.run.name for row in rows)


def new_run(store: Store, name: str, parent: Run | None = None, **metrics: float) -> Run:
    tags = {"mlflow.parentRunId": parent.run_id} if parent else {}
    run = store.runs.create("0", name=name, started_ms=1_000 + len(name), tags=tags)
    points = [MetricPoint(key, value, at_ms=1) for key, value in metrics.items()]
    store.metrics.append(run.run_id, points)
    return run


def folded(store: Store, first: int = 0, count: int = 50, **more: object) -> tuple[str, int]:
    rows, total = store.listing.folded(
        "0",
        NAMES,
        ListColumns(),
        first=first,
        count=count,
        **more,  # type: ignore[arg-type]
    )
    return names(rows), total


@pytest.fixture
def sweep(store: Store) -> dict[str, Run]:
    """Two sweeps, one of them with a sweep inside, and a run by itself."""
    runs = {"a": new_run(store, "a"), "b": new_run(store, "b", acc=0.3), "c": new_run(store, "c")}
    runs["b1"] = new_run(store, "b1", runs["b"], acc=0.7)
    runs["b2"] = new_run(store, "b2", runs["b"], acc=math.nan)
    runs["b1x"] = new_run(store, "b1x", runs["b1"], acc=0.9)
    runs["c1"] = new_run(store, "c1", runs["c"], acc=0.4)
    store.runs.update(runs["b1"].run_id, status="FINISHED", ended_ms=5_000)
    return runs


@pytest.mark.parametrize("first", [0, 1, 2, 3, 5, 9, 12])
@pytest.mark.parametrize("is_falling", [True, False])
def test_any_part_of_a_metric_s_order_is_that_part_of_the_whole(
    store: Store, plan: str, first: int, is_falling: bool
) -> None:
    for place, value in enumerate([0.5, math.nan, 0.1, 0.9, math.nan, 0.3]):
        run = new_run(store, f"m{place}", acc=value)
        if place % 2:
            store.runs.update(run.run_id, status="FINISHED", ended_ms=2_000)
    for place in range(4):
        new_run(store, f"none{place}")
    search = Search((), (Order("metric", "acc", not is_falling),))
    whole = [run.name for run in store.runs.search(["0"], search, limit=50).items]

    rows = store.listing.rows("0", search, ACC, first=first, count=4)

    assert [row.run.name for row in rows] == whole[first : first + 4]
    assert store.listing.total("0", search) == 10


def test_nested_runs_stay_folded_away_until_their_parent_is_expanded(
    store: Store, sweep: dict[str, Run]
) -> None:
    assert folded(store) == ("a b c", 3)
    opened = [sweep["b"].run_id, sweep["b1"].run_id]
    assert folded(store, expanded=opened) == ("a b   b1     b1x   b2 c", 6)
    assert folded(store, 2, 2, expanded=opened) == ("  b1     b1x", 6)


def test_expanding_what_has_no_children_or_is_gone_changes_nothing(
    store: Store, sweep: dict[str, Run]
) -> None:
    assert folded(store, expanded=[sweep["a"].run_id, "gone"]) == ("a b c", 3)


def test_runs_whose_parent_is_deleted_stand_by_themselves(
    store: Store, sweep: dict[str, Run]
) -> None:
    store.runs.delete(sweep["b"].run_id)

    assert folded(store) == ("a b1 b2 c", 4)


@pytest.mark.parametrize("many", [0, 2_000])
def test_a_parent_counts_its_children_and_carries_the_best_value_of_them(
    store: Store, sweep: dict[str, Run], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed_runs, "_MANY_CHILDREN", many)
    rows, _ = store.listing.folded("0", NAMES, ACC, first=0, count=9)

    assert [(row.children, row.best_of_children.get("acc")) for row in rows] == [
        (0, None),
        (2, 0.7),
        (1, 0.4),
    ]


def test_the_best_of_the_children_is_the_least_where_less_is_better(store: Store) -> None:
    parent = new_run(store, "p")
    for name, loss in (("x", 0.2), ("y", 0.1)):
        new_run(store, name, parent, loss=loss)
    columns = ListColumns(metrics={"loss": ("last", "min")})
    rows, _ = store.listing.folded("0", NAMES, columns, first=0, count=9)

    assert rows[0].best_of_children == {"loss": 0.1}


def test_a_search_finds_nested_runs_and_names_their_parents(
    store: Store, sweep: dict[str, Run], plan: str
) -> None:
    search = Search((Condition("metric", "acc", ">", 0.35),), NAMES)
    rows = store.listing.rows("0", search, ACC, first=0, count=9)

    assert [(row.run.name, row.parent_name) for row in rows] == [
        ("b1", "b"),
        ("b1x", "b1"),
        ("c1", "c"),
    ]
    assert store.listing.total("0", search) == 3


def test_a_row_carries_what_columns_ask_for_and_nothing_else(store: Store) -> None:
    run = new_run(store, "one", acc=0.5, loss=1.0)
    store.metrics.append(run.run_id, [MetricPoint("acc", 0.8, 1, 2), MetricPoint("acc", 0.6, 2, 3)])
    store.runs.log_batch(run.run_id, params={"p": "1", "q": "2"}, tags={"t": "x", "u": "y"})
    columns = ListColumns({"acc": ("last", "max")}, ("q",), ("t",))
    (row,) = store.listing.rows("0", Search(), columns, first=0, count=5)

    assert (row.run.params, row.run.tags) == ({"q": "2"}, {"t": "x"})
    assert row.run.metrics == (MetricPoint("acc", 0.6, 2, 3),)
    assert row.extremes == {"acc": (0.5, 0.8)}


@pytest.mark.parametrize("ended", [True, False])
def test_runs_are_sorted_by_the_largest_and_the_smallest_value(store: Store, ended: bool) -> None:
    for name, values in (("up", (0.1, 0.9, 0.2)), ("flat", (0.5, 0.5, 0.6)), ("none", ())):
        run = new_run(store, name)
        points = [MetricPoint("acc", value, step, 1) for step, value in enumerate(values)]
        store.metrics.append(run.run_id, points)
        if ended:
            store.runs.update(run.run_id, status="FINISHED", ended_ms=3_000)

    def by(aggregate: str, ascending: bool) -> str:
        order = Order("metric", "acc", ascending, aggregate=aggregate)  # type: ignore[arg-type]
        return names(store.listing.rows("0", Search((), (order,)), ACC, first=0, count=9))

    assert by("last", False) == "flat up none"
    assert by("max", False) == "up flat none"
    assert by("min", True) == "up flat none"
    assert by("min", False) == "flat up none"


def test_a_run_that_goes_on_has_lasted_until_now(store: Store) -> None:
    for name, ended_ms in (("short", 2_000), ("long", 9_000), ("going", None)):
        run = store.runs.create("0", name=name, started_ms=1_000)
        if ended_ms:
            store.runs.update(run.run_id, status="FINISHED", ended_ms=ended_ms)
    order = (Order("attribute", "took_ms", ascending=False),)
    rows, _ = store.listing.folded("0", order, ListColumns(), first=0, count=9)

    assert names(rows) == "going long short"


def test_the_best_run_has_a_number(store: Store, sweep: dict[str, Run]) -> None:
    best = store.listing.best("0", Order("metric", "acc", ascending=False), Search())
    worst = store.listing.best("0", Order("metric", "acc"), Search())
    none = store.listing.best("0", Order("metric", "loss"), Search())

    assert (best, worst, none) == (sweep["b1x"].run_id, sweep["b"].run_id, None)


def test_counts_tell_statuses_and_the_trash_apart(store: Store, sweep: dict[str, Run]) -> None:
    store.runs.delete(sweep["a"].run_id)
    counts = store.listing.counts("0")

    assert (counts.by_status, counts.deleted) == ({"FINISHED": 1, "RUNNING": 5}, 1)


def test_keys_say_how_many_runs_have_them_and_with_how_many_values(store: Store) -> None:
    for depth in ("3", "4", "4"):
        run = new_run(store, f"run{depth}", acc=0.1)
        store.runs.log_params(run.run_id, {"depth": depth, "seed": "1"})
    params = store.listing.keys("0", "params")

    assert [(key.key, key.runs, key.values) for key in params] == [("depth", 3, 2), ("seed", 3, 1)]
    assert [key.key for key in store.listing.keys("0", "metrics")] == ["acc"]
    assert store.listing.values("0", "params", "depth") == ["4", "3"]


def test_a_key_that_only_a_run_in_the_middle_has_is_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbruns.store import run_keys

    monkeypatch.setattr(run_keys, "NEWEST", 1)
    monkeypatch.setattr(run_keys, "OLDEST", 1)
    for name in ("x", "yy", "zzz"):
        run = new_run(store, name, **{f"m-{name}": 1.0})
        store.runs.log_params(run.run_id, {f"p-{name}": "1"})
        store.runs.update(run.run_id, status="FINISHED", ended_ms=9_000)
    other = store.experiments.create("other").experiment_id
    store.runs.log_params(store.runs.create(other).run_id, {"elsewhere": "1"})

    assert [key.key for key in store.listing.keys("0", "params")] == ["p-x", "p-yy", "p-zzz"]
    assert [key.key for key in store.listing.keys("0", "metrics")] == ["m-x", "m-yy", "m-zzz"]


@pytest.mark.parametrize("count", [2, 30, 700, 20_000])
def test_a_spark_keeps_the_ends_and_the_extremes(store: Store, run: Run, count: int) -> None:
    values = [math.sin(step / 50) for step in range(count)]
    values[count // 3], values[count // 2] = 7.0, -7.0
    points = [MetricPoint("wave", value, step, 1 + step) for step, value in enumerate(values)]
    store.metrics.append(run.run_id, points)
    spark = store.listing.sparks([run.run_id, "gone"], ["wave", "never"], points=32)

    drawn = spark[run.run_id]["wave"]
    assert 2 <= len(drawn) <= 32
    assert (drawn[0], drawn[-1]) == (values[0], values[-1])
    assert (min(drawn), max(drawn)) == (min(values), max(values))


def test_one_point_is_no_curve(store: Store, run: Run) -> None:
    store.metrics.append(run.run_id, [MetricPoint("acc", 1.0, at_ms=1)])

    assert store.listing.sparks([run.run_id], ["acc"], points=32) == {}
    assert thinned([1.0, 2.0, 3.0], 4) == [1.0, 2.0, 3.0]


def test_deleting_a_parent_takes_what_is_nested_in_it_and_all_come_back(
    store: Store, sweep: dict[str, Run]
) -> None:
    gone = store.listing.delete([sweep["b"].run_id])
    assert folded(store) == ("a c", 2)
    assert sorted(gone) == sorted(sweep[name].run_id for name in ("b", "b1", "b2", "b1x"))

    store.listing.restore(gone)
    assert folded(store, expanded=[sweep["b"].run_id])[0] == "a b   b1   b2 c"


def test_a_purged_run_leaves_no_row_and_no_file(store: Store, run: Run) -> None:
    store.runs.log_batch(run.run_id, params={"p": "1"}, metrics=[MetricPoint("m", 1.0, at_ms=1)])
    with store.artifacts.new_upload(f"0/{run.run_id}/artifacts/model.txt") as file:
        file.write(b"weights")
    with pytest.raises(InvalidState, match="not in the trash"):
        store.listing.purge([run.run_id])
    store.runs.delete(run.run_id)
    store.listing.purge([run.run_id])

    assert store.runs.find(run.run_id) is None
    tables = ("params", "tags", "histories", "recent_metrics")
    counts = [store.db.conn.execute(f"select count(*) from {t}").fetchone()[0] for t in tables]
    assert counts == [0, 0, 0, 0]
    assert not (store.artifacts.root / "0" / run.run_id).exists()


def test_a_run_that_made_a_registered_version_cannot_be_purged(store: Store, run: Run) -> None:
    store.registry.create_model("churn")
    store.registry.create_version("churn", source="somewhere", run_id=run.run_id)
    store.runs.delete(run.run_id)

    with pytest.raises(InvalidState, match="version 1 of the model 'churn'"):
        store.listing.purge([run.run_id])


def test_the_run_a_notebook_started_last_is_found_wherever_it_went(store: Store) -> None:
    other = store.experiments.create("other").experiment_id
    for experiment_id in ("0", other):
        store.runs.create(experiment_id, name=experiment_id, tags={"nbruns.notebook": "n"})
    newest = store.listing.newest_of_notebook("n")

    assert newest is not None
    assert newest.experiment_id == other
    assert store.listing.newest_of_notebook("unknown") is None


def test_lists_leave_out_datasets_which_may_be_megabytes(store: Store, run: Run) -> None:
    store.runs.set_tags(run.run_id, {"nbruns.notebook": "n"})
    data = Dataset("rows", "d1", "local", "here", schema="s" * 1_000_000)
    store.runs.log_inputs(run.run_id, [DatasetInput(data)])

    (row,) = store.listing.rows("0", Search(), ListColumns(), first=0, count=9)
    newest = store.listing.newest_of_notebook("n")

    assert (row.run.run_id, row.run.dataset_inputs) == (run.run_id, ())
    assert newest is not None
    assert newest.dataset_inputs == ()


# F32
@pytest.mark.parametrize("few_outside", [0, 100])
@pytest.mark.parametrize("is_rising", [True, False])
@pytest.mark.parametrize("comparator", ["=", ">", ">=", "<", "<=", "!="])
def test_a_list_by_a_metric_that_is_filtered_too_begins_and_is_counted_by_index(
    *,
    store: Store,
    plan: str,
    monkeypatch: pytest.MonkeyPatch,
    comparator: Any,
    is_rising: bool,
    few_outside: int,
) -> None:
    monkeypatch.setattr(search, "_FEW_OUTSIDE", few_outside)
    values = [0.1, 0.5, 0.9, math.nan, 7.0, 0.5]
    for number, value in enumerate(values):
        new_run(store, f"n{number}", acc=value)
    new_run(store, "without")
    # Its newest value is what counts, in the index or not yet.
    risen = new_run(store, "risen", acc=0.2)
    store.metrics.append(risen.run_id, [MetricPoint("acc", 0.7, step=1, at_ms=2)])
    store.runs.update(risen.run_id, status="FINISHED")
    store.runs.delete(new_run(store, "gone", acc=0.8).run_id)
    elsewhere = store.experiments.create("elsewhere").experiment_id
    store.metrics.append(
        store.runs.create(elsewhere).run_id, [MetricPoint("acc", 0.8, step=0, at_ms=1)]
    )

    compare = {"=": eq, ">": gt, ">=": ge, "<": lt, "<=": le, "!=": ne}[comparator]
    fitting = [value for value in [*values, 0.7] if compare(value, 0.5)]
    numbers = sorted(filterfalse(math.isnan, fitting), reverse=not is_rising)
    asked = Search(
        (Condition("metric", "acc", comparator, 0.5),), (Order("metric", "acc", is_rising),)
    )
    rows = store.listing.rows("0", asked, ACC, first=0, count=50)

    found = [row.run.metrics[0].value for row in rows]
    assert found[: len(numbers)] == numbers
    assert len(found) == len(fitting) == store.listing.total("0", asked)


def test_a_run_has_its_place_where_the_list_shows_it(store: Store, sweep: dict[str, Run]) -> None:
    order = Search((), NAMES)

    def place(name: str, **more: Any) -> int | None:
        return store.listing.place("0", order, sweep[name].run_id, **more)

    assert place("b1x") == [row.run.name for row in all_rows(store, order)].index("b1x")
    assert place("c", expanded=()) == 2
    opened = [sweep["b"].run_id]
    assert place("c", expanded=opened) == 4
    assert place("b1x", expanded=opened) is None
    assert store.listing.place("0", order, "no such run") is None


def all_rows(store: Store, search: Search) -> list[ListedRun]:
    return store.listing.rows("0", search, ListColumns(), first=0, count=50)
