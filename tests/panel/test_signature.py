"""A model's columns, out of the file MLflow itself writes."""

from pathlib import Path

import pytest

from nbruns.panel.signature import Column, Signature, read_signature


def written_by_mlflow(folder: Path, signature: object) -> str:
    from mlflow.models import Model

    Model(signature=signature).save(str(folder / "MLmodel"))
    return (folder / "MLmodel").read_text("utf-8")


def test_columns_are_read_with_their_types(tmp_path: Path) -> None:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    inputs = Schema([ColSpec("double", "age"), ColSpec("string", "plan", required=False)])
    text = written_by_mlflow(tmp_path, ModelSignature(inputs, Schema([ColSpec("long")])))

    assert read_signature(text) == Signature(
        inputs=(Column("age", "double"), Column("plan", "string, optional")),
        outputs=(Column("[0]", "long"),),
    )


def test_tensors_show_their_shape(tmp_path: Path) -> None:
    import numpy as np
    from mlflow.models import infer_signature

    text = written_by_mlflow(tmp_path, infer_signature(np.zeros((2, 28, 3))))

    assert read_signature(text).inputs == (Column("[0]", "float64 n×28×3"),)


def test_long_and_quoted_names_survive(tmp_path: Path) -> None:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    names = ["it's", 'a "b"', "x: y", *(f"column number {number}" for number in range(60))]
    schema = Schema([ColSpec("double", name) for name in names])
    text = written_by_mlflow(tmp_path, ModelSignature(schema))

    assert [column.name for column in read_signature(text).inputs] == names


@pytest.mark.parametrize("text", ["", "flavors:\n  x: 1\n", "signature:\n  inputs: 'oops'\n"])
def test_a_file_without_a_signature_gives_none(text: str) -> None:
    assert read_signature(text) == Signature()
