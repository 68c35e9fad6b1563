"""What MLflow 3 has and nbruns leaves out: a clear refusal, and never in the user's way."""

from __future__ import annotations

import logging

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

pytestmark = pytest.mark.usefixtures("fluent")


def test_a_traced_function_still_works() -> None:
    @mlflow.trace
    def double(number: int) -> int:
        return number * 2

    with mlflow.start_run():
        assert double(21) == 42
    mlflow.flush_trace_async_logging()


@pytest.mark.parametrize(
    "call",
    [
        lambda: mlflow.search_traces(return_type="list"),
        lambda: mlflow.MlflowClient().delete_traces("0", trace_ids=["tr-1"]),
        lambda: mlflow.MlflowClient().set_trace_tag("tr-1", "a", "b"),
        lambda: mlflow.genai.datasets.create_dataset("data"),
    ],
    ids=["search_traces", "delete_traces", "set_trace_tag", "datasets"],
)
def test_it_is_refused_with_the_protocols_own_code(call) -> None:
    with pytest.raises(MlflowException) as refused:
        call()

    assert refused.value.error_code == "NOT_IMPLEMENTED"


def test_a_run_ends_without_a_link_to_a_page_there_is_not(
    in_process: MlflowClient, capfd: pytest.CaptureFixture[str]
) -> None:
    mlflow.set_tracking_uri(in_process._tracking_client.tracking_uri)
    with mlflow.start_run(experiment_id="0"):
        pass

    assert capfd.readouterr().out == ""


def test_nothing_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), mlflow.start_run():
        mlflow.log_metric("a", 1.0)
        mlflow.log_param("b", 2)

    assert caplog.records == []
