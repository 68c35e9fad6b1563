"""Code that uses a version: it can be run as it stands, whatever columns are called."""

import ast
from typing import Any

import pandas as pd
import pytest

from nbruns.panel.models.model_file import ModelFile
from nbruns.panel.models.snippets import snippets
from nbruns.panel.signature import Column, Signature

SKLEARN = {"python_function": {}, "sklearn": {"sklearn_version": "1.9.1"}}


def made_by(code: str) -> Any:
    """The `X` that a snippet makes, without its calls of MLflow."""
    lines = [line for line in code.splitlines() if "mlflow" not in line and "model." not in line]
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    return names["X"]


def predicting(*inputs: Column) -> str:
    file = ModelFile(Signature(inputs=inputs), SKLEARN)
    return snippets("models:/churn/3", file)[0].code


# F80
def test_each_way_to_load_a_version_has_its_code() -> None:
    found = snippets("models:/churn@champion", ModelFile(flavors=SKLEARN))

    assert [one.title for one in found] == [
        "Load and predict",
        "Load with sklearn",
        "Download its files",
    ]
    assert 'mlflow.pyfunc.load_model("models:/churn@champion")' in found[0].code
    assert 'mlflow.sklearn.load_model("models:/churn@champion")' in found[1].code
    assert 'download_artifacts("models:/churn@champion")' in found[2].code


def test_the_table_to_predict_on_has_the_columns_of_the_signature() -> None:
    hostile = 'quo"te\nimport os'
    code = predicting(
        Column("radius", "double"), Column(hostile, "long"), Column("kind", "string, optional")
    )

    made = made_by(code)

    assert isinstance(made, pd.DataFrame)
    assert list(made.columns) == ["radius", hostile, "kind"]
    assert made.iloc[0].tolist() == [0.0, 0, ""]


def test_a_tensor_is_made_in_its_shape() -> None:
    made = made_by(predicting(Column("[0]", "float32 n×28×28")))

    assert (made.shape, str(made.dtype)) == ((1, 28, 28), "float32")


def test_named_tensors_and_columns_without_names_are_made_too() -> None:
    named = made_by(predicting(Column("a", "float32 n×2"), Column("b", "int64 n")))
    assert {name: array.shape for name, array in named.items()} == {"a": (1, 2), "b": (1,)}

    assert made_by(predicting(Column("[0]", "double"), Column("[1]", "long"))) == [[0.0, 0]]


def test_an_example_that_was_logged_is_predicted_on() -> None:
    file = ModelFile(Signature((Column("radius", "double"),)), SKLEARN, example="example.json")

    assert "X = model.input_example" in snippets("models:/churn/3", file)[0].code


@pytest.mark.parametrize("address", ["models:/churn/3", 'models:/a"b\nimport os/1'])
@pytest.mark.parametrize("file", [None, ModelFile(flavors=SKLEARN)])
def test_every_snippet_is_python(address: str, file: ModelFile | None) -> None:
    for one in snippets(address, file):
        calls = [node for node in ast.walk(ast.parse(one.code)) if isinstance(node, ast.Import)]
        assert all("os" not in [name.name for name in call.names] for call in calls)
