"""Hostile input gets the protocol's error with a sentence, and nothing is half-written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nbruns.endpoints import activity, requests, rights, transition_requests
from nbruns.endpoints.routes import (
    ARTIFACTS,
    LOGGED_MODELS,
    REGISTRY,
    TRACKING,
    TRANSITION_REQUESTS,
    Row,
)
from nbruns.errors import InvalidValue, NbrunsError
from nbruns.protocol.errors import wire_error
from nbruns.store import Store

ROWS = (
    *(*TRACKING, *LOGGED_MODELS, *REGISTRY, *ARTIFACTS),
    *(*TRANSITION_REQUESTS, *requests.ROUTES, *activity.ROUTES, *rights.ROUTES),
)
FIELDS = (
    *("run_id", "run_uuid", "experiment_id", "experiment_name", "name", "new_name", "key", "value"),
    *("timestamp", "step", "tags", "params", "metrics", "datasets", "models", "model_id"),
    *("model_json", "metric_key", "max_results", "page_token", "filter", "order_by", "view_type"),
    *("run_view_type", "status", "end_time", "start_time", "start_step", "end_step", "run_ids"),
    *("experiment_ids", "version", "source", "alias", "stage", "stages", "description", "user_id"),
    *("run_name", "path", "tag_key", "artifact_location", "archive_existing_versions"),
    *("allow_deleted", "dataset_name", "dataset_digest", "artifact_directory_path", "run_link"),
    *("model_type", "source_run_id", "request_id", "comment", "remove", "state", "requester"),
    *("creator", "at_ms", "since_ms", "until_ms", "kind", "subject", "action", "user", "model"),
    *("aliases", "whose"),
)


def deep(levels: int) -> Any:
    """A list in a list in a list…"""
    nested: Any = []
    for _ in range(levels):
        nested = [nested]
    return nested


HOSTILE = {
    "nothing": None,
    "empty": "",
    "a number": 5,
    "a huge number": 10**40,
    "digits": "9" * 30,
    "many digits": "9" * 100_000,
    "a fraction": 1.5,
    "nan": float("nan"),
    "true": True,
    "a list": ["x"],
    "an object": {"key": "x"},
    "a list of nothing": [None],
    "a list of objects": [{}],
    "pairs": [{"key": "a\0b", "value": {"a": 1}}],
    "deep": deep(200),
    "a NUL": "a\0b",
    "half a pair": "\ud800",
    "a long name": "n" * 5000,
    "megabytes": "x" * 3_000_000,
    "sql": "'; drop table runs; --",
    "a path": "../../etc/passwd",
    "bidi": "\u202eevil",
}


def everything(store: Store) -> list[str]:
    """The whole database as SQL."""
    return list(store.db.conn.iterdump())


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with one of each thing, which the tests here share and knock about."""
    store = Store.open(tmp_path_factory.mktemp("busy"))
    run = store.runs.create("0", name="r", tags={"a": "b"})
    model = store.models.create("0", name="m", source_run_id=run.run_id)
    store.registry.create_model("reg")
    store.registry.create_version("reg", source=f"models:/{model.model_id}")
    yield store
    store.close()


def answer(store: Store, row: Row, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body, as they would go over the wire."""
    try:
        return 200, row[2](store, body)
    except Exception as error:
        return wire_error(error)


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_any_field_may_be_anything(busy: Store, row: Row, what: str) -> None:
    before = everything(busy)
    status, reply = answer(busy, row, dict.fromkeys(FIELDS, HOSTILE[what]))

    assert status < 500
    json.dumps(reply, allow_nan=False)
    if status != 200:
        assert 10 < len(reply["message"]) <= 2000
        assert everything(busy) == before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_unknown_fields_are_ignored(busy: Store, row: Row) -> None:
    unknown = {"nobody_knows_me": deep(100), "": 1, "id\0": "x"}

    assert answer(busy, row, unknown)[1].keys() == answer(busy, row, {})[1].keys()


def test_a_batch_with_one_bad_item_leaves_nothing(busy: Store) -> None:
    from nbruns.endpoints import runs

    run_id = busy.runs.create("0").run_id
    before = everything(busy)
    good = {"key": "m", "value": 1, "timestamp": 1}
    for bad in (
        {"metrics": [good, {"key": "m", "timestamp": 1}]},
        {"metrics": [good], "params": [{"key": "p"}, {"key": "a//b", "value": "1"}]},
        {"metrics": [good], "tags": [{"key": "t", "value": "1"}, {"value": "1"}]},
        {"metrics": [good] * 1001},
        {"metrics": [{**good, "dataset_name": "d"}]},
        {"metrics": [{**good, "model_id": "m-" + "0" * 32}]},
    ):
        with pytest.raises(NbrunsError):
            runs.log_batch(busy, {"run_id": run_id, **bad})

    assert everything(busy) == before


@pytest.mark.parametrize("both", [{"run_id": "x", "run_uuid": "x"}, {"run_uuid": "x"}])
def test_a_run_may_be_named_by_its_old_field(busy: Store, both: dict[str, str]) -> None:
    from nbruns.endpoints import runs

    run_id = busy.runs.create("0").run_id
    reply = runs.get(busy, dict.fromkeys(both, run_id))

    assert reply["run"]["info"]["run_uuid"] == run_id


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "mlflow-artifacts:/0/somebody-elses/artifacts",
        "mlflow-artifacts:/0/x/%2e%2e/%2e%2e/y",
        "s3://bucket/../x",
        "FILE:///etc/passwd",
        "fi\tle:///etc/passwd",
        "file://localhost/etc/passwd",
        "file://elsewhere/share",
        "//elsewhere/share",
        "C:/Windows/secrets",
        "secrets",
        "s3%3A//secrets",
        "models%3A/m-0123456789abcdef0123456789abcdef",
        "mlflow-artifacts://elsewhere/0/x",
        "MLFLOW-ARTIFACTS:/0/somebody-elses/artifacts",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "runs:/../../etc",
        "http://elsewhere/model",
        "https://elsewhere/model",
        "ftp://elsewhere/model",
    ],
)
def test_a_version_cannot_be_made_of_a_file_that_is_not_its_runs(home: Any, source: str) -> None:
    from nbruns.endpoints import registry

    store = Store.open(home, artifact_base="mlflow-artifacts:")
    run_id = store.runs.create("0").run_id
    store.registry.create_model("reg")

    with pytest.raises(InvalidValue, match="source"):
        registry.create_version(store, {"name": "reg", "source": source, "run_id": run_id})
    store.close()


def test_calling_itself_a_prompt_opens_no_folder(home: Any) -> None:
    from nbruns.endpoints import registry

    store = Store.open(home, artifact_base="mlflow-artifacts:")
    store.registry.create_model("reg")
    body = {"name": "reg", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}

    with pytest.raises(InvalidValue, match="secrets"):
        registry.create_version(store, body | {"source": "secrets"})
    assert registry.create_version(store, body | {"source": "dummy-source"})
    store.close()


def test_the_files_of_a_run_are_found_by_its_address(home: Any) -> None:
    from nbruns.endpoints import registry

    store = Store.open(home, artifact_base="mlflow-artifacts:")
    run = store.runs.create("0")
    store.registry.create_model("reg")
    source = f"runs:/{run.run_id}/nets/small"
    made = registry.create_version(store, {"name": "reg", "source": source})["model_version"]
    where = registry.download_uri(store, {"name": "reg", "version": "1"})["artifact_uri"]

    assert (made["source"], made["run_id"]) == (source, run.run_id)
    assert where == f"{run.artifact_uri}/nets/small"
    store.close()


@pytest.mark.parametrize("version", ["9" * 40, "-1", "7"])
@pytest.mark.parametrize("row", TRANSITION_REQUESTS, ids=lambda row: row[1])
def test_a_version_that_cannot_be_is_not_found(busy: Store, row: Row, version: str) -> None:
    if row[2] is transition_requests.get_model:
        pytest.skip("it names no version")
    status, reply = answer(busy, row, {"name": "reg", "version": version, "stage": "Staging"})

    assert (status, reply["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("call", [requests.create, transition_requests.create])
def test_a_comment_is_no_book(busy: Store, call: Any) -> None:
    body = {"name": "reg", "version": "1", "stage": "Staging", "comment": "x" * 65_536}

    with pytest.raises(InvalidValue, match="65535"):
        call(busy, body)
