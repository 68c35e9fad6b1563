"""From what MLflow writes down to our records: its words, numbers for states, and gaps.

The rows of its database and the files of its folders carry nearly the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from nbruns.records import (
    Dataset,
    DatasetInput,
    Experiment,
    LoggedModel,
    MetricPoint,
    ModelLink,
    ModelVersion,
    RegisteredModel,
    Run,
    RunStatus,
    Stage,
)
from nbruns.transfer.source import DELETED_VERSION, FoundModel, FoundName, Unreadable

DEFAULT_WORKSPACE = "default"
_RUN_STATES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_MODEL_STATES = {0: "PENDING", 1: "PENDING", 2: "READY", 3: "FAILED"}
_MODEL_SOURCE = re.compile(r"models:/+(m-[0-9a-f]{32})")
_MADE = ("creation_time", "creation_timestamp", "creation_timestamp_ms")
_CHANGED = (
    "last_update_time",
    "last_updated_time",
    "last_updated_timestamp",
    "last_updated_timestamp_ms",
)
# Columns that older databases lack, and what stands in their place.
OPTIONAL = {
    "experiments": {"creation_time": "null", "last_update_time": "null"},
    "runs": {
        "name": "null",
        "user_id": "null",
        "start_time": "null",
        "end_time": "null",
        "deleted_time": "null",
    },
    "model_versions": {
        "run_link": "null",
        "storage_location": "null",
        "description": "null",
        "user_id": "null",
        "status": "'READY'",
    },
    "logged_models": {"status_message": "null", "lifecycle_stage": "'active'"},
}


class Row(Protocol):
    """A row of SQLite, or what a YAML file says."""

    def __getitem__(self, key: str, /) -> Any: ...

    def keys(self) -> Iterable[str]: ...


DatasetLink = tuple[Row, Mapping[str, str]]


def get(row: Row, key: str, default: Any = None) -> Any:
    """A value, or the default where it is not there or null."""
    value = row[key] if key in row.keys() else None  # noqa: SIM118 - a row of SQLite holds values
    return default if value is None else value


def experiment(row: Row, tags: Mapping[str, str]) -> Experiment:
    """An experiment under MLflow's id; times that it did not write down are 0."""
    created_ms, updated_ms = _times(row)
    return Experiment(
        str(row["experiment_id"]),
        str(row["name"]),
        str(get(row, "artifact_location", "")),
        _stage(row),
        created_ms,
        updated_ms,
        tags,
    )


def run(
    row: Row,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    *,
    datasets: Sequence[DatasetLink],
    inputs: Sequence[tuple[str, int]],
    outputs: Sequence[tuple[str, int]],
) -> Run:
    """A run; older ones carry their name in a tag only."""
    ended_ms = get(row, "end_time")
    return Run(
        str(get(row, "run_uuid") or row["run_id"]),
        str(row["experiment_id"]),
        str(get(row, "run_name") or get(row, "name") or tags.get("mlflow.runName", "")),
        str(get(row, "user_id", "")),
        _run_status(row["status"]),
        _stage(row),
        int(get(row, "start_time", ended_ms or 0)),
        None if ended_ms is None else int(ended_ms),
        str(get(row, "artifact_uri", "")),
        params,
        tags,
        dataset_inputs=tuple(DatasetInput(dataset(row), tags) for row, tags in datasets),
        model_inputs=tuple(ModelLink(*link) for link in inputs),
        model_outputs=tuple(ModelLink(*link) for link in outputs),
    )


def dataset(row: Row) -> Dataset:
    """A dataset, by the names of either form."""
    return Dataset(
        str(row["name"]),
        str(row["digest"]),
        *(
            get(row, f"dataset_{what}", get(row, what, missing))
            for what, missing in (
                ("source_type", ""),
                ("source", ""),
                ("schema", None),
                ("profile", None),
            )
        ),
    )


def model(
    row: Row, params: Mapping[str, str], tags: Mapping[str, str], points: tuple[MetricPoint, ...]
) -> FoundModel:
    """A logged model."""
    created_ms, updated_ms = _times(row)
    found = LoggedModel(
        str(row["model_id"]),
        str(row["experiment_id"]),
        str(row["name"]),
        str(row["artifact_location"]),
        _state(_MODEL_STATES, row["status"]),
        created_ms,
        updated_ms,
        str(get(row, "model_type", "")),
        str(get(row, "source_run_id", "")),
        str(get(row, "status_message", "")),
        params,
        tags,
        points,
    )
    return FoundModel(found, _stage(row) == "deleted")


def name(
    row: Row,
    tags: Mapping[str, str],
    aliases: Mapping[str, int],
    versions: Sequence[Row],
    version_tags: Mapping[int, Mapping[str, str]],
) -> FoundName:
    """A registered model with the versions that were not deleted."""
    created_ms, updated_ms = _times(row)
    found = RegisteredModel(
        str(row["name"]),
        created_ms,
        updated_ms,
        str(get(row, "description", "")),
        tags,
        aliases,
    )
    kept = [v for v in versions if get(v, "current_stage") != DELETED_VERSION]
    return FoundName(
        found,
        tuple(_version(v, version_tags.get(int(v["version"]), {})) for v in kept),
        max((int(v["version"]) for v in versions), default=0),
    )


def _version(row: Row, tags: Mapping[str, str]) -> ModelVersion:
    created_ms, updated_ms = _times(row)
    source = str(get(row, "source", ""))
    named = _MODEL_SOURCE.match(source)
    return ModelVersion(
        str(row["name"]),
        int(row["version"]),
        created_ms,
        updated_ms,
        str(get(row, "description", "")),
        str(get(row, "user_id", "")),
        str(get(row, "current_stage", "None")),
        source,
        str(get(row, "storage_location") or source),
        str(get(row, "run_id", "")),
        str(get(row, "run_link", "")),
        str(get(row, "model_id") or (named.group(1) if named else "")),
        str(get(row, "status", "READY")),
        tags=tags,
    )


def _times(row: Row) -> tuple[int, int]:
    """When something was made and changed last; 0 where that was not written down."""
    created_ms = _first(row, _MADE, 0)
    return created_ms, _first(row, _CHANGED, created_ms)


def _first(row: Row, keys: Sequence[str], default: int) -> int:
    return next((int(row[key]) for key in keys if get(row, key) is not None), default)


def _stage(row: Row) -> Stage:
    return "deleted" if get(row, "lifecycle_stage", "active") == "deleted" else "active"


def _run_status(value: Any) -> RunStatus:
    return cast(RunStatus, _state(_RUN_STATES, value))


def _state(states: Mapping[int, str], value: Any) -> str:
    """A state by its number or its name; Unreadable for one MLflow does not have."""
    if value in states:
        return states[value]
    if value in states.values():
        return str(value)
    raise Unreadable(f"MLflow knows no status {value!r}")
