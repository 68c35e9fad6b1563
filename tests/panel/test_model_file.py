"""What is read out of an MLmodel file, as MLflow of several ages writes it."""

import pytest

from nbruns.panel.models.model_file import ModelFile, read_model_file

SKLEARN = """artifact_path: mlflow-artifacts:/1/models/m-1/artifacts
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.skops
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.skops
    serialization_format: skops
    sklearn_version: 1.9.1
    skops_trusted_types:
    - sklearn.tree._tree.Tree
metadata:
  note: 'one line: and
    flavors: another'
mlflow_version: 3.17.2
model_size_bytes: 10802
saved_input_example_info:
  artifact_path: input_example.json
  type: dataframe
signature:
  inputs: '[{"type": "double", "name": "radius", "required": true}, {"type": "long",
    "name": "it''s", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
utc_time_created: '2026-11-21 16:19:04.646685'
"""


def flavor(name: str, **said: str) -> str:
    lines = "".join(f"    {key}: {value}\n" for key, value in said.items())
    return f"flavors:\n  python_function:\n    loader_module: mlflow.{name}\n  {name}:\n{lines}"


# F80
def test_a_model_says_what_it_is_made_with() -> None:
    file = read_model_file(SKLEARN)

    assert (file.python, file.mlflow, file.size_bytes) == ("3.11.7", "3.17.2", 10802)
    assert file.named_flavors == [("sklearn", "1.9.1")]
    assert file.example == "input_example.json"
    assert [column.name for column in file.signature.inputs] == ["radius", "it's"]
    assert file.flavors.keys() == {"python_function", "sklearn"}


@pytest.mark.parametrize("text", ["", "flavors:", "flavors: none\n", "\x00: [", "a: b\n" * 5])
def test_what_is_no_mlmodel_file_says_nothing(text: str) -> None:
    assert read_model_file(text) == ModelFile()


# F80
@pytest.mark.parametrize(
    ("text", "programs"),
    [
        (SKLEARN, ()),
        (flavor("xgboost", data="model.ubj", model_format="ubj", code="null"), ()),
        (flavor("onnx", data="model.onnx"), ()),
        (
            flavor("sklearn", pickled_model="model.pkl", serialization_format="cloudpickle"),
            ("model.pkl",),
        ),
        (
            flavor("statsmodels", data="model.statsmodels", serialization_format="pickle"),
            ("pickle",),
        ),
        (flavor("pytorch", model_data="data"), ("data/model.pth",)),
        (flavor("sklearn", pickled_model="model.joblib", code="code"), ("code", "model.joblib")),
        (
            "flavors:\n  python_function:\n    python_model: python_model.pkl\n",
            ("python_model.pkl",),
        ),
        (
            "flavors:\n  python_function:\n    model_code_path: /home/ada/model.py\n",
            ("model.py",),
        ),
    ],
)
def test_a_model_that_runs_code_when_it_is_loaded_is_known(
    text: str, programs: tuple[str, ...]
) -> None:
    assert tuple(sorted(read_model_file(text).runs_code)) == programs
