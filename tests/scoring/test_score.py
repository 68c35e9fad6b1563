"""Scoring from Python: the run, the predictions, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow.types.schema import Schema, TensorSpec
from scorers import CUSTOMERS, Numbers, Scorers

import nbruns
from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.scoring import calling
from nbruns.scoring.scoring import ScoringFailed

pytestmark = pytest.mark.usefixtures("scorers")
CHAMPION = "models:/churn@champion"


def newest() -> Any:
    """The run that began last."""
    return mlflow.search_runs(
        search_all_experiments=True, order_by=["start_time desc"], output_format="list"
    )[0]


def test_a_file_becomes_a_run_with_predictions(write: Any) -> None:  # F101
    lines = "".join(f"00{i},{i % 90},{i},Zürich\n" for i in range(1_000))
    file = write("customers.csv", "id,age,income,city\n" + lines)

    found = nbruns.score(CHAMPION, str(file), chunk_rows=300)

    assert found.rows == 1_000
    frame = found.to_pandas()
    assert list(frame) == ["id", "age", "income", "city", "prediction"]
    assert (frame["prediction"] == frame["age"] * 2).all()
    assert frame["id"].tolist()[:2] == ["000", "001"]
    run = mlflow.get_run(found.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["nbruns.scoring.model"] == "churn"
    assert run.data.tags["nbruns.scoring.version"] == "1"
    assert run.data.metrics["rows_scored"] == 1_000
    assert run.data.metrics["rows_per_second"] > 0
    dataset = run.inputs.dataset_inputs[0]
    assert json.loads(dataset.dataset.source) == {"uri": str(file)}
    assert dataset.dataset.digest == run.data.tags["nbruns.scoring.digest"]
    model_id = mlflow.models.get_model_info(CHAMPION).model_id
    assert [one.model_id for one in run.inputs.model_inputs] == [model_id]
    files = mlflow.MlflowClient().list_artifacts(found.run_id)
    assert [one.path for one in files] == ["predictions.parquet"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(None, ["key", "age", "income", "prediction"]), (["key"], ["key", "prediction"]), ([], None)],
)
def test_which_columns_go_along(columns: list[str] | None, expected: list[str] | None) -> None:
    frame = CUSTOMERS.assign(key=["a", "b", "c", "d"])[["key", "age", "income"]]

    found = nbruns.score(CHAMPION, frame, columns=columns).to_pandas()

    assert list(found) == (expected or ["prediction"])
    assert found["prediction"].tolist() == [40, 60, 80, 100]


def test_a_copy_where_it_is_wanted(tmp_path: Path) -> None:
    found = nbruns.score("models:/churn/1", CUSTOMERS, tmp_path / "out.parquet")

    assert found.path == tmp_path / "out.parquet"
    assert len(pd.read_parquet(found.path)) == 4
    assert [one.name for one in tmp_path.iterdir()] == ["out.parquet"]


def test_parquet_in_one_file_a_folder_and_a_pattern(tmp_path: Path) -> None:
    for part in range(3):
        CUSTOMERS.assign(part=part).to_parquet(tmp_path / f"part-{part}.parquet")
    (tmp_path / "_metadata.parquet").write_bytes(b"of Spark's")

    one = nbruns.score(CHAMPION, tmp_path / "part-1.parquet")
    folder = nbruns.score(CHAMPION, tmp_path, chunk_rows=3)
    pattern = nbruns.score(CHAMPION, str(tmp_path / "part-[02].parquet"))

    assert (one.rows, folder.rows, pattern.rows) == (4, 12, 8)
    assert folder.to_pandas()["part"].tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_types_come_as_the_model_takes_them(write: Any) -> None:
    csv = write(
        "orders.csv",
        "count,paid,city,day,weight\n"
        " 3,TRUE,Ulm,2026-05-03T00:00:00+01:00,1\n"
        "4,0,,2026-05-04T10:00:00Z,1.5\n",
    )
    parquet = csv.with_name("orders.parquet")
    pq.write_table(
        pa.table(
            {
                "count": pa.array([3.0, 4.0]),
                "paid": [True, False],
                "city": pa.array(["Ulm", None]).dictionary_encode(),
                "day": pa.array([20_576, 20_577], pa.int32()).cast(pa.date32()),
            }
        ),
        parquet,
    )

    for file in (csv, parquet):
        found = nbruns.score("models:/orders/1", file).to_pandas()
        assert found["words"].tolist() == ["Ulm", "?"]
        assert found["days"].tolist()[1] == 4
    assert nbruns.score("models:/orders/1", csv).to_pandas()["weight"].tolist() == [1.0, 1.5]


def test_a_model_of_matrices(scorers: Scorers) -> None:
    signature = mlflow.models.ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 2))]))
    uri = scorers.register("numbers", Numbers(), signature)

    assert nbruns.score(uri, CUSTOMERS).to_pandas()["prediction"].tolist() == [21, 32, 48, 59]
    with pytest.raises(InvalidValue, match=r"takes 2 numbers a row.*'key'"):
        nbruns.score(uri, CUSTOMERS.assign(key="a"))
    keyed = nbruns.score(uri, CUSTOMERS.assign(key="a"), columns=["key"])
    assert list(keyed.to_pandas()) == ["key", "prediction"]


def test_a_chunk_that_fails_ends_the_run_and_keeps_what_was_predicted(write: Any) -> None:
    ages = [*range(25), 99, *range(10)]
    file = write("ages.csv", "age,income\n" + "".join(f"{age},1\n" for age in ages))

    with pytest.raises(ScoringFailed, match=r"Rows 21–30: ValueError: nobody is 99"):
        nbruns.score(CHAMPION, file, chunk_rows=10)

    run = newest()
    assert run.info.status == "FAILED"
    assert run.data.tags["nbruns.end_reason"] == "Rows 21–30: ValueError: nobody is 99"
    assert run.data.metrics["rows_scored"] == 20
    files = mlflow.MlflowClient().list_artifacts(run.info.run_id)
    assert "predictions.partial.parquet" in [one.path for one in files]
    uri = f"runs:/{run.info.run_id}/predictions.partial.parquet"
    partial = pd.read_parquet(mlflow.artifacts.download_artifacts(uri))
    assert partial["prediction"].tolist() == [2.0 * age for age in ages[:20]]


def test_an_interrupt_ends_it_as_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = mlflow.pyfunc.load_model(CHAMPION)
    calls = []

    class Interrupted:
        def predict(self, rows: Any) -> Any:
            calls.append(rows)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return loaded.predict(rows)

    monkeypatch.setattr(mlflow.pyfunc, "load_model", lambda uri: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        nbruns.score(CHAMPION, CUSTOMERS, chunk_rows=1)

    assert newest().info.status == "KILLED"
    assert newest().data.tags["nbruns.end_reason"].startswith("interrupted after 1 rows")


def test_it_belongs_to_the_active_run_or_a_named_experiment() -> None:
    with mlflow.start_run() as parent:
        child = mlflow.get_run(nbruns.score(CHAMPION, CUSTOMERS).run_id)
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.info.experiment_id == parent.info.experiment_id

    named = mlflow.get_run(nbruns.score(CHAMPION, CUSTOMERS, experiment="nightly").run_id)
    assert mlflow.get_experiment(named.info.experiment_id).name == "nightly"


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("models:/nobody/1", "nobody"),
        ("models:/churn/7", "7"),
        ("models:/churn@challenger", "challenger"),
        ("models:/churn", r"write models:/churn/3"),
        ("models:/churn/Production", "No version of 'churn' is at 'Production'"),
        ("churn", "names no model"),
        ("runs:/" + "0" * 32 + "/model", "0000"),
    ],
)
def test_a_model_that_is_not_there(uri: str, sentence: str) -> None:
    with pytest.raises((NotFound, InvalidValue), match=sentence):
        nbruns.score(uri, CUSTOMERS)


def test_what_is_missing_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(InvalidState, match=r"'pyarrow' is not installed.*nbruns\[scoring\]"):
        calling.score(CHAMPION, CUSTOMERS)
