"""Histories: what the newest point is, what order they come in, what counts as the same."""

import math
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbruns.errors import InvalidValue, NotFound
from nbruns.records import MetricPoint, Run
from nbruns.store import Store

LARGEST = 1.7976931348623157e308


def values(store: Store, run: Run, key: str = "m", **options: object) -> list[float]:
    return [p.value for p in store.metrics.history(run.run_id, key, **options).items]  # type: ignore[arg-type]


def test_latest_prefers_the_highest_step(store: Store, run: Run) -> None:
    first = MetricPoint("loss", 0.9, step=1, at_ms=99)
    second = MetricPoint("loss", 0.5, step=2, at_ms=10)
    store.metrics.append(run.run_id, [second, first])

    assert store.metrics.latest(run.run_id) == [second]


def test_latest_breaks_ties_by_time_then_value(store: Store, run: Run) -> None:
    points = [MetricPoint("m", v, 1, at) for v, at in ((5.0, 1), (1.0, 2), (3.0, 2), (2.0, 2))]
    store.metrics.append(run.run_id, points)

    assert store.metrics.latest(run.run_id) == [MetricPoint("m", 3.0, 1, 2)]


@pytest.mark.parametrize("is_settled", [False, True])
def test_latest_is_the_same_while_running_and_after(
    store: Store, run: Run, is_settled: bool
) -> None:
    for step in range(200):
        store.metrics.log(run.run_id, "a", float(step), step, step)
    store.metrics.log(run.run_id, "b", 7.0, 0, 0)
    if is_settled:
        store.runs.update(run.run_id, status="FINISHED", ended_ms=9)

    expected = [MetricPoint("a", 199.0, 199, 199), MetricPoint("b", 7.0, 0, 0)]
    assert store.metrics.latest(run.run_id) == expected
    assert list(store.runs.get(run.run_id).metrics) == expected


def test_a_finished_run_can_be_logged_to_again(store: Store, run: Run) -> None:
    store.metrics.log(run.run_id, "m", 1.0, 1, 1)
    store.runs.update(run.run_id, status="FINISHED")
    store.metrics.log(run.run_id, "m", 2.0, 2, 2)

    assert store.metrics.latest(run.run_id) == [MetricPoint("m", 2.0, 2, 2)]


def test_identical_points_are_kept_once(store: Store, run: Run) -> None:
    for _ in range(3):
        store.metrics.log(run.run_id, "m", 1.0, 1, 1)
        store.metrics.append(run.run_id, [MetricPoint("m", 1.0, 1, 1)] * 2)

    assert values(store, run) == [1.0]


def test_identical_points_are_kept_once_even_when_rolled_up(store: Store, run: Run) -> None:
    points = [MetricPoint("m", float(i), i, i) for i in range(1000)]
    store.metrics.append(run.run_id, points)
    store.metrics.append(run.run_id, points)
    store.metrics.log(run.run_id, "m", 3.0, 3, 3)

    assert values(store, run) == [float(i) for i in range(1000)]


def test_nan_and_infinities_are_kept_as_mlflow_keeps_them(store: Store, run: Run) -> None:
    for step, value in enumerate((1.0, math.nan, math.inf, -math.inf)):
        store.metrics.log(run.run_id, "m", value, step, step)

    first, nan, *infinite = values(store, run)
    assert first == 1.0
    assert math.isnan(nan)
    assert infinite == [LARGEST, -LARGEST]


def test_history_comes_by_time_then_step_then_value(store: Store, run: Run) -> None:
    points = [(3.0, 1, 5), (1.0, 2, 4), (2.0, 0, 5), (9.0, 1, 5)]
    store.metrics.append(run.run_id, [MetricPoint("m", v, s, at) for v, s, at in points])

    assert values(store, run) == [1.0, 2.0, 3.0, 9.0]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_pages_of_a_history_join_to_the_whole(data: st.DataObject) -> None:
    store = _stores[0]
    run = store.runs.create("0")
    is_ordered = data.draw(st.booleans())
    count = data.draw(st.integers(0, 700))
    steps = data.draw(st.lists(st.integers(0, 900), min_size=count, max_size=count))
    if is_ordered:
        steps.sort()
    for i in range(0, count, 100):
        store.metrics.append(
            run.run_id,
            [MetricPoint("m", float(n), s, n // 3) for n, s in enumerate(steps)][i : i + 100],
        )
    whole = store.metrics.history(run.run_id, "m").items
    pages, token = [], None
    while True:
        page = store.metrics.history(run.run_id, "m", limit=97, token=token)
        pages += page.items
        if (token := page.next_token) is None:
            break

    assert pages == whole
    assert whole == sorted(whole, key=lambda p: (p.at_ms, p.step, p.value))
    assert len(whole) == count


def test_histories_of_several_runs_come_by_run(store: Store, run: Run) -> None:
    other = store.runs.create("0")
    for of in (run, other):
        store.metrics.append(of.run_id, [MetricPoint("m", float(i), i, i) for i in range(3)])
    ids = sorted([run.run_id, other.run_id])
    found = store.metrics.histories([*ids, "nope"], "m", limit=4)

    assert [(p.run_id, p.step) for p in found] == [
        *((ids[0], step) for step in range(3)),
        (ids[1], 0),
    ]


@pytest.mark.parametrize(
    "point",
    [
        MetricPoint("m", True),
        MetricPoint("m", "1"),  # type: ignore[arg-type]
        MetricPoint("m", 1.0, at_ms=-1),
        MetricPoint("m", 1.0, step=2**63),
        MetricPoint("m", 1.0, at_ms=2**63),
        MetricPoint("m", 1.0, step="1"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_point_is_refused_and_nothing_is_kept(
    store: Store, run: Run, point: MetricPoint
) -> None:
    store.metrics.append(run.run_id, [MetricPoint("m", 1.0), MetricPoint("n", 1.0)])
    with pytest.raises(InvalidValue):
        store.metrics.append(run.run_id, [MetricPoint("n", 2.0, 1), point])
    with pytest.raises(InvalidValue):
        store.metrics.log(run.run_id, point.key, point.value, point.step, point.at_ms)

    assert values(store, run, "n") == [1.0]


def test_the_history_of_a_missing_run_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.metrics.history("nope", "m")
    with pytest.raises(NotFound):
        store.metrics.log("nope", "m", 1.0, 0, 0)


def test_a_metric_never_logged_has_no_history(store: Store, run: Run) -> None:
    assert values(store, run, "never") == []


def test_threads_of_one_process_lose_nothing(store: Store, run: Run) -> None:
    def log(name: int) -> None:
        for step in range(300):
            store.metrics.log(run.run_id, f"m{name % 2}", float(name), step, name)

    threads = [threading.Thread(target=log, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [len(values(store, run, key)) for key in ("m0", "m1")] == [600, 600]


def test_a_write_rolled_back_leaves_no_trace_in_memory(store: Store, run: Run) -> None:
    class Stop(Exception):
        pass

    def write_and_stop() -> None:
        with store.db.atomic():
            store.metrics.append(run.run_id, [MetricPoint("new", 1.0)])
            raise Stop

    with pytest.raises(Stop):
        write_and_stop()
    store.metrics.log(run.run_id, "new", 2.0, 0, 0)

    assert values(store, run, "new") == [2.0]


_stores: list[Store] = []


@pytest.fixture(autouse=True)
def _keep_store(store: Store) -> None:
    _stores[:] = [store]


def test_an_ended_history_keeps_its_extremes(store: Store, run: Run) -> None:
    values = [(step * 7919) % 1009 - 500.0 for step in range(700)] + [math.nan]
    store.metrics.append(run.run_id, [MetricPoint("a", v, s, s) for s, v in enumerate(values)])
    store.runs.update(run.run_id, status="FINISHED")

    kept = store.db.conn.execute("select smallest, largest from histories").fetchone()
    assert kept == (min(values[:-1]), max(values[:-1]))
