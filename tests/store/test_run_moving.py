"""Moving runs to another experiment."""

import pytest

from nbruns.conditions import Search
from nbruns.errors import InvalidState, NotFound
from nbruns.records import Dataset, DatasetInput, MetricPoint, Run
from nbruns.store import Store

DATA = DatasetInput(Dataset("iris", "abc", "local", "file"), {"mlflow.data.context": "training"})


@pytest.fixture
def other(store: Store) -> str:
    return store.experiments.create("other").experiment_id


def ended(store: Store, **fields: object) -> Run:
    run = store.runs.create("0", **fields)  # type: ignore[arg-type]
    return store.runs.update(run.run_id, status="FINISHED") or store.runs.get(run.run_id)


def found_in(store: Store, experiment_id: str) -> set[str]:
    page = store.runs.search([experiment_id], Search(), limit=100)
    return {run.run_id for run in page.items}


# F8
def test_a_moved_run_keeps_all_it_logged(store: Store, other: str) -> None:
    run = store.runs.create("0", name="mine")
    store.metrics.append(run.run_id, [MetricPoint("loss", 0.5, at_ms=1)])
    store.runs.log_params(run.run_id, {"depth": "3"})
    store.runs.log_inputs(run.run_id, [DATA])
    store.runs.update(run.run_id, status="FINISHED")

    assert store.listing.move([run.run_id], other) == [run.run_id]

    moved = store.runs.get(run.run_id)
    assert (moved.experiment_id, moved.name, moved.params) == (other, "mine", {"depth": "3"})
    assert [point.value for point in moved.metrics] == [0.5]
    assert moved.dataset_inputs == (DATA,)
    assert found_in(store, other) == {run.run_id}
    assert found_in(store, "0") == set()


def test_nested_runs_move_along_and_stay_nested(store: Store, other: str) -> None:
    parent = ended(store, name="parent")
    child = ended(store, name="child", tags={"mlflow.parentRunId": parent.run_id})

    store.listing.move([parent.run_id], other)

    assert found_in(store, other) == {parent.run_id, child.run_id}
    assert store.listing.descendants([parent.run_id]) == [parent.run_id, child.run_id]


def test_a_model_goes_with_the_run_that_logged_it(store: Store, other: str) -> None:
    run = ended(store)
    model = store.models.create("0", name="model", source_run_id=run.run_id)

    store.listing.move([run.run_id], other)

    assert store.models.get(model.model_id).experiment_id == other


def test_data_of_runs_that_stay_is_left_to_them(store: Store, other: str) -> None:
    one, two = store.runs.create("0"), store.runs.create("0")
    for run in (one, two):
        store.runs.log_inputs(run.run_id, [DATA])
    store.runs.update(one.run_id, status="FINISHED")

    store.listing.move([one.run_id], other)

    assert store.runs.get(two.run_id).dataset_inputs == (DATA,)


def test_a_running_run_stays(store: Store, other: str) -> None:
    run = store.runs.create("0")

    with pytest.raises(InvalidState, match="is running"):
        store.listing.move([run.run_id], other)

    assert store.runs.get(run.run_id).experiment_id == "0"


def test_what_is_not_there_is_named(store: Store, other: str) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        store.listing.move(["nobody"], other)
    with pytest.raises(NotFound, match="'77'"):
        store.listing.move([ended(store).run_id], "77")
