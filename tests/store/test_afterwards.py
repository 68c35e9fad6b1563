"""A run that has ended says what it took in afterwards, and one that is resumed has no end."""

from __future__ import annotations

from nbruns.identity import now_ms
from nbruns.protocol.names import CHANGED_TAG, END_REASON_TAG, LEASE_TAG
from nbruns.records import Dataset, DatasetInput, MetricPoint, Run
from nbruns.store import Store

HOUR_MS = 3_600_000


def end(store: Store, run: Run, *, ago_ms: int = HOUR_MS) -> None:
    store.runs.update(run.run_id, status="FINISHED", ended_ms=now_ms() - ago_ms)


def changed(store: Store, run: Run) -> str | None:
    return store.runs.get(run.run_id).tags.get(CHANGED_TAG)


def test_each_thing_that_came_later_is_named_once(store: Store, run: Run) -> None:  # F26
    store.metrics.log(run.run_id, "loss", 0.5, 1, 1)
    end(store, run)
    assert changed(store, run) is None

    for step in range(3):
        store.metrics.log(run.run_id, "loss", 0.5, 2 + step, 2)
    store.metrics.append(run.run_id, [MetricPoint("acc", 0.9)])
    store.runs.log_params(run.run_id, {"depth": "3"})
    store.runs.set_tags(run.run_id, {"team": "blue"})
    store.runs.log_inputs(run.run_id, [DatasetInput(Dataset("iris", "d1", "code", "{}"))])

    told = "metric loss; metric acc; param depth; tag team; dataset iris"
    assert changed(store, run) == told


def test_what_comes_with_the_end_and_notes_of_the_house_are_not(store: Store, run: Run) -> None:
    end(store, run, ago_ms=5_000)
    store.metrics.log(run.run_id, "score", 0.5, 1, 1)
    end(store, run)
    store.runs.set_tags(run.run_id, {"mlflow.note.content": "good", "nbruns.revision": "r"})
    store.runs.update(run.run_id, name="renamed")

    assert changed(store, run) is None


def test_a_long_list_is_cut(store: Store, run: Run) -> None:
    end(store, run)
    for number in range(50):
        store.metrics.log(run.run_id, f"m{number}", 0.5, 1, 1)

    told = (changed(store, run) or "").split("; ")
    assert (len(told), told[-1]) == (30, "and more")


def test_a_resumed_run_has_no_end_and_nobody_s_process(store: Store, run: Run) -> None:  # F27
    store.runs.set_tags(run.run_id, {END_REASON_TAG: "why", LEASE_TAG: "0" * 32})
    end(store, run)

    # MLflow's client sends the end that the run had.
    store.runs.update(run.run_id, status="RUNNING", ended_ms=now_ms())
    store.metrics.log(run.run_id, "loss", 0.5, 1, 1)

    resumed = store.runs.get(run.run_id)
    assert (resumed.status, resumed.ended_ms) == ("RUNNING", None)
    assert not {END_REASON_TAG, LEASE_TAG} & set(resumed.tags)
    assert resumed.tags[CHANGED_TAG] == "resumed"
