"""What a card says of a run."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from nbruns.panel.card_content import content_of, snippet
from nbruns.panel.signature import Column, Signature
from nbruns.records import Dataset, DatasetInput, LoggedModel, ModelVersion, Run

MakeRun = Callable[..., Run]


def model(**fields: Any) -> LoggedModel:
    known: dict[str, Any] = {
        "model_id": "m-1",
        "experiment_id": "1",
        "name": "forest",
        "artifact_uri": "mlflow-artifacts:/1/models/m-1/artifacts",
        "status": "READY",
        "created_ms": 1,
        "updated_ms": 1,
    }
    return LoggedModel(**(known | fields))


def version(number: int, **fields: Any) -> ModelVersion:
    return ModelVersion("churn", number, created_ms=number, updated_ms=number, **fields)


# F16 F18
def test_long_values_are_cut_and_say_how_long_they_are(make_run: MakeRun) -> None:
    run = make_run("a", params={"depth": "4", "text": "x" * 1_000_000}, tags={"note": "y" * 300})

    content = content_of(run)

    assert content["params"][0] == {"name": "depth", "text": "4"}
    assert content["params"][1]["size"] == 1_000_000
    assert len(content["params"][1]["text"]) < 300
    assert content["tags"][0]["size"] == 300


def test_the_tags_of_the_system_have_places_of_their_own(make_run: MakeRun) -> None:
    tags = {
        "team": "growth",
        "mlflow.note.content": "# Better",
        "nbruns.code_change": "cells 3, 7 edited",
        "nbruns.hidden_state": "cell 4 ran before cell 2",
        "nbruns.end_reason": "the kernel died",
    }

    content = content_of(make_run("a", tags=tags))

    assert [pair["name"] for pair in content["tags"]] == ["team"]
    assert content["note"] == "# Better"
    assert content["code_change"] == "cells 3, 7 edited"
    assert content["hidden_state"] == "cell 4 ran before cell 2"
    assert content["reason"] == "the kernel died"


# F10
def test_the_source_names_notebook_revision_commit_and_machine(make_run: MakeRun) -> None:
    tags = {
        "mlflow.source.name": "/work/nested/churn.ipynb",
        "nbruns.revision": "a1b2c3d4e5f6",
        "mlflow.source.git.commit": "0123456789abcdef",
        "nbruns.git.branch": "main",
        "nbruns.git.dirty": "true",
        "nbruns.host": "box",
    }

    lines = content_of(make_run("a", tags=tags), can_open=True)["source"]
    said = {line["name"]: (line["text"], line["does"]) for line in lines}

    assert said["Notebook"] == ("churn.ipynb", "")
    assert said["Revision"] == ("a1b2c3d4e5", "open")
    assert said["Git commit"] == ("0123456789", "")
    assert said["Uncommitted"][1] == "git-diff"
    assert (said["Host"], said["User"]) == (("box", ""), ("ada", ""))
    assert "Kernel" not in said


def test_outside_jupyterlab_nothing_offers_to_open_a_revision(make_run: MakeRun) -> None:
    content = content_of(make_run("a", tags={"nbruns.revision": "a1b2"}))

    assert not content["has_revision"]
    assert [line["does"] for line in content["source"] if line["name"] == "Revision"] == [""]


# F22
def test_a_dataset_says_source_schema_size_and_digest(make_run: MakeRun) -> None:
    dataset = Dataset(
        name="tumours",
        digest="1e40ca5d",
        source_type="http",
        source='{"url": "https://data.test/t.csv"}',
        schema='{"mlflow_colspec": [{"type": "double", "name": "radius", "required": true}]}',
        profile='{"num_rows": 12345, "num_elements": 99}',
    )
    run = make_run("a", dataset_inputs=(DatasetInput(dataset, {"mlflow.data.context": "train"}),))

    (said,) = content_of(run)["datasets"]

    assert said == {
        "name": "tumours",
        "digest": "1e40ca5d",
        "context": "train",
        "source": "https://data.test/t.csv",
        "size": "12\u2009345 rows",
        "columns": [{"name": "radius", "type": "double"}],
        "column_count": 1,
    }


@pytest.mark.parametrize("broken", ["", "{", "[1]", '{"mlflow_colspec": 3}', "null"])
def test_a_dataset_that_says_nonsense_is_shown_without_it(make_run: MakeRun, broken: str) -> None:
    dataset = Dataset("d", "1", "code", source=broken, schema=broken, profile=broken)

    (said,) = content_of(make_run("a", dataset_inputs=(DatasetInput(dataset),)))["datasets"]

    assert (said["source"], said["size"], said["columns"]) == ("made in the code", "", [])


def test_tensors_are_columns_too(make_run: MakeRun) -> None:
    spec = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}
    tensors = {"features": json.dumps([spec]), "targets": None}
    schema = json.dumps({"mlflow_tensorspec": tensors})
    profile = '{"features_shape": [3, 2]}'
    found = DatasetInput(Dataset("d", "1", "code", "{}", schema, profile))

    (said,) = content_of(make_run("a", dataset_inputs=(found,)))["datasets"]

    assert said["columns"] == [{"name": "features", "type": "float64 n×2"}]
    assert said["size"] == "3 rows"


# F73 F79
def test_a_model_shows_signature_versions_and_code(make_run: MakeRun) -> None:
    signature = Signature((Column("radius", "double"),), (Column("[0]", "long"),))
    versions = [version(1, model_id="m-1"), version(2, model_id="m-2")]

    (said,) = content_of(make_run("a"), [model()], {"m-1": signature}, versions)["models"]

    assert said["inputs"] == [{"name": "radius", "type": "double"}]
    assert [one["badge"] for one in said["versions"]] == ["churn v1"]
    assert 'load_model("models:/churn/1")' in said["snippet"]


def test_the_snippet_names_the_model_by_its_best_address() -> None:
    plain, old = Signature(), model(model_id="", artifact_uri="runs:/r1/forest")
    aliased = version(1, aliases=("champion",))

    assert '"models:/m-1"' in snippet(model(), plain, [])
    assert '"runs:/r1/forest"' in snippet(old, plain, [])
    assert '"models:/churn@champion"' in snippet(model(), plain, [version(2), aliased])


def test_the_snippet_is_python_whatever_a_column_is_called() -> None:
    columns = tuple(Column(name, "double") for name in ("a\nimport os", "b", "c", "d"))

    text = snippet(model(), Signature(columns), [])

    compile(text, "snippet", "exec")
    assert text.splitlines()[-1] == "model.predict(X)  # columns: a import os, b, c and 1 more"
