"""Logged models, registered models, versions and artifact lists: records ⇄ the wire's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from nbruns.protocol.fields import Body, find, integer, messages, optional_int, text, texts
from nbruns.protocol.messages import Json, mapping, metric_to_wire, metrics_from_wire, pairs
from nbruns.protocol.names import LOGGED_MODELS_TAG
from nbruns.records import ArtifactFile, LoggedModel, ModelVersion, RegisteredModel

# MLflow's client reads a status by this name or number.
MODEL_STATUSES = {
    1: "LOGGED_MODEL_PENDING",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}
_OURS = {"LOGGED_MODEL_PENDING": "PENDING", "LOGGED_MODEL_READY": "READY"}
_THEIRS = {ours: theirs for theirs, ours in _OURS.items()}
_FAILED = "LOGGED_MODEL_UPLOAD_FAILED"


def model_status_to_wire(status: str) -> str:
    """A logged model's status in protobuf's words."""
    return _THEIRS.get(status, _FAILED)


def model_status_from_wire(status: str) -> str:
    """A logged model's status in ours: PENDING, READY or FAILED."""
    return _OURS.get(status, "FAILED")


def logged_model_to_wire(model: LoggedModel) -> Json:
    """A logged model with its params, tags and metrics."""
    info: Json = {
        "model_id": model.model_id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "creation_timestamp_ms": model.created_ms,
        "last_updated_timestamp_ms": model.updated_ms,
        "artifact_uri": model.artifact_uri,
        "status": model_status_to_wire(model.status),
        "model_type": model.model_type,
        "source_run_id": model.source_run_id,
    }
    if model.status_message:
        info["status_message"] = model.status_message
    if model.tags:
        info["tags"] = pairs(model.tags)
    data: Json = {}
    if model.params:
        data["params"] = pairs(model.params)
    if model.metrics:
        data["metrics"] = [metric_to_wire(point) for point in model.metrics]
    return {"info": info, "data": data}


def logged_model_from_wire(body: Body) -> LoggedModel:
    """A logged model as a client reads it."""
    info, data = find(body, "info") or {}, find(body, "data") or {}
    return LoggedModel(
        model_id=text(info, "model_id"),
        experiment_id=text(info, "experiment_id"),
        name=text(info, "name"),
        artifact_uri=text(info, "artifact_uri"),
        status=model_status_from_wire(text(info, "status")),
        created_ms=optional_int(info, "creation_timestamp_ms") or 0,
        updated_ms=optional_int(info, "last_updated_timestamp_ms") or 0,
        model_type=text(info, "model_type"),
        source_run_id=text(info, "source_run_id"),
        status_message=text(info, "status_message"),
        params=mapping(data, "params"),
        tags=mapping(info, "tags"),
        metrics=tuple(metrics_from_wire(data)),
    )


def models_in_tags(tags: Mapping[str, str]) -> list[str]:
    """The folders of a run's artifacts in which an MLflow before 3 logged models, oldest first.

    It knows no logged models and writes a tag, which anybody may have written otherwise.
    """
    try:
        history = json.loads(tags.get(LOGGED_MODELS_TAG, "[]"))
    except ValueError:
        return []
    said = [one for one in history if isinstance(one, dict)] if isinstance(history, list) else []
    # An entry with an id is of a logged model, which is asked for as such.
    kept = (one for one in said if one.get("artifact_path") and not one.get("model_id"))
    paths = [str(one["artifact_path"]) for one in kept]
    return list(dict.fromkeys(paths))


def version_to_wire(version: ModelVersion) -> Json:
    """One version of a registered model."""
    wire: Json = {
        "name": version.name,
        "version": str(version.version),
        "creation_timestamp": version.created_ms,
        "last_updated_timestamp": version.updated_ms,
        "current_stage": version.stage,
        "description": version.description,
        "source": version.source,
        "run_id": version.run_id,
        "status": version.status,
        "run_link": version.run_link,
    }
    for name, value in (
        ("user_id", version.user),
        ("status_message", version.status_message),
        ("model_id", version.model_id),
        ("tags", pairs(version.tags)),
        ("aliases", list(version.aliases)),
    ):
        if value:
            wire[name] = value
    return wire


def version_from_wire(body: Body) -> ModelVersion:
    """A version as a client reads it."""
    return ModelVersion(
        name=text(body, "name"),
        version=integer("version", find(body, "version")),
        created_ms=optional_int(body, "creation_timestamp") or 0,
        updated_ms=optional_int(body, "last_updated_timestamp") or 0,
        description=text(body, "description"),
        user=text(body, "user_id"),
        stage=text(body, "current_stage") or "None",
        source=text(body, "source"),
        run_id=text(body, "run_id"),
        run_link=text(body, "run_link"),
        model_id=text(body, "model_id"),
        status=text(body, "status") or "READY",
        status_message=text(body, "status_message"),
        tags=mapping(body, "tags"),
        aliases=tuple(texts(body, "aliases")),
    )


def registered_model_to_wire(model: RegisteredModel) -> Json:
    """A registered model with its newest version per stage and its aliases."""
    wire: Json = {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
    }
    aliases = [{"alias": alias, "version": str(v)} for alias, v in model.aliases.items()]
    for name, value in (
        ("description", model.description),
        ("latest_versions", [version_to_wire(version) for version in model.latest_versions]),
        ("tags", pairs(model.tags)),
        ("aliases", aliases),
    ):
        if value:
            wire[name] = value
    return wire


def registered_model_from_wire(body: Body) -> RegisteredModel:
    """A registered model as a client reads it."""
    return RegisteredModel(
        name=text(body, "name"),
        created_ms=optional_int(body, "creation_timestamp") or 0,
        updated_ms=optional_int(body, "last_updated_timestamp") or 0,
        description=text(body, "description"),
        tags=mapping(body, "tags"),
        aliases={
            text(item, "alias"): integer("version", find(item, "version"))
            for item in messages(body, "aliases")
        },
        latest_versions=tuple(
            version_from_wire(item) for item in messages(body, "latest_versions")
        ),
    )


def artifact_to_wire(file: ArtifactFile) -> Json:
    """One file or folder of an artifact list."""
    wire: Json = {"path": file.path, "is_dir": file.is_dir}
    if not file.is_dir:
        wire["file_size"] = file.size_bytes or 0
    return wire


def artifact_from_wire(body: Body) -> ArtifactFile:
    """One file or folder of an artifact list, as a client reads it."""
    return ArtifactFile(
        path=text(body, "path"),
        is_dir=bool(find(body, "is_dir")),
        size_bytes=optional_int(body, "file_size"),
    )
