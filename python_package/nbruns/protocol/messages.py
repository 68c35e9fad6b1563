"""Experiments, runs, metrics and datasets: records ⇄ the JSON of the wire.

MLflow's own words (`run_uuid`, `start_time`, `user_id`) stop here. Replies follow
protobuf's JSON: absent rather than empty, 64-bit integers as numbers, NaN and the
infinities by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

from nbruns.errors import InvalidValue
from nbruns.protocol.fields import (
    Body,
    clean_text,
    find,
    integer,
    messages,
    missing,
    number,
    optional,
    optional_int,
    required,
    show,
    text,
    value_text,
)
from nbruns.records import (
    Dataset,
    DatasetInput,
    Experiment,
    MetricPoint,
    ModelLink,
    Run,
    RunStatus,
    Stage,
    View,
)

__all__ = ["optional", "required"]  # the readers of fields, which every endpoint starts from

Json = dict[str, Any]

STATUSES: dict[int, RunStatus] = {
    1: "RUNNING",
    2: "SCHEDULED",
    3: "FINISHED",
    4: "FAILED",
    5: "KILLED",
}
VIEWS: dict[str, View] = {
    "1": "active",
    "ACTIVE_ONLY": "active",
    "2": "deleted",
    "DELETED_ONLY": "deleted",
    "3": "all",
    "ALL": "all",
}


def pairs(mapping: Mapping[str, str]) -> list[Json]:
    """A mapping as the wire's list of key and value."""
    return [{"key": key, "value": value} for key, value in mapping.items()]


def mapping(body: Body, name: str) -> dict[str, str]:
    """The wire's list of key and value as a mapping; the last of equal keys wins."""
    return {required_at(item, name, i): value_text(item) for i, item in _numbered(body, name)}


def unique_mapping(body: Body, name: str) -> dict[str, str]:
    """The same, where a key given twice is refused."""
    found: dict[str, str] = {}
    for index, item in _numbered(body, name):
        key = required_at(item, name, index)
        if key in found:
            raise InvalidValue(f"{name} names the key {show(key)} more than once")
        found[key] = value_text(item)
    return found


def _numbered(body: Body, name: str) -> Iterable[tuple[int, Body]]:
    return enumerate(messages(body, name))


def required_at(item: Body, name: str, index: int, field: str = "key") -> str:
    """A text field that an item of a repeated field must have."""
    value = find(item, field)
    if value is None or value == "":
        raise missing(f"{name}[{index}].{field}")
    return clean_text(f"{name}[{index}].{field}", value)


def view(body: Body, name: str, default: View = "active") -> View:
    """Which lifecycle stages to show."""
    value = find(body, name)
    if value is None:
        return default
    if isinstance(value, bool) or str(value) not in VIEWS:
        raise InvalidValue(
            f"Invalid value {show(value)} for parameter '{name}' supplied: "
            "expected ACTIVE_ONLY, DELETED_ONLY or ALL"
        )
    return VIEWS[str(value)]


def float_to_wire(value: float) -> float | str:
    """A double as protobuf's JSON spells it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def metric_to_wire(point: MetricPoint) -> Json:
    """One metric point."""
    wire: Json = {
        "key": point.key,
        "value": float_to_wire(point.value),
        "timestamp": point.at_ms,
        "step": point.step,
    }
    if point.dataset_name:
        wire["dataset_name"] = point.dataset_name
        wire["dataset_digest"] = point.dataset_digest
    if point.model_id:
        wire["model_id"] = point.model_id
    if point.run_id:
        wire["run_id"] = point.run_id
    return wire


def metric_from_wire(body: Body, path: str = "") -> MetricPoint:
    """One metric point; `path` says where it stood, for errors."""
    key, value = find(body, "key"), find(body, "value")
    for name, found in (("key", key), ("value", value), ("timestamp", find(body, "timestamp"))):
        if found is None or found == "":
            raise missing(f"{path}{name}")
    dataset = optional(body, "dataset_name") or None
    digest = optional(body, "dataset_digest") or None
    if (dataset is None) != (digest is None):
        raise InvalidValue("dataset_name and dataset_digest must be given together")
    return MetricPoint(
        key=clean_text(f"{path}key", key),
        value=number(f"{path}value", value),
        step=optional_int(body, "step") or 0,
        at_ms=integer(f"{path}timestamp", body["timestamp"]),
        model_id=optional(body, "model_id") or None,
        dataset_name=dataset,
        dataset_digest=digest,
        run_id=optional(body, "run_id") or None,
    )


def metrics_from_wire(body: Body, name: str = "metrics") -> list[MetricPoint]:
    """A repeated field of metric points."""
    return [metric_from_wire(item, f"{name}[{i}].") for i, item in _numbered(body, name)]


def experiment_to_wire(experiment: Experiment) -> Json:
    """An experiment."""
    wire: Json = {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "artifact_location": experiment.artifact_uri,
        "lifecycle_stage": experiment.stage,
        "last_update_time": experiment.updated_ms,
        "creation_time": experiment.created_ms,
        "workspace": "default",
    }
    if experiment.tags:
        wire["tags"] = pairs(experiment.tags)
    return wire


def experiment_from_wire(body: Body) -> Experiment:
    """An experiment as a client reads it."""
    return Experiment(
        experiment_id=text(body, "experiment_id"),
        name=text(body, "name"),
        artifact_uri=text(body, "artifact_location"),
        stage=cast(Stage, text(body, "lifecycle_stage") or "active"),
        created_ms=optional_int(body, "creation_time") or 0,
        updated_ms=optional_int(body, "last_update_time") or 0,
        tags=mapping(body, "tags"),
    )


def run_info_to_wire(run: Run) -> Json:
    """What a run is, without what it logged."""
    info: Json = {
        "run_id": run.run_id,
        "run_uuid": run.run_id,
        "run_name": run.name,
        "experiment_id": run.experiment_id,
        "user_id": run.user,
        "status": run.status,
        "start_time": run.started_ms or 0,
        "artifact_uri": run.artifact_uri,
        "lifecycle_stage": run.stage,
    }
    if run.ended_ms is not None:
        info["end_time"] = run.ended_ms
    return info


def run_to_wire(run: Run) -> Json:
    """A run with the newest value of each metric, its params, tags, inputs and outputs."""
    data: Json = {}
    if run.metrics:
        data["metrics"] = [metric_to_wire(point) for point in run.metrics]
    if run.params:
        data["params"] = pairs(run.params)
    if run.tags:
        data["tags"] = pairs(run.tags)
    return {
        "info": run_info_to_wire(run),
        "data": data,
        "inputs": _inputs_to_wire(run),
        "outputs": _outputs_to_wire(run),
    }


def _inputs_to_wire(run: Run) -> Json:
    inputs: Json = {}
    if run.dataset_inputs:
        inputs["dataset_inputs"] = [dataset_input_to_wire(found) for found in run.dataset_inputs]
    if run.model_inputs:
        inputs["model_inputs"] = [{"model_id": link.model_id} for link in run.model_inputs]
    return inputs


def _outputs_to_wire(run: Run) -> Json:
    links = [{"model_id": link.model_id, "step": link.step} for link in run.model_outputs]
    return {"model_outputs": links} if links else {}


def run_from_wire(body: Body) -> Run:
    """A run as a client reads it."""
    info, data = find(body, "info") or {}, find(body, "data") or {}
    inputs, outputs = find(body, "inputs") or {}, find(body, "outputs") or {}
    return Run(
        run_id=text(info, "run_id"),
        experiment_id=text(info, "experiment_id"),
        name=text(info, "run_name"),
        user=text(info, "user_id"),
        status=cast(RunStatus, text(info, "status") or "RUNNING"),
        stage=cast(Stage, text(info, "lifecycle_stage") or "active"),
        started_ms=optional_int(info, "start_time"),
        ended_ms=optional_int(info, "end_time"),
        artifact_uri=text(info, "artifact_uri"),
        params=mapping(data, "params"),
        tags=mapping(data, "tags"),
        metrics=tuple(metrics_from_wire(data)),
        dataset_inputs=tuple(dataset_inputs_from_wire(inputs, "dataset_inputs")),
        model_inputs=tuple(model_links_from_wire(inputs, "model_inputs")),
        model_outputs=tuple(model_links_from_wire(outputs, "model_outputs")),
    )


def dataset_input_to_wire(found: DatasetInput) -> Json:
    """A dataset as the input of a run."""
    dataset = found.dataset
    wire: Json = {
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": dataset.source,
    }
    if dataset.schema is not None:
        wire["schema"] = dataset.schema
    if dataset.profile is not None:
        wire["profile"] = dataset.profile
    return {"tags": pairs(found.tags), "dataset": wire} if found.tags else {"dataset": wire}


def dataset_inputs_from_wire(body: Body, name: str = "datasets") -> list[DatasetInput]:
    """A repeated field of dataset inputs."""
    found = []
    for index, item in _numbered(body, name):
        dataset = find(item, "dataset")
        if not isinstance(dataset, dict):
            raise missing(f"{name}[{index}].dataset")
        path = f"{name}[{index}].dataset"
        record = Dataset(
            name=_present(dataset, "name", path),
            digest=_present(dataset, "digest", path),
            source_type=_present(dataset, "source_type", path),
            source=_present(dataset, "source", path),
            schema=optional(dataset, "schema"),
            profile=optional(dataset, "profile"),
        )
        found.append(DatasetInput(record, mapping(item, "tags")))
    return found


def _present(body: Body, field: str, path: str) -> str:
    value = optional(body, field)
    if value is None:
        raise missing(f"{path}.{field}")
    return value


def model_links_from_wire(body: Body, name: str = "models") -> list[ModelLink]:
    """A repeated field of links to logged models."""
    return [
        ModelLink(required_at(item, name, index, "model_id"), optional_int(item, "step") or 0)
        for index, item in _numbered(body, name)
    ]
