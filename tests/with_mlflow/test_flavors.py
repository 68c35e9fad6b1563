"""Models of the common libraries are logged, registered and loaded by every kind of address."""

from __future__ import annotations

from typing import Any

import mlflow
import pytest
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, Y = load_iris(return_X_y=True, as_frame=True)
FEW = X.iloc[::40]
# Given, or MLflow starts a process of its own to find out what a model imports.
UNASKED = ["scikit-learn"]


class Doubler(mlflow.pyfunc.PythonModel):
    """A model of the user's own."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input * 2


def assert_loads_everywhere(client: MlflowClient, info: Any, run_id: str, expected: Any) -> None:
    """Register a logged model, then predict with it by run, model, version, alias and path."""
    version = mlflow.register_model(info.model_uri, "reg").version
    client.set_registered_model_alias("reg", "champion", version)
    for uri in (
        f"models:/{info.model_id}",
        f"models:/reg/{version}",
        "models:/reg@champion",
        f"runs:/{run_id}/{info.name}",
        info.artifact_path,
    ):
        found = mlflow.pyfunc.load_model(uri).predict(FEW)
        assert list(found) == list(expected), uri


def test_scikit_learn(fluent: MlflowClient) -> None:
    model = LogisticRegression(max_iter=300).fit(X, Y)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model, name="iris", input_example=FEW, pip_requirements=UNASKED
        )

    assert_loads_everywhere(fluent, info, run.info.run_id, model.predict(FEW))
    logged = fluent.get_logged_model(info.model_id)
    assert (str(logged.status), logged.source_run_id) == ("READY", run.info.run_id)
    assert info.signature is not None


def test_a_model_of_the_users_own(fluent: MlflowClient) -> None:
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="doubler", python_model=Doubler(), pip_requirements=UNASKED
        )
    version = mlflow.register_model(info.model_uri, "double").version

    loaded = mlflow.pyfunc.load_model(f"models:/double/{version}")
    assert loaded.predict(FEW).equals(FEW * 2)


def test_autologging_keeps_params_metrics_the_model_and_its_data(
    in_process: MlflowClient,
) -> None:
    mlflow.set_tracking_uri(in_process._tracking_client.tracking_uri)
    mlflow.set_experiment("autologging")
    mlflow.sklearn.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            LogisticRegression(C=0.5, max_iter=300).fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = in_process.get_run(run.info.run_id)

    assert found.data.params["C"] == "0.5"
    assert found.data.metrics["training_score"] > 0.9
    assert [link.dataset.source_type for link in found.inputs.dataset_inputs] == ["code"]
    (output,) = found.outputs.model_outputs
    model = in_process.get_logged_model(output.model_id)
    assert {point.key: point.value for point in model.metrics}["training_score"] > 0.9
    assert mlflow.sklearn.load_model(f"models:/{output.model_id}").C == 0.5


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_boosted_trees(fluent: MlflowClient, library: str) -> None:
    made = pytest.importorskip(library, reason="a test of a library that is not always there")
    regressor = made.XGBRegressor if library == "xgboost" else made.LGBMRegressor
    model = regressor(n_estimators=3).fit(X, Y)
    with mlflow.start_run() as run:
        info = getattr(mlflow, library).log_model(
            model, name="trees", input_example=FEW, pip_requirements=UNASKED
        )

    assert_loads_everywhere(fluent, info, run.info.run_id, model.predict(FEW))


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_autologging_boosted_trees(in_process: MlflowClient, library: str) -> None:
    made = pytest.importorskip(library, reason="a test of a library that is not always there")
    mlflow.set_tracking_uri(in_process._tracking_client.tracking_uri)
    mlflow.set_experiment("autologging")
    flavor = getattr(mlflow, library)
    # Without the model, whose packages MLflow takes ten seconds to find out.
    flavor.autolog(silent=True, log_models=False)
    try:
        with mlflow.start_run() as run:
            classifier = made.XGBClassifier if library == "xgboost" else made.LGBMClassifier
            classifier(n_estimators=3, learning_rate=0.5).fit(X, Y, eval_set=[(X, Y)])
    finally:
        flavor.autolog(disable=True)
    found = in_process.get_run(run.info.run_id)

    assert found.data.params["learning_rate"] == "0.5"
    (metric,) = found.data.metrics
    assert [point.step for point in in_process.get_metric_history(run.info.run_id, metric)] == [
        0,
        1,
        2,
    ]
    assert found.inputs.dataset_inputs


def test_pytorch(fluent: MlflowClient) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is too large to ask for in tests")
    model, few = torch.nn.Linear(4, 1), FEW.to_numpy("float32")
    expected = model(torch.from_numpy(few)).detach().numpy()
    with mlflow.start_run() as run:
        # Exported along an example: MLflow's form for models that run no code when loaded.
        info = mlflow.pytorch.log_model(
            model, name="net", input_example=few, pip_requirements=UNASKED
        )
    version = mlflow.register_model(info.model_uri, "net").version
    fluent.set_registered_model_alias("net", "champion", version)

    for uri in (f"models:/{info.model_id}", "models:/net@champion", f"runs:/{run.info.run_id}/net"):
        loaded = mlflow.pytorch.load_model(uri)
        assert (loaded(torch.from_numpy(few)).detach().numpy() == expected).all(), uri
        assert mlflow.pyfunc.load_model(uri).predict(few).tolist() == expected.tolist(), uri
