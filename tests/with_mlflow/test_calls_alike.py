"""Calls made generated, and those no method of the client makes: histories of many runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient
from outcomes import Transcript, differences

KEYS = st.sampled_from(["a", "b", "a/b", "a//b", "ü x", ""])
VALUES = st.sampled_from(["", "1", "x y", "é", "'"])
NUMBERS = st.one_of(st.integers(-3, 3).map(float), st.just(float("nan")), st.just(float("inf")))
TIMES = st.integers(0, 5)
RUNS = st.integers(0, 2)

STEPS = st.one_of(
    st.tuples(st.just("metric"), RUNS, KEYS, NUMBERS, TIMES, st.integers(-2, 4)),
    st.tuples(st.just("param"), RUNS, KEYS, VALUES),
    st.tuples(st.just("tag"), RUNS, KEYS, VALUES),
    # MLflow's server refuses an empty key as we do, its SQL store looks for it.
    st.tuples(st.just("delete tag"), RUNS, KEYS.filter(bool)),
    st.tuples(st.just("batch"), RUNS, st.lists(st.tuples(KEYS, NUMBERS, TIMES), max_size=4), KEYS),
    st.tuples(st.just("status"), RUNS, st.sampled_from(["FINISHED", "FAILED", "RUNNING"])),
    st.tuples(st.just("rename"), RUNS, VALUES),
    st.tuples(st.sampled_from(["delete", "restore"]), RUNS),
)


def take(client: MlflowClient, say: Transcript, run_id: str, step: tuple[Any, ...]) -> None:
    """One step of a generated sequence."""
    kind, _, *arguments = step
    calls: dict[str, Any] = {
        "metric": client.log_metric,
        "param": client.log_param,
        "tag": client.set_tag,
        "delete tag": client.delete_tag,
        "status": client.update_run,
        "delete": client.delete_run,
        "restore": client.restore_run,
    }
    if kind == "batch":
        points, key = arguments
        metrics = [Metric(name, value, at, 0) for name, value, at in points]
        store = client._tracking_client.store
        say.note(kind, store.log_batch, run_id, metrics, [Param(key, "1")], [RunTag(key, "1")])
    elif kind == "rename":
        say.note(kind, client.update_run, run_id, None, *arguments)
    else:
        say.note(str(step), calls[kind], run_id, *arguments)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_any_sequence_of_calls_leaves_the_same(
    pair: tuple[MlflowClient, MlflowClient], steps: list[tuple[Any, ...]]
) -> None:
    def script(client: MlflowClient, say: Transcript) -> None:
        ids = [client.create_run("0", 5, run_name=f"r{i}").info.run_id for i in range(3)]
        for step in steps:
            take(client, say, ids[step[1]], step)
        for run_id in ids:
            say.note("run", client.get_run, run_id)
            for key in ("a", "b", "a/b"):
                say.note(f"history of {key}", client.get_metric_history, run_id, key)

    found = differences(script, *pair)

    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, empty_mlflow_db: Path
) -> tuple[MlflowClient, MlflowClient]:
    """MLflow's store and ours, both in process."""
    folder = tmp_path_factory.mktemp("calls")
    (folder / "theirs.db").write_bytes(empty_mlflow_db.read_bytes())
    uris = (f"sqlite:///{folder}/theirs.db", f"nbruns://{folder}/home")
    return MlflowClient(uris[0], uris[0]), MlflowClient(uris[1], uris[1])


def log_curves(client: MlflowClient) -> list[str]:
    """Three runs with curves of different lengths."""
    ids = []
    for length in (5, 300, 3000):
        run_id = client.create_run("0", 5).info.run_id
        for start in range(0, length, 1000):
            steps = range(start, min(start + 1000, length))
            points = [Metric("loss", (i * 7919 % 1000) / 1000, i, i) for i in steps]
            client.log_batch(run_id, points)
        ids.append(run_id)
    return ids


def ask(store: Any, path: str, **query: Any) -> dict[str, Any]:
    from nbruns.endpoints.routes import call

    return call(store, "GET", f"ajax-api/2.0/mlflow/metrics/{path}", query)


def test_bulk_histories_are_those_of_mlflow(pair: tuple[MlflowClient, MlflowClient]) -> None:
    theirs, ours = pair
    expected = theirs._tracking_client.store.get_metric_history_bulk(
        sorted(log_curves(theirs)), "loss", 25_000
    )
    reply = ask(
        ours._tracking_client.store.shelves,
        "get-history-bulk",
        run_id=log_curves(ours),
        metric_key="loss",
    )

    # By run id, which is random: the curves compare as sets.
    assert sorted((p["step"], p["value"]) for p in reply["metrics"]) == sorted(
        (p.step, p.value) for p in expected
    )


@pytest.mark.parametrize("window", [{}, {"start_step": "100", "end_step": "2500"}])
def test_a_sampled_history_has_no_more_points_than_asked_and_keeps_the_extremes(
    pair: tuple[MlflowClient, MlflowClient], window: dict[str, str]
) -> None:
    _, ours = pair
    ids = log_curves(ours)
    reply = ask(
        ours._tracking_client.store.shelves,
        "get-history-bulk-interval",
        run_ids=ids,
        metric_key="loss",
        max_results="200",
        **window,
    )
    first, last = (int(window.get(k, d)) for k, d in (("start_step", 0), ("end_step", 2999)))
    of_long = [p for p in reply["metrics"] if p["run_id"] == ids[2]]
    whole = {i: (i * 7919 % 1000) / 1000 for i in range(first, last + 1)}

    assert len(of_long) <= 200
    assert all(whole[p["step"]] == p["value"] for p in of_long)
    values = [p["value"] for p in of_long]
    assert (min(values), max(values)) == (min(whole.values()), max(whole.values()))
    assert of_long[-1]["step"] == last


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"run_ids": ["x"]},
        {"run_ids": ["x"] * 101, "metric_key": "a"},
        {"run_ids": ["x"], "metric_key": "a", "start_step": "5"},
        {"run_ids": ["x"], "metric_key": "a", "start_step": "5", "end_step": "4"},
        {"run_ids": ["x"], "metric_key": "a", "max_results": "2501"},
        {"run_ids": ["x"], "metric_key": "a", "max_results": "0"},
    ],
)
def test_a_wrong_interval_is_refused(
    pair: tuple[MlflowClient, MlflowClient], query: dict[str, Any]
) -> None:
    from nbruns.errors import InvalidValue

    with pytest.raises(InvalidValue):
        ask(pair[1]._tracking_client.store.shelves, "get-history-bulk-interval", **query)
