"""Thinned histories: never more than asked for, extremes and the newest always among them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbruns.records import MetricPoint, Run
from nbruns.store import Store, sampling


def log(store: Store, run: Run, rows: list[tuple[int, float]]) -> None:
    points = [MetricPoint("m", value, step, at) for at, (step, value) in enumerate(rows)]
    for start in range(0, len(points), 500):
        store.metrics.append(run.run_id, points[start : start + 500])


def sampled(store: Store, run: Run, points: int, **options: int) -> list[MetricPoint]:
    return store.metrics.sampled([run.run_id], "m", points=points, **options)


@pytest.fixture(params=["rows", "blocks"], autouse=True)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short histories are read row by row, long ones from blocks: both must hold."""
    if request.param == "blocks":
        monkeypatch.setattr(sampling, "_FEW", 0)


def test_a_short_history_is_given_whole(store: Store, run: Run) -> None:
    log(store, run, [(step, float(step)) for step in range(50)])

    assert [p.step for p in sampled(store, run, 100)] == list(range(50))


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3000), st.floats(-9, 9)), min_size=1, max_size=1500),
    points=st.integers(4, 200),
)
def test_extremes_and_the_newest_stay_whatever_the_order(
    rows: list[tuple[int, float]], points: int
) -> None:
    store = _stores[0]
    run = store.runs.create("0")
    log(store, run, rows)
    whole = sorted(store.metrics.history(run.run_id, "m").items, key=_place)
    thin = sampled(store, run, points)

    assert len(thin) <= points
    assert thin == sorted(thin, key=_place)
    assert set(map(_place, thin)) <= set(map(_place, whole))
    assert min(p.value for p in thin) == min(p.value for p in whole)
    assert max(p.value for p in thin) == max(p.value for p in whole)
    assert _place(thin[-1]) == _place(whole[-1])
    assert _place(thin[0]) == _place(whole[0])


@pytest.mark.parametrize("points", range(4, 40, 5))
def test_rows_before_and_after_the_blocks_do_not_make_it_too_many(
    store: Store, run: Run, points: int
) -> None:
    log(store, run, [(step, float(step * 7919 % 1000)) for step in range(4000)])
    thin = sampled(store, run, points, start_step=100, end_step=3990)

    assert len(thin) <= points
    assert (thin[0].step, thin[-1].step) == (100, 3990)


def test_a_range_of_steps_is_cut_sharply(store: Store, run: Run) -> None:
    log(store, run, [(step, float(-step)) for step in range(5000)])
    thin = sampled(store, run, 60, start_step=700, end_step=4200)

    assert (thin[0].step, thin[-1].step) == (700, 4200)
    assert len(thin) <= 60
    assert min(p.value for p in thin) == -4200


def test_live_points_are_included(store: Store, run: Run) -> None:
    log(store, run, [(step, 0.0) for step in range(3000)])
    for step in range(3000, 3010):
        store.metrics.log(run.run_id, "m", float(step), step, step)
        assert sampled(store, run, 50)[-1].value == step


def test_a_late_spike_is_seen(store: Store, run: Run) -> None:
    log(store, run, [(step, 0.5) for step in range(5000)])
    store.metrics.log(run.run_id, "m", 99.0, 1234, 1)
    store.metrics.log(run.run_id, "m", -99.0, -5, 1)

    thin = sampled(store, run, 40)
    assert (1234, 99.0) in [(p.step, p.value) for p in thin]
    assert (thin[0].step, thin[0].value) == (-5, -99.0)


def test_a_nan_in_a_long_history_is_not_hidden(store: Store, run: Run) -> None:
    rows = [(step, math.nan if step == 2500 else 1.0 * (step % 7)) for step in range(5000)]
    log(store, run, rows)

    assert 2500 in [p.step for p in sampled(store, run, 200) if math.isnan(p.value)]


def test_a_history_of_nan_alone_is_drawn(store: Store, run: Run) -> None:
    log(store, run, [(step, math.nan) for step in range(1000)])
    thin = sampled(store, run, 20)

    assert (thin[0].step, thin[-1].step) == (0, 999)
    assert all(math.isnan(p.value) for p in thin)


@pytest.mark.parametrize("points", [1, 2, 3])
def test_very_few_points_end_with_the_newest(store: Store, run: Run, points: int) -> None:
    log(store, run, [(step, float(step)) for step in range(1000)])
    thin = sampled(store, run, points)

    assert len(thin) <= points
    assert thin[-1].step == 999


def test_many_points_of_one_step_and_time_are_counted_right(store: Store, run: Run) -> None:
    points = [MetricPoint("m", float(value), 0, 0) for value in range(900)]
    store.metrics.append(run.run_id, points)
    store.metrics.append(run.run_id, points)

    assert len(store.metrics.history(run.run_id, "m").items) == 900
    assert {p.value for p in sampled(store, run, 10)} >= {0.0, 899.0}


def test_blocks_follow_every_way_of_logging(store: Store, run: Run) -> None:
    log(store, run, [(step, float(step)) for step in range(1000)])
    for step in range(1000, 2000):
        store.metrics.log(run.run_id, "m", float(step), step, step)
    blocks, recent = store.db.conn.execute(
        "select sum(point_count), (select count(*) from recent_metrics) from metric_blocks"
    ).fetchone()

    assert blocks + recent == 2000
    assert recent <= 65


def _place(point: MetricPoint) -> tuple[int, int, float]:
    return point.step, point.at_ms, point.value


_stores: list[Store] = []


@pytest.fixture(autouse=True)
def _keep_store(store: Store) -> None:
    _stores[:] = [store]
