"""How fast MLflow's client is over our store, beside floors and peers taken in the same run.

Each figure is CPU time of the best of a few rounds: nothing here waits for a disk or another
process, and neighbours on the machine count least that way.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from nbruns.records import MetricPoint

Say = Callable[[str], None]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[MlflowClient]:
    """The fluent client over an empty store in this process."""
    uri = f"nbruns://{tmp_path}/home"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    mlflow.set_experiment("speed")
    client = MlflowClient()
    yield client
    client._tracking_client.store.shelves.close()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def best_us(calls: int, call: Callable[[int], Any], rounds: int = 5) -> float:
    """Microseconds of CPU a call, in the best round."""
    best = float("inf")
    for turn in range(rounds):
        start = time.process_time()
        for index in range(turn * calls, (turn + 1) * calls):
            call(index)
        best = min(best, (time.process_time() - start) / calls)
    return best * 1e6


def bare_row_us(folder: Path) -> float:
    """A committed row of a metric in a table made for it."""
    conn = bare_table(folder / "bare.db")
    insert = "insert into points values (1, 1, ?, ?, 0.5, 0)"
    return best_us(2000, lambda i: conn.execute(insert, (i, i)))


def bare_table(file: Path) -> sqlite3.Connection:
    """A file of its own with one table for points."""
    conn = sqlite3.connect(file, isolation_level=None)
    conn.execute("pragma journal_mode = wal")
    conn.execute("pragma synchronous = normal")
    conn.execute(
        """
        create table points (
            run integer, key integer, step integer, at_ms integer, value real, is_nan integer,
            primary key (run, key, step, at_ms, value, is_nan)
        ) strict, without rowid
        """
    )
    return conn


def test_log_metric_one_by_one(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    store = type(client._tracking_client.store)
    with mlflow.start_run():
        took = best_us(2000, lambda i: mlflow.log_metric("loss", 0.5, step=i))
        with monkeypatch.context() as patch:
            patch.setattr(store, "log_metric", lambda self, run_id, metric: None)
            asked = best_us(2000, lambda i: mlflow.log_metric("loss", 0.5, step=i))
    floor = asked + bare_row_us(tmp_path)

    say(f"log_metric: {took:.0f} µs, {took / floor:.2f} x the floor of {floor:.0f} (at most 1.6)")
    assert took < 1.6 * floor


def bare_rows_us(folder: Path) -> float:
    """Twenty rows in one commit."""
    conn = bare_table(folder / "bare20.db")
    insert = "insert into points values (1, ?, ?, ?, 0.5, 0)"

    def commit(index: int) -> None:
        conn.execute("begin immediate")
        conn.executemany(insert, [(key, index, index) for key in range(20)])
        conn.execute("commit")

    return best_us(200, commit)


def test_log_metrics_of_twenty(client: MlflowClient, tmp_path: Path, say: Say) -> None:
    values = {f"m{i}": float(i) for i in range(20)}
    with mlflow.start_run():
        took = best_us(200, lambda i: mlflow.log_metrics(values, step=i))
    bare = bare_rows_us(tmp_path)

    say(f"log_metrics of 20: {took:.0f} µs, {took / bare:.1f} x bare rows (at most 3.6)")
    assert took < 3.6 * bare


def start_and_end(client: MlflowClient, experiment: str) -> Callable[[int], None]:
    """A run that starts and ends, as the client does it without notebook or context."""

    def run(_: int) -> None:
        run_id = client.create_run(experiment).info.run_id
        client.set_terminated(run_id)

    return run


def test_start_and_end_of_a_run(client: MlflowClient, tmp_path: Path, say: Say) -> None:
    def fluent(_: int) -> None:
        with mlflow.start_run():
            pass

    took = best_us(50, fluent)
    experiment = client.get_experiment_by_name("speed").experiment_id
    ours = best_us(50, start_and_end(client, experiment))
    own = MlflowClient(f"sqlite:///{tmp_path}/own.db")
    theirs = best_us(20, start_and_end(own, own.create_experiment("speed")), rounds=3)

    say(
        f"start and end a run: {took / 1000:.2f} ms; by the client {ours / 1000:.2f} ms, "
        f"{ours / theirs:.2f} x MLflow's SQLite store (at most 0.27)"
    )
    assert ours < 0.27 * theirs


def with_runs(client: MlflowClient, count: int) -> str:
    """An experiment with ended runs of 20 params, 20 metrics and 5 tags each."""
    experiment = client.create_experiment("many")
    store = client._tracking_client.store
    for i in range(count):
        run_id = client.create_run(experiment, i + 1).info.run_id
        store.log_batch(
            run_id,
            [Metric(f"m{j}", i + j / 2, 1, 1) for j in range(20)],
            [Param(f"p{j}", str(i * j)) for j in range(20)],
            [RunTag(f"t{j}", "x") for j in range(5)],
        )
        client.set_terminated(run_id)
    return experiment


def test_search_runs_to_a_data_frame(client: MlflowClient, tmp_path: Path, say: Say) -> None:
    experiment = with_runs(client, 1200)
    took = best_us(1, lambda _: mlflow.search_runs([experiment], max_results=1200))

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/own.db")
    few = with_runs(MlflowClient(), 200)
    theirs = 6 * best_us(1, lambda _: mlflow.search_runs([few], max_results=200), rounds=2)

    # Taken linearly from 200 rows, which flatters MLflow's store: to fill it takes a minute.
    say(
        f"search_runs, 1,200 rows to a DataFrame: {took / 1000:.0f} ms, "
        f"{took / theirs:.2f} x MLflow's SQLite store (at most 0.5)"
    )
    assert took < 0.5 * theirs


def test_a_history_of_a_million_points(client: MlflowClient, say: Say) -> None:
    run_id = client.create_run("0").info.run_id
    shelves = client._tracking_client.store.shelves
    for start in range(0, 1_000_000, 50_000):
        points = [MetricPoint("loss", i % 977 / 7, i, i) for i in range(start, start + 50_000)]
        shelves.metrics.append(run_id, points)

    whole = best_us(1, lambda _: client.get_metric_history(run_id, "loss"), rounds=2)
    rows = best_us(1, lambda _: shelves.metrics.history_rows(run_id, "loss"), rounds=2)

    say(
        f"1,000,000 points, all of them: {whole / 1e6:.2f} s, "
        f"{whole / rows:.1f} x the rows alone (at most 7.5)"
    )
    assert whole < 7.5 * rows
