"""Python that uses a version: load and predict, load as its own library does, fetch the files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from nbruns.panel.models.model_file import ModelFile
from nbruns.panel.signature import Column

_MOST_COLUMNS = 60
# Flavors that load models of their own kind by `mlflow.<flavor>.load_model`.
_NATIVE = {
    *("sklearn", "xgboost", "lightgbm", "catboost", "keras", "tensorflow", "pytorch", "onnx"),
    *("statsmodels", "prophet", "pmdarima", "spacy", "transformers", "sentence_transformers"),
    *("spark", "h2o", "paddle", "langchain", "llama_index", "dspy", "openai"),
}
_SAMPLES = {
    "double": "0.0",
    "float": "0.0",
    "long": "0",
    "integer": "0",
    "boolean": "False",
    "string": '""',
    "datetime": 'pd.Timestamp("2026-01-01")',
    "binary": 'b""',
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of code with the words for it."""

    title: str
    code: str


def snippets(address: str, file: ModelFile | None) -> list[Snippet]:
    """What can be done with a model at an address `models:/…`; less where its file is not known."""
    quoted = _quoted(address)
    found = [Snippet("Load and predict", _predict(quoted, file))]
    for name, _ in file.named_flavors if file is not None else ():
        if name in _NATIVE:
            code = f"import mlflow\n\nmodel = mlflow.{name}.load_model({quoted})"
            found.append(Snippet(f"Load with {name}", code))
    fetch = f"import mlflow\n\npath = mlflow.artifacts.download_artifacts({quoted})"
    found.append(Snippet("Download its files", fetch))
    return found


def _predict(quoted: str, file: ModelFile | None) -> str:
    imports, data = _data(file)
    head = "\n".join(["import mlflow", *imports])
    load = f"model = mlflow.pyfunc.load_model({quoted})"
    return "\n".join([head, "", load, *data, "model.predict(X)"])


def _data(file: ModelFile | None) -> tuple[list[str], list[str]]:
    """The imports and the lines that make `X`."""
    if file is not None and file.example:
        return [], ["X = model.input_example"]
    inputs = file.signature.inputs if file is not None else ()
    if not inputs:
        return [], ["X = ...  # as the model takes it: it was logged without a signature"]
    if any("×" in column.type or column.type.endswith(" n") for column in inputs):
        return ["import numpy as np"], _tensors(inputs)
    if all(column.name.startswith("[") for column in inputs):
        return [], [f"X = [[{', '.join(map(_sample, inputs[:_MOST_COLUMNS]))}]]"]
    return ["import pandas as pd"], _frame(inputs)


def _tensors(inputs: Sequence[Column]) -> list[str]:
    """Zeros in the shapes of the signature: one array, or one for each name."""
    if len(inputs) == 1 and inputs[0].name == "[0]":
        return [f"X = {_zeros(inputs[0])}"]
    lines = [f"    {_quoted(column.name)}: {_zeros(column)}," for column in inputs]
    return ["X = {", *lines, "}"]


def _zeros(column: Column) -> str:
    kind, _, shape = column.type.removesuffix(", optional").partition(" ")
    sizes = ["1" if size == "n" else size for size in shape.split("×")]
    comma = "," if len(sizes) == 1 else ""
    return f'np.zeros(({", ".join(sizes)}{comma}), dtype="{kind}")'


def _frame(inputs: Sequence[Column]) -> list[str]:
    """One row of a table with the signature's columns, a column a line."""
    lines = [
        f"    {_quoted(column.name)}: [{_sample(column)}]," for column in inputs[:_MOST_COLUMNS]
    ]
    if len(inputs) > _MOST_COLUMNS:
        lines.append(f"    # and {len(inputs) - _MOST_COLUMNS} more columns")
    return ["X = pd.DataFrame({", *lines, "})"]


def _sample(column: Column) -> str:
    return _SAMPLES.get(column.type.removesuffix(", optional"), "...")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
