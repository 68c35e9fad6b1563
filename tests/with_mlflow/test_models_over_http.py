"""The stock client over HTTP: a model is logged, registered, given an alias, and loaded."""

from __future__ import annotations

import filecmp
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import psutil
import pytest
from sklearn.linear_model import LinearRegression

MB = 2**20
X = np.arange(20, dtype=float).reshape(-1, 2)


@pytest.fixture
def client(signed_in: Any) -> Iterator[Any]:
    """MLflow's client on the live server, and its fluent API as well."""
    mlflow.set_tracking_uri(signed_in.url)
    mlflow.set_registry_uri(signed_in.url)
    yield mlflow.MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture
def model(client: Any) -> Any:
    """A model logged by a run, with a metric."""
    mlflow.set_experiment("models")
    with mlflow.start_run():
        mlflow.log_metric("acc", 0.9)
        return mlflow.sklearn.log_model(
            LinearRegression().fit(X, X[:, 0]), name="line", input_example=X[:2]
        )


def test_a_registered_model_is_loaded_by_alias_version_and_id(client: Any, model: Any) -> None:
    version = mlflow.register_model(model.model_uri, "my.churn")
    client.set_registered_model_alias("my.churn", "champion", version.version)

    for uri in ("models:/my.churn@champion", "models:/my.churn/1", model.model_uri):
        assert mlflow.pyfunc.load_model(uri).predict(X[:3]) == pytest.approx(X[:3, 0])


def test_a_version_knows_its_run_and_the_model_its_versions(client: Any, model: Any) -> None:
    version = mlflow.register_model(model.model_uri, "linked")

    assert client.get_model_version("linked", version.version).run_id == model.run_id
    tag = client.get_logged_model(model.model_id).tags["mlflow.modelVersions"]
    assert {(one["name"], int(one["version"])) for one in json.loads(tag)} == {("linked", 1)}


def test_the_model_has_the_metrics_of_its_run(client: Any, model: Any) -> None:
    (metric,) = client.get_logged_model(model.model_id).metrics

    assert (metric.key, metric.value, metric.run_id) == ("acc", 0.9, model.run_id)
    (found,) = mlflow.search_logged_models(
        [client.get_experiment_by_name("models").experiment_id],
        f"metrics.acc > 0.5 AND source_run_id = '{model.run_id}'",
        output_format="list",
    )
    assert found.model_id == model.model_id


def test_a_version_can_be_copied_under_another_name(client: Any, model: Any) -> None:
    mlflow.register_model(model.model_uri, "source")

    copy = client.copy_model_version("models:/source/1", "copied")

    assert (copy.name, copy.run_id) == ("copied", model.run_id)
    assert mlflow.pyfunc.load_model("models:/copied/1").predict(X[:1]) == pytest.approx([0.0])


def test_stages_move_and_archive(client: Any, model: Any) -> None:
    for _ in range(2):
        mlflow.register_model(model.model_uri, "staged")
    with pytest.warns(FutureWarning):  # noqa: PT031
        client.transition_model_version_stage("staged", 1, "Production")
        client.transition_model_version_stage("staged", 2, "Production", True)

    assert client.get_model_version("staged", 1).current_stage == "Archived"
    assert mlflow.pyfunc.load_model("models:/staged/Production")


def test_artifacts_of_any_name_go_up_and_come_down(client: Any, tmp_path: Path) -> None:
    names = ["plain.txt", "with space.txt", "ünï.txt", "sub folder/日本.txt", "empty"]
    for name in names:
        (tmp_path / "up" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "up" / name).write_text("" if name == "empty" else name)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "up"), "my files")

    down = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="my files", dst_path=str(tmp_path / "down")
    )

    for name in names:
        assert (Path(down) / name).read_text() == ("" if name == "empty" else name)
    listed = client.list_artifacts(run.info.run_id, "my files")
    assert [file.path for file in listed] == [
        f"my files/{name}" for name in sorted({name.split("/")[0] for name in names})
    ]


class Peak:
    """The most memory a process had while the block ran, above what it had before, in MB."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.done = threading.Event()

    def __enter__(self) -> Peak:
        self.before = self.highest = self.process.memory_info().rss
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self) -> None:
        while not self.done.wait(0.005):
            self.highest = max(self.highest, self.process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    @property
    def gained(self) -> float:
        return (self.highest - self.before) / MB


def test_a_large_artifact_needs_no_memory_of_the_server(
    client: Any, signed_in: Any, tmp_path: Path
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(MB) * 200)
    with Peak(signed_in.process.pid) as up, mlflow.start_run() as run:
        mlflow.log_artifact(str(large))
    with Peak(signed_in.process.pid) as down:
        got = mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id, artifact_path="large.bin", dst_path=str(tmp_path / "got")
        )

    assert up.gained < 40
    assert down.gained < 40
    assert filecmp.cmp(large, got, shallow=False)


def test_a_traced_call_is_silent_and_its_trace_is_kept(
    client: Any,
    signed_in: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mlflow.set_experiment("traced")
    monkeypatch.setattr(logging.getLogger("mlflow"), "propagate", True)

    @mlflow.trace
    def double(x: int) -> int:
        return 2 * x

    with caplog.at_level(logging.WARNING):
        assert [double(x) for x in range(5)] == [0, 2, 4, 6, 8]
        mlflow.flush_trace_async_logging()

    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == []
    kept = list((signed_in.home / "artifacts").glob("*/traces/*/artifacts/traces.json"))
    assert len(kept) == 5
