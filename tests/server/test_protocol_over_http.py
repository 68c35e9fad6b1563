"""Whatever is sent, the answer is the protocol's JSON, and nothing is half written."""

from __future__ import annotations

import json
from typing import Any

import pytest

CREATE = "api/2.0/mlflow/experiments/create"


def post(server: Any, body: bytes, path: str = CREATE) -> tuple[int, Any]:
    answer = server.request("POST", path, body)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status, answer.json()


def test_a_call_is_answered(live_server: Any) -> None:
    status, reply = live_server.ask("POST", CREATE, {"name": "answered"})
    assert status == 200

    status, found = live_server.ask(
        "GET", "api/2.0/mlflow/experiments/get-by-name?experiment_name=answered"
    )
    assert (status, found["experiment"]["experiment_id"]) == (200, reply["experiment_id"])


@pytest.mark.parametrize("prefix", ["api/2.0/", "api/3.0/", "ajax-api/2.0/", "ajax-api/3.0/"])
def test_all_prefixes_answer_alike(live_server: Any, prefix: str) -> None:
    assert live_server.ask("GET", f"{prefix}mlflow/experiments/get?experiment_id=0")[0] == 200


def test_what_is_not_there_is_an_error_of_the_protocol(live_server: Any) -> None:
    status, reply = live_server.ask(
        "GET", "api/2.0/mlflow/experiments/get-by-name?experiment_name=nobody"
    )

    assert (status, reply["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "x", "version", "v1/traces", "api/9.9/x", "api/2.0/mlflow/x"])
def test_an_unknown_path_is_json_too(live_server: Any, method: str, path: str) -> None:
    answer = live_server.request(method, path)

    assert answer.status == 404
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"


@pytest.mark.parametrize("path", ["health", "events", "api/1.0/panel/start"])
def test_an_unknown_method_is_json_too(live_server: Any, path: str) -> None:
    answer = live_server.request("PATCH", path)

    assert (answer.status, answer.json()["error_code"]) == (405, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "api/2.0/mlflow/scorers/register"),
        ("POST", "api/3.0/mlflow/traces/search"),
        ("GET", "api/2.0/mlflow/prompts/get"),
        ("POST", "api/2.0/mlflow-artifacts/mpu/create/0/x"),
        ("GET", "api/2.0/mlflow-artifacts/presigned/0/x"),
    ],
)
def test_what_is_left_out_says_so(live_server: Any, method: str, path: str) -> None:
    status, reply = live_server.ask(method, path)

    assert (status, reply["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert reply["message"]


HOSTILE = [
    b"{",
    b"nonsense",
    b"[]",
    b'"text"',
    b"null",
    b"3",
    b"\xff\xfe",
    b'{"name": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    b'{"name": ' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}",
    b'{"name": 1}',
    b'{"name": ["x"]}',
    b'{"name": "nul\\u0000"}',
    b'{"name": "half \\ud800 pair"}',
    b'{"name": "' + b"x" * 5_000 + b'"}',
    b'{"name": "' + b"x" * 10_000_000 + b'"}',
    b'{"name": "n", "tags": {"a": "b"}}',
    b'{"name": "n", "tags": [1, 2]}',
    b'{"name": "n", "tags": [{"key": 1, "value": "x"}]}',
    b'{"name": ' + b"9" * 10_000 + b"}",
    b"{}",
    b"",
]


@pytest.mark.parametrize("body", HOSTILE, ids=[f"{b[:24]!r}…{len(b)}" for b in HOSTILE])
def test_hostile_bodies_get_a_sentence_and_change_nothing(live_server: Any, body: bytes) -> None:
    everything = ("POST", "api/2.0/mlflow/experiments/search", {"max_results": 1000})
    before = live_server.ask(*everything)

    status, reply = post(live_server, body)

    assert (status, reply["error_code"]) in (
        (400, "INVALID_PARAMETER_VALUE"),
        (400, "BAD_REQUEST"),
    )
    assert 10 < len(reply["message"]) < 1000
    assert live_server.ask(*everything) == before


def test_a_body_that_is_too_large_is_refused_in_words(live_server: Any) -> None:
    status, reply = post(live_server, b" " * (65 * 2**20) + b"{}")

    assert (status, reply["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "64 MB" in reply["message"]


def test_a_query_that_is_not_text_is_refused(live_server: Any) -> None:
    answer = live_server.request("GET", "api/2.0/mlflow/experiments/get?experiment_id=%ff%fe")

    assert answer.status == 400
    assert answer.json()["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


def test_a_field_given_several_times_is_a_list(live_server: Any) -> None:
    live_server.ask("POST", "api/2.0/mlflow/registered-models/create", {"name": "listed"})

    status, reply = live_server.ask(
        "GET",
        "api/2.0/mlflow/registered-models/get-latest-versions"
        "?name=listed&stages=Staging&stages=Limbo",
    )

    assert (status, reply["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Limbo" in reply["message"]


def test_jupyters_own_arguments_are_no_fields(live_server: Any) -> None:
    path = f"api/2.0/mlflow/experiments/get?experiment_id=0&token={live_server.token}"

    assert live_server.request("GET", path, headers={}).status == 200


def test_unknown_fields_are_ignored(live_server: Any) -> None:
    status, _ = live_server.ask("POST", CREATE, {"name": "fields", "colour": {"deep": [1]}})

    assert status == 200


def test_health_says_ok(live_server: Any) -> None:
    answer = live_server.request("GET", "health")

    assert (answer.status, answer.body) == (200, b"OK")


def test_answers_of_the_protocol_are_no_warnings_in_the_log(live_server: Any) -> None:
    said_before = len(live_server.log)

    live_server.ask("GET", "api/2.0/mlflow/experiments/get?experiment_id=404404")
    live_server.ask("POST", "api/3.0/mlflow/traces/search", {})
    post(live_server, b"nonsense")

    assert live_server.log[said_before:] == ""


def test_replies_are_compact_json(live_server: Any) -> None:
    answer = live_server.request("GET", "api/2.0/mlflow/experiments/get?experiment_id=0")

    assert answer.body == json.dumps(answer.json(), separators=(",", ":")).encode()
