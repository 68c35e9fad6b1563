"""Which function answers which method and path.

Paths are MLflow's below `api/2.0/`, `api/3.0/` and the same under `ajax-api/`, ours
below `api/1.0/`. A function takes the store and the request's fields and returns the
reply's; nothing here knows HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from nbruns.endpoints import (
    artifacts,
    experiments,
    metrics,
    models,
    registry,
    runs,
    traces,
    transition_requests,
)
from nbruns.endpoints.guard import answer_in_process
from nbruns.protocol.errors import NoSuchEndpoint
from nbruns.protocol.names import OWN_PREFIX, PROTOCOL_PREFIXES
from nbruns.store import Store

Endpoint = Callable[[Store, dict[str, Any]], dict[str, Any]]
Row = tuple[str, str, Endpoint]

TRACKING: tuple[Row, ...] = (
    ("POST", "mlflow/experiments/create", experiments.create),
    ("GET", "mlflow/experiments/get", experiments.get),
    ("GET", "mlflow/experiments/get-by-name", experiments.get_by_name),
    ("GET", "mlflow/experiments/search", experiments.search),
    ("POST", "mlflow/experiments/search", experiments.search),
    ("POST", "mlflow/experiments/update", experiments.rename),
    ("POST", "mlflow/experiments/delete", experiments.delete),
    ("POST", "mlflow/experiments/restore", experiments.restore),
    ("POST", "mlflow/experiments/set-experiment-tag", experiments.set_tag),
    ("POST", "mlflow/experiments/delete-experiment-tag", experiments.delete_tag),
    ("POST", "mlflow/runs/create", runs.create),
    ("GET", "mlflow/runs/get", runs.get),
    ("POST", "mlflow/runs/update", runs.update),
    ("POST", "mlflow/runs/delete", runs.delete),
    ("POST", "mlflow/runs/restore", runs.restore),
    ("POST", "mlflow/runs/search", runs.search),
    ("POST", "mlflow/runs/log-metric", runs.log_metric),
    ("POST", "mlflow/runs/log-parameter", runs.log_param),
    ("POST", "mlflow/runs/set-tag", runs.set_tag),
    ("POST", "mlflow/runs/delete-tag", runs.delete_tag),
    ("POST", "mlflow/runs/log-batch", runs.log_batch),
    ("POST", "mlflow/runs/log-inputs", runs.log_inputs),
    ("POST", "mlflow/runs/outputs", runs.log_outputs),
    ("POST", "mlflow/runs/log-model", runs.log_model),
    ("GET", "mlflow/metrics/get-history", metrics.history),
    ("GET", "mlflow/metrics/get-history-bulk", metrics.histories),
    ("GET", "mlflow/metrics/get-history-bulk-interval", metrics.sampled),
)

LOGGED_MODELS: tuple[Row, ...] = (
    ("POST", "mlflow/logged-models", models.create),
    ("POST", "mlflow/logged-models/search", models.search),
    ("GET", "mlflow/logged-models/{model_id}", models.get),
    ("PATCH", "mlflow/logged-models/{model_id}", models.finalize),
    ("DELETE", "mlflow/logged-models/{model_id}", models.delete),
    ("POST", "mlflow/logged-models/{model_id}/params", models.log_params),
    ("PATCH", "mlflow/logged-models/{model_id}/tags", models.set_tags),
    ("DELETE", "mlflow/logged-models/{model_id}/tags/{tag_key*}", models.delete_tag),
    ("GET", "mlflow/logged-models/{model_id}/artifacts/directories", artifacts.list_of_model),
)

REGISTRY: tuple[Row, ...] = (
    ("POST", "mlflow/registered-models/create", registry.create_model),
    ("GET", "mlflow/registered-models/get", registry.get_model),
    ("PATCH", "mlflow/registered-models/update", registry.update_model),
    ("POST", "mlflow/registered-models/rename", registry.rename_model),
    ("DELETE", "mlflow/registered-models/delete", registry.delete_model),
    ("GET", "mlflow/registered-models/search", registry.search_models),
    ("GET", "mlflow/registered-models/get-latest-versions", registry.latest_versions),
    ("POST", "mlflow/registered-models/get-latest-versions", registry.latest_versions),
    ("POST", "mlflow/registered-models/set-tag", registry.set_model_tag),
    ("DELETE", "mlflow/registered-models/delete-tag", registry.delete_model_tag),
    ("POST", "mlflow/registered-models/alias", registry.set_alias),
    ("DELETE", "mlflow/registered-models/alias", registry.delete_alias),
    ("GET", "mlflow/registered-models/alias", registry.version_by_alias),
    ("POST", "mlflow/model-versions/create", registry.create_version),
    ("GET", "mlflow/model-versions/get", registry.get_version),
    ("PATCH", "mlflow/model-versions/update", registry.update_version),
    ("DELETE", "mlflow/model-versions/delete", registry.delete_version),
    ("GET", "mlflow/model-versions/search", registry.search_versions),
    ("GET", "mlflow/model-versions/get-download-uri", registry.download_uri),
    ("POST", "mlflow/model-versions/set-tag", registry.set_version_tag),
    ("DELETE", "mlflow/model-versions/delete-tag", registry.delete_version_tag),
    ("POST", "mlflow/model-versions/transition-stage", registry.move_stage),
)

TRANSITION_REQUESTS: tuple[Row, ...] = (
    ("POST", "mlflow/transition-requests/create", transition_requests.create),
    ("GET", "mlflow/transition-requests/list", transition_requests.list_open),
    ("POST", "mlflow/transition-requests/approve", transition_requests.approve),
    ("POST", "mlflow/transition-requests/reject", transition_requests.reject),
    ("DELETE", "mlflow/transition-requests/delete", transition_requests.delete),
    (
        "POST",
        "mlflow/databricks/model-versions/transition-stage",
        transition_requests.transition_stage,
    ),
    ("GET", "mlflow/databricks/registered-models/get", transition_requests.get_model),
)

ARTIFACTS: tuple[Row, ...] = (
    ("GET", "mlflow/artifacts/list", artifacts.list_of_run),
    ("GET", "mlflow-artifacts/artifacts", artifacts.list_folder),
    ("DELETE", "mlflow-artifacts/artifacts/{path*}", artifacts.delete),
)

TRACES: tuple[Row, ...] = (("POST", "mlflow/traces", traces.start),)

# What MLflow 3 has and nbruns leaves out, by how the path begins.
_LEFT_OUT = re.compile(
    r"mlflow/(?:traces|assessments|scorers|gateway|webhooks|datasets|prompts|prompt-optimization"
    r"|issues|label-schemas|review-queues|workspaces|runs/(?:link|unlink)|endpoints|secrets"
    r"|mcp|online-scoring|jobs|get-trace-artifact|graphql)\b"
    r"|mlflow-artifacts/(?:mpu|presigned)\b"
)


def _pattern(template: str) -> re.Pattern[str]:
    """A template as a pattern: {name} is one part of the path, {name*} all that is left."""
    pattern = ""
    for part in re.split(r"(\{\w+\*?\})", template):
        name = part.strip("{}*")
        if part.endswith("*}"):
            pattern += f"(?P<{name}>.+)"
        elif part.endswith("}"):
            pattern += f"(?P<{name}>[^/]+)"
        else:
            pattern += re.escape(part)
    return re.compile(pattern)


class Routes:
    """The table, ready to be searched: plain paths by lookup, templates one after the other."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.plain: dict[tuple[str, str], Endpoint] = {}
        self.templates: list[tuple[str, re.Pattern[str], Endpoint]] = []
        for method, path, endpoint in rows:
            if "{" in path:
                self.templates.append((method, _pattern(path), endpoint))
            else:
                self.plain[method, path] = endpoint

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint of a path and what the path says; None when there is none."""
        endpoint = self.plain.get((method, path))
        if endpoint is not None:
            return endpoint, {}
        for wanted, pattern, found in self.templates:
            match = pattern.fullmatch(path) if wanted == method else None
            if match:
                return found, match.groupdict()
        return None


_MLFLOW = Routes((*TRACKING, *LOGGED_MODELS, *REGISTRY, *TRANSITION_REQUESTS, *ARTIFACTS, *TRACES))


def find_endpoint(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The function that answers a call, and the fields its path carries.

    Raises NoSuchEndpoint where there is none.
    """
    path = path.strip("/")
    found = None
    for prefix in PROTOCOL_PREFIXES:
        if path.startswith(prefix):
            rest = path[len(prefix) :]
            found = _MLFLOW.find(method, rest)
            if found is None and _LEFT_OUT.match(rest):
                return runs.unsupported, {}
    if path.startswith(OWN_PREFIX):
        found = own_routes().find(method, path[len(OWN_PREFIX) :])
    if found is None:
        raise NoSuchEndpoint(f"No endpoint answers {method} '{path[:200]}'")
    return found


@cache
def own_routes() -> Routes:
    """Our own calls; apart, so that an MLflow client in a process loads none of them."""
    from nbruns.endpoints import (
        activity,
        comparisons,
        model_list,
        notebooks,
        overview,
        requests,
        revisions,
        rights,
        run_list,
    )

    rooms = (
        activity,
        comparisons,
        model_list,
        notebooks,
        overview,
        requests,
        revisions,
        rights,
        run_list,
    )
    return Routes(row for room in rooms for row in room.ROUTES)


def call(store: Store, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer a call in process; raises what the endpoint raises."""
    endpoint, values = find_endpoint(method, path)
    reply: dict[str, Any] = answer_in_process(store, endpoint, {**body, **values})
    return reply
