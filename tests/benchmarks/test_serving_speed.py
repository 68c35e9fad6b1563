"""A served model under Jupyter's login, beside `mlflow models serve` with the same model."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.models import infer_signature
from served_numbers import served
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

Say = Callable[[str], None]

CLIENTS, REQUESTS, ROUNDS = 4, 60, 7
FLOWERS: pd.DataFrame = load_iris(as_frame=True).frame
INPUTS = FLOWERS.drop(columns="target")
BODY = {"dataframe_split": INPUTS.head(10).to_dict("split")}


def log_forest() -> None:
    """A forest of a hundred trees, which takes a few milliseconds for ten rows."""
    forest = RandomForestClassifier(100, random_state=0).fit(INPUTS, FLOWERS["target"])
    mlflow.sklearn.log_model(
        forest,
        name="forest",
        signature=infer_signature(INPUTS, forest.predict(INPUTS)),
        registered_model_name="flowers",
        skops_trusted_types=["sklearn.tree._tree.Tree"],
        pip_requirements=["mlflow", "scikit-learn"],
    )


@contextlib.contextmanager
def mlflow_serving(model: Path, folder: Path) -> Iterator[int]:
    """The port of MLflow's own command, in the same Python."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    command = ["models", "serve", "-m", str(model), "--env-manager", "local", "-p", str(port)]
    with (folder / "mlflow.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command], stdout=log, stderr=log, cwd=folder
        )
        try:
            wait_until_up(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


def wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise AssertionError("mlflow models serve does not answer")


def ask(port: int, path: str, headers: Mapping[str, str], took: list[float]) -> None:
    """One client, which keeps its connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps(BODY)
    sent = {"Content-Type": "application/json", **headers}
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        assert b"predictions" in answer.read()
        took.append(time.perf_counter() - begun)
    connection.close()


def round_of(port: int, path: str, headers: Mapping[str, str]) -> tuple[float, float]:
    """Requests a second and the 99th percentile in milliseconds, of all clients at once."""
    took: list[float] = []
    clients = [
        threading.Thread(target=ask, args=(port, path, headers, took)) for _ in range(CLIENTS)
    ]
    begun = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    elapsed = time.perf_counter() - begun
    assert len(took) == CLIENTS * REQUESTS
    return len(took) / elapsed, sorted(took)[int(0.99 * len(took))] * 1000


def test_serving_beside_mlflow(
    new_server: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    say: Say,
) -> None:
    server = new_server()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    log_forest()
    (described,) = (server.home / "artifacts").rglob("MLmodel")
    signed_in = {"Authorization": f"token {server.token}"}

    with (
        served(server, name="flowers", version=1) as served_id,
        mlflow_serving(described.parent, tmp_path) as port,
    ):
        path = f"/nbruns/serving/{served_id}/invocations"
        # Turn by turn, so that a busy machine slows both alike.
        rounds = [
            (round_of(server.port, path, signed_in), round_of(port, "/invocations", {}))
            for _ in range(ROUNDS)
        ]
    (our_rate, our_p99), (their_rate, their_p99) = (
        (max(rate for rate, _ in each), min(p99 for _, p99 in each))
        for each in zip(*rounds, strict=True)
    )
    say(
        f"predictions of a forest, {CLIENTS} clients: {our_rate:.0f} a second, "
        f"{their_rate / our_rate:.2f} x the time of mlflow models serve; p99 {our_p99:.1f} ms, "
        f"{our_p99 / their_p99:.2f} x"
    )
    assert their_rate < 1.3 * our_rate
    assert our_p99 < 1.3 * their_p99
