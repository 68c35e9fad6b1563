"""What MLflow has written, imported: its own client finds the same things under the same ids."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.entities import LoggedModelInput, Metric, ViewType
from mlflow.tracking import MlflowClient

from nbruns.cli import main

LARGEST = 1.7976931348623157e308


class Tripler(mlflow.pyfunc.PythonModel):
    """A model whose answers show that it was loaded."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input * 3


@pytest.fixture(params=["SQLite file", "mlruns folder"])
def source(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    empty_mlflow_db: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Path, MlflowClient]:
    """A filled tracking store of MLflow's, and a client of it."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    if request.param == "SQLite file":
        place = tmp_path / "theirs.db"
        shutil.copy(empty_mlflow_db, place)
        uri = f"sqlite:///{place}"
    else:
        place = tmp_path / "mlruns"
        uri = place.as_uri()
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = MlflowClient(uri, uri)
    fill(client)
    return place, client


def fill(client: MlflowClient) -> None:
    """One of everything, with what is easily lost."""
    kept = client.create_experiment("schöne Läufe", tags={"team": "a/b"})
    deleted = client.create_experiment("given up")
    client.create_run(deleted)
    client.delete_experiment(deleted)
    mlflow.set_experiment(experiment_id=kept)
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="rows")
    with mlflow.start_run(run_name="parent", description="a note") as parent:
        mlflow.log_params({"deep/er": "1", "two lines": "a\nb", "empty": ""})
        client.log_batch(
            parent.info.run_id,
            [Metric("loss/train", 1 / (1 + n), 1_000 + n // 2, n) for n in range(700)],
        )
        for step, value in enumerate((math.nan, math.inf, -math.inf, 0.5)):
            mlflow.log_metric("odd", value, step=step)
        mlflow.log_input(data, context="training", tags={"fold": "1"})
        mlflow.log_text("grüße", "a folder/ünicode.txt")
        mlflow.log_text("", "empty.txt")
        info = mlflow.pyfunc.log_model(
            name="tripler", python_model=Tripler(), pip_requirements=["scikit-learn"]
        )
        mlflow.log_metric("accuracy", 0.75, model_id=info.model_id, dataset=data)
        with mlflow.start_run(nested=True, run_name="child") as child:
            client.log_inputs(child.info.run_id, models=[LoggedModelInput(info.model_id)])
    client.set_terminated(client.create_run(kept).info.run_id, "FAILED")
    client.delete_run(client.create_run(kept, run_name="thrown away").info.run_id)
    client.create_run(kept, run_name="still going")
    register(client, info, parent.info.run_id)


def register(client: MlflowClient, info: Any, run_id: str) -> None:
    """Three versions of a name, one of them deleted, and a name without any."""
    client.create_registered_model("tripler", tags={"owner": "ada"}, description="times three")
    place = f"{client.get_logged_model(info.model_id).artifact_location}"
    client.create_model_version("tripler", info.model_uri, run_id, tags={"checked": "yes"})
    client.create_model_version("tripler", place, run_id, description="by its files")
    client.create_model_version("tripler", info.model_uri, run_id)
    client.delete_model_version("tripler", "3")
    client.set_registered_model_alias("tripler", "champion", "2")
    client.transition_model_version_stage("tripler", "1", "Production")
    client.create_registered_model("no versions")


def told(client: MlflowClient) -> dict[str, Any]:
    """All that a client finds, but for where artifacts lie."""
    experiments = client.search_experiments(ViewType.ALL)
    ids = [experiment.experiment_id for experiment in experiments]
    found = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=1000)
    runs = [client.get_run(run.info.run_id) for run in found]
    return {
        "experiments": {e.experiment_id: plain(e) for e in experiments if e.name != "Default"},
        "runs": {run.info.run_id: plain(run.to_dictionary()) for run in runs},
        "histories": {
            (run.info.run_id, key): {
                (point.step, point.timestamp, number(point.value))
                for point in client.get_metric_history(run.info.run_id, key)
            }
            for run in runs
            for key in run.data.metrics
        },
        "models": [plain(model) for model in client.search_logged_models(ids)],
        "names": [plain(name) for name in client.search_registered_models()],
        "versions": {
            str(v.version): plain(client.get_model_version(v.name, str(v.version)))
            for v in client.search_model_versions()
        },
        "aliased": str(client.get_model_version_by_alias("tripler", "champion").version),
        "files": {run.info.run_id: files(client, run.info.run_id) for run in runs},
    }


def plain(entity: Any) -> Any:
    """Values of an entity without locations, and without what is None or empty."""
    if isinstance(entity, float):
        return number(entity)
    if isinstance(entity, (str, int)) or entity is None:
        # A version is a number to the SQL store and text to others.
        return entity if isinstance(entity, bool) else str(entity)
    if not isinstance(entity, dict) and not hasattr(entity, "__dict__"):
        # In whatever order: MLflow promises none.
        return sorted((plain(item) for item in entity), key=repr)
    said = entity if isinstance(entity, dict) else dict(vars(entity))
    places = (
        "artifact",
        "location",
        "source",
        "workspace",
        "trace",
        "metric_objs",
        "latest",
        "job",
    )
    found = {
        key.strip("_"): plain(value)
        for key, value in said.items()
        if value not in (None, "", [], {}) and not any(place in key for place in places)
    }
    return {key: value for key, value in found.items() if value not in ([], {})}


def number(value: float) -> str:
    """A value to compare by; MLflow's SQL store keeps an infinity as the largest number."""
    return repr(value if math.isnan(value) else max(-LARGEST, min(LARGEST, value)))


def files(client: MlflowClient, run_id: str, path: str | None = None) -> dict[str, bytes]:
    """The artifacts of a run."""
    found: dict[str, bytes] = {}
    for file in client.list_artifacts(run_id, path):
        if file.is_dir:
            found |= files(client, run_id, file.path)
        else:
            found[file.path] = Path(client.download_artifacts(run_id, file.path)).read_bytes()
    return found


def test_the_client_finds_all_it_found_before(
    source: tuple[Path, MlflowClient], in_process: MlflowClient, tmp_path: Path
) -> None:
    place, theirs = source
    before = told(theirs)
    assert main(["import", str(place), "--home", str(tmp_path / "home")]) == 0
    mlflow.set_tracking_uri(in_process._tracking_client.tracking_uri)
    mlflow.set_registry_uri(in_process._registry_uri)

    after = told(in_process)
    for kind, found in before.items():
        assert after[kind] == found, kind
    assert len(before["runs"]) == 6
    assert sum(map(len, before["files"].values())) == 2
    assert len(before["versions"]) == 2


def test_models_load_from_our_folder(
    source: tuple[Path, MlflowClient], in_process: MlflowClient, tmp_path: Path
) -> None:
    place, theirs = source
    (run_id,) = {version.run_id for version in theirs.search_model_versions()}
    main(["import", str(place), "--home", str(tmp_path / "home")])
    # Nothing of the source is left to load from.
    shutil.rmtree(tmp_path / "mlruns")
    mlflow.set_tracking_uri(in_process._tracking_client.tracking_uri)
    mlflow.set_registry_uri(in_process._registry_uri)

    few = pd.DataFrame({"x": [1.0, 2.0]})
    for uri in ("models:/tripler@champion", "models:/tripler/1", f"runs:/{run_id}/tripler"):
        assert mlflow.pyfunc.load_model(uri).predict(few).equals(few * 3), uri
    for version in in_process.search_model_versions():
        assert str(tmp_path / "mlruns") not in version.source


def test_a_second_time_changes_nothing(
    source: tuple[Path, MlflowClient],
    in_process: MlflowClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place, _ = source
    main(["import", str(place), "--home", str(tmp_path / "home")])
    before = told(in_process)
    capsys.readouterr()

    assert main(["import", str(place), "--home", str(tmp_path / "home")]) == 0
    assert "everything is already here" in capsys.readouterr().out
    assert told(in_process) == before


def test_a_deleted_version_keeps_its_number(
    source: tuple[Path, MlflowClient], in_process: MlflowClient, tmp_path: Path
) -> None:
    place, theirs = source
    (run_id,) = {version.run_id for version in theirs.search_model_versions()}
    main(["import", str(place), "--home", str(tmp_path / "home")])

    made = in_process.create_model_version("tripler", f"runs:/{run_id}/tripler", run_id)
    assert str(made.version) == "4"


def test_logging_goes_on_where_it_stopped(
    source: tuple[Path, MlflowClient], in_process: MlflowClient, tmp_path: Path
) -> None:
    place, theirs = source
    (run_id,) = {version.run_id for version in theirs.search_model_versions()}
    main(["import", str(place), "--home", str(tmp_path / "home")])
    in_process.log_metric(run_id, "loss/train", 0.25, timestamp=9_000, step=700)
    in_process.log_metric(run_id, "loss/train", 9.0, timestamp=1_000, step=3)

    history = in_process.get_metric_history(run_id, "loss/train")
    assert len(history) == 702
    assert in_process.get_run(run_id).data.metrics["loss/train"] == 0.25
    found = in_process.search_runs(
        [in_process.get_run(run_id).info.experiment_id], "metrics.`loss/train` = 0.25"
    )
    assert [run.info.run_id for run in found] == [run_id]
