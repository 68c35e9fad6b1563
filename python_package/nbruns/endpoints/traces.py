"""The one call about traces that nbruns answers: where a trace may leave its file.

Traces are not part of nbruns: they are neither searched nor shown, and every other call
about them is refused. Refusing this one too would make MLflow's client log a warning for
each traced call; accepted, the client itself keeps the trace as `traces.json` among the
experiment's artifacts, so nothing is lost.
"""

from __future__ import annotations

import re
from typing import Any

from nbruns.endpoints.experiments import experiment_id
from nbruns.errors import InvalidValue
from nbruns.protocol.fields import find, required, wrong
from nbruns.store import Store

Body = dict[str, Any]

LOCATION_TAG = "mlflow.artifactLocation"
_TRACE_ID = re.compile(r"[\w\-]{1,64}")


def start(store: Store, body: Body) -> Body:
    """POST traces (api/3.0): the trace's own description, and the place of its file."""
    info = _object(_object(body, "trace"), "trace_info")
    trace_id = required(info, "trace_id")
    if not _TRACE_ID.fullmatch(trace_id):
        raise InvalidValue(f"Invalid trace id '{trace_id[:80]}'")
    experiment = store.experiments.get(experiment_of(body))
    location = f"{experiment.artifact_uri.rstrip('/')}/traces/{trace_id}/artifacts"
    tags = {**(_object(info, "tags") if find(info, "tags") else {}), LOCATION_TAG: location}
    return {"trace": {"trace_info": {**info, "tags": tags}}}


def experiment_of(body: Body) -> str:
    """The id of the experiment a trace belongs to."""
    info = _object(_object(body, "trace"), "trace_info")
    return experiment_id(_object(_object(info, "trace_location"), "mlflow_experiment"))


def _object(body: Body, name: str) -> Body:
    found = find(body, name)
    if not isinstance(found, dict):
        raise wrong(name, found, "an object")
    return found
