"""Models of a few lines, so that what is tested is the way to them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

CUSTOMERS = pd.DataFrame({"age": [20.0, 30, 40, 50], "income": [1.0, 2, 8, 9]})


@dataclass(frozen=True)
class Scorers:
    """A home with registered models."""

    home: Path

    def register(self, name: str, model: Any, signature: Any) -> str:
        """Log a model and register it; its address."""
        with mlflow.start_run():
            mlflow.pyfunc.log_model(
                name="model",
                python_model=model,
                signature=signature,
                registered_model_name=name,
                code_paths=[__file__],
            )
        return f"models:/{name}/1"


class Doubler(mlflow.pyfunc.PythonModel):
    """Twice the age; refuses one of 99."""

    def predict(self, context: Any, model_input: pd.DataFrame) -> Any:
        if (model_input["age"] == 99).any():
            raise ValueError("nobody is 99")
        return model_input["age"].to_numpy() * 2


class Slow(mlflow.pyfunc.PythonModel):
    """Takes its time, a fifth of a second a chunk."""

    def predict(self, context: Any, model_input: pd.DataFrame) -> Any:
        print("a model may print")
        time.sleep(0.2)
        return model_input["age"].to_numpy() * 2


class Strict(mlflow.pyfunc.PythonModel):
    """Says which types it was given."""

    def predict(self, context: Any, model_input: pd.DataFrame) -> Any:
        kinds = [str(kind) for kind in model_input.dtypes]
        assert kinds[0] == "int64", kinds
        assert kinds[1] == "bool", kinds
        assert kinds[3] == "datetime64[ns]", kinds
        return pd.DataFrame(
            {"words": model_input["city"].fillna("?"), "days": model_input["day"].dt.day}
        )


class Numbers(mlflow.pyfunc.PythonModel):
    """The sum of each row of a matrix."""

    def predict(self, context: Any, model_input: np.ndarray) -> np.ndarray:
        assert isinstance(model_input, np.ndarray)
        return model_input.sum(axis=1, keepdims=True)
