"""Each path of the protocol has its function; what is left out says so."""

import pytest

from nbruns.endpoints import models, registry, runs
from nbruns.endpoints.routes import call, find_endpoint, own_routes
from nbruns.errors import NotFound, Unsupported
from nbruns.protocol.errors import NoSuchEndpoint, wire_error
from nbruns.store import Store


@pytest.mark.parametrize("prefix", ["api/2.0", "/api/3.0", "ajax-api/2.0", "ajax-api/3.0"])
def test_a_path_is_found_under_every_prefix(prefix: str) -> None:
    assert find_endpoint("POST", f"{prefix}/mlflow/runs/create") == (runs.create, {})


def test_a_path_carries_values() -> None:
    path = "api/2.0/mlflow/logged-models/m-1/tags/a b/c"

    assert find_endpoint("DELETE", path) == (
        models.delete_tag,
        {"model_id": "m-1", "tag_key": "a b/c"},
    )


def test_one_path_may_have_several_methods() -> None:
    path = "api/2.0/mlflow/registered-models/alias"

    assert [find_endpoint(method, path)[0] for method in ("POST", "GET", "DELETE")] == [
        registry.set_alias,
        registry.version_by_alias,
        registry.delete_alias,
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/2.0/mlflow/runs/create"),
        ("GET", "api/2.0/mlflow/nothing"),
        ("GET", "api/3.0/mlflow/server-info"),
        ("GET", "version"),
        ("GET", ""),
        ("POST", "api/9.0/mlflow/runs/create"),
        ("GET", "api/1.0/nothing"),
        ("GET", "x" * 100_000),
    ],
)
def test_an_unknown_path_is_the_protocols_404(method: str, path: str) -> None:
    with pytest.raises(NoSuchEndpoint) as error:
        find_endpoint(method, path)

    status, body = wire_error(error.value)
    assert (status, body["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "api/3.0/mlflow/traces/search"),
        ("GET", "api/2.0/mlflow/traces"),
        ("POST", "api/2.0/mlflow/webhooks"),
        ("GET", "api/3.0/mlflow/scorers/list"),
        ("POST", "api/3.0/mlflow/datasets/create"),
        ("GET", "api/3.0/mlflow/workspaces/x"),
        ("POST", "api/2.0/mlflow/gateway-proxy"),
        ("POST", "api/2.0/mlflow-artifacts/mpu/create/1/x"),
    ],
)
def test_what_is_left_out_says_so(store: Store, method: str, path: str) -> None:
    with pytest.raises(Unsupported) as error:
        call(store, method, path, {})

    assert wire_error(error.value)[1]["error_code"] == "NOT_IMPLEMENTED"


def test_our_own_calls_are_found() -> None:
    assert ("POST", "notebooks/resolve") in own_routes().plain


def test_a_call_in_process_raises_what_its_endpoint_raises(store: Store) -> None:
    with pytest.raises(NotFound):
        call(store, "GET", "api/2.0/mlflow/runs/get", {"run_id": "0" * 32})
