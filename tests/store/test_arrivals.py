"""What comes from elsewhere lies as if it had been logged here."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from nbruns.conditions import Condition, Search
from nbruns.errors import InvalidValue
from nbruns.records import MetricPoint, Run
from nbruns.store import Store
from nbruns.store.arrivals import Arrivals, Point

RUN = Run("r" * 32, "0", "theirs", "ada", "FINISHED", "active", 10, 20, "")


@pytest.fixture
def arrivals(store: Store) -> Arrivals:
    """The shelf on the store's own database."""
    return Arrivals(store.db, store.artifacts)


def points(count: int, seed: int) -> list[Point]:
    """Points with repeated steps, times that run backwards, NaN and infinities."""
    chance = random.Random(seed)
    odd = [math.nan, math.inf, -math.inf]
    return [
        (chance.randrange(count), chance.randrange(count), chance.choice([*odd, chance.random()]))
        for _ in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 64, 65, 66, 321, 2_000])
def test_a_history_reads_as_if_it_was_logged(
    store: Store, arrivals: Arrivals, run: Run, count: int
) -> None:
    given = points(count, seed=count)
    arrivals.add_run(RUN, [("loss", given)])
    for step, at_ms, value in given:
        store.metrics.log(run.run_id, "loss", value, step, at_ms)
    store.runs.update(run.run_id, status="FINISHED")

    for read in (
        lambda run_id: store.metrics.history(run_id, "loss").items,
        store.metrics.latest,
        lambda run_id: store.metrics.sampled([run_id], "loss", points=10_000),
    ):
        assert plain(read(RUN.run_id)) == plain(read(run.run_id))


def plain(found: list[MetricPoint]) -> list[str]:
    """Points without their run; NaN equals NaN."""
    return [repr(replace(point, run_id=None)) for point in found]


def test_arrived_runs_are_found_by_what_they_logged(store: Store, arrivals: Arrivals) -> None:
    arrivals.add_run(RUN, [("loss", [(0, 1, 0.5), (1, 2, 0.25)])])
    search = Search((Condition("metric", "loss", "=", 0.25),))

    found = store.runs.search(["0"], search, limit=10).items
    assert [run.run_id for run in found] == [RUN.run_id]


def test_a_run_comes_whole_or_not_at_all(store: Store, arrivals: Arrivals) -> None:
    with pytest.raises(InvalidValue, match="'late' has a point of the time -1"):
        arrivals.add_run(RUN, [("loss", [(0, 1, 0.5)]), ("late", [(0, -1, 0.5)])])

    assert store.runs.find(RUN.run_id) is None
    assert not store.metrics.histories([RUN.run_id], "loss")


def test_a_running_run_can_be_logged_to(store: Store, arrivals: Arrivals, home: Path) -> None:
    arrivals.add_run(replace(RUN, status="RUNNING", ended_ms=None), [("loss", points(300, 1))])
    store.metrics.log(RUN.run_id, "loss", 0.125, 400, 400)

    assert [point.value for point in store.metrics.latest(RUN.run_id)] == [0.125]
