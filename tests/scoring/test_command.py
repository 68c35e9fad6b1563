"""`nbruns score` in a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
from scorers import Scorers


def run_command(scorers: Scorers, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    return subprocess.run(
        [sys.executable, "-m", "nbruns.cli", "score", *arguments],
        env=kept | {"NBRUNS_HOME": str(scorers.home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parent,
    )


def test_a_file_is_scored_into_an_experiment_of_the_model(scorers: Scorers, write: Any) -> None:
    file = write("people.csv", "id;age;income\n7;1,5;2\n8;3;4\n")
    output = file.with_name("out.parquet")

    done = run_command(
        *(scorers, "models:/churn@champion", str(file), "--output", str(output)),
        *("--columns", "id", "--decimal", ","),
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 rows scored with churn version 1 in ")
    import pandas as pd

    assert pd.read_parquet(output).to_dict("list") == {"id": [7, 8], "prediction": [3.0, 6.0]}
    runs = mlflow.search_runs(experiment_names=["scoring of churn"], output_format="list")
    assert [run.info.status for run in runs] == ["FINISHED"]
    assert runs[0].data.tags["nbruns.scoring.input"] == str(file)


def test_a_refusal_is_one_line(scorers: Scorers, write: Any) -> None:
    done = run_command(scorers, "models:/churn/1", str(write("a.csv", "id\n1\n")))

    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("nbruns:")]
    assert told == [
        "nbruns: 'a.csv' does not fit the model: it misses 'age' (double), 'income' (double). "
        "Not known to the model: 'id'."
    ]
