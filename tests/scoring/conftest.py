"""A store with models to score with, and files to score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from scorers import CUSTOMERS, Doubler, Scorers, Strict


@pytest.fixture(scope="module")
def scorers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scorers]:
    """`churn` doubles age and has the alias champion; `orders` takes other types."""
    home = tmp_path_factory.mktemp("scorers") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBRUNS_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        mlflow.set_tracking_uri(f"nbruns://{home}")
        mlflow.set_registry_uri(f"nbruns://{home}")
        found = Scorers(home)
        found.register("churn", Doubler(), infer_signature(CUSTOMERS, np.array([1.0])))
        mlflow.MlflowClient().set_registered_model_alias("churn", "champion", "1")
        orders = pd.DataFrame(
            {
                "count": np.array([1, 2], dtype="int64"),
                "paid": [True, False],
                "city": ["Ulm", "Bern"],
                "day": pd.to_datetime(["2026-05-03", "2026-05-04"]),
            }
        )
        found.register("orders", Strict(), infer_signature(orders, np.array([1.0])))
        yield found
        while mlflow.active_run():
            mlflow.end_run()
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a file and give its path."""

    def one(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return one
