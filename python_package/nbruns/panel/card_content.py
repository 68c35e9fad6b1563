"""What a run's card says, as plain values for the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from nbruns.panel.datasets import describe
from nbruns.panel.signature import Column, Signature
from nbruns.panel.wording import badge, exact, number
from nbruns.protocol.names import (
    CELL_TAG,
    CHANGED_TAG,
    CODE_CHANGE_TAG,
    CODE_TAG,
    END_REASON_TAG,
    ENVIRONMENT_TAG,
    GIT_BRANCH_TAG,
    GIT_COMMIT_TAG,
    GIT_DIRTY_TAG,
    HIDDEN_STATE_TAG,
    HOST_TAG,
    KERNEL_NAME_TAG,
    NOTE_TAG,
    PYTHON_TAG,
    REVISION_TAG,
    SOURCE_NAME_TAG,
)
from nbruns.records import LoggedModel, MetricPoint, ModelVersion, Run

Json = dict[str, Any]
# A line shows less; the rest comes when somebody asks for it.
SHORT = 240
# Longer than any note the server takes.
_LONGEST_NOTE = 100_000
_MOST_COLUMNS = 200


def head_of(run: Run) -> Json:
    """Name, state, times, note and what is known of how the run came about."""
    return {
        "id": run.run_id,
        "name": run.name or run.run_id[:8],
        "stage": run.stage,
        "status": run.status,
        "reason": cut(run.tags.get(END_REASON_TAG, ""), 1000),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "user": run.user,
        "note": run.tags.get(NOTE_TAG, "")[:_LONGEST_NOTE],
        "code_change": cut(run.tags.get(CODE_CHANGE_TAG, ""), 400),
        "has_code": CODE_TAG in run.tags,
        "hidden_state": cut(run.tags.get(HIDDEN_STATE_TAG, ""), 400),
        "changed_later": cut(run.tags.get(CHANGED_TAG, ""), 400),
        "has_environment": ENVIRONMENT_TAG in run.tags,
    }


def pairs_of(values: Mapping[str, str]) -> list[Json]:
    """Parameters or tags by name; long values are cut."""
    return [pair(key, value) for key, value in sorted(values.items())]


def pair(name: str, value: str) -> Json:
    """A name and the beginning of its value; `size` is there where that is not all."""
    told: Json = {"name": name, "text": cut(value, SHORT)}
    return told | {"size": len(value)} if len(value) > SHORT else told


def own_tags(tagged: Run | ModelVersion) -> dict[str, str]:
    """The tags people set; those of MLflow and nbruns have their own places on the card."""
    return {
        key: value
        for key, value in tagged.tags.items()
        if not key.startswith(("mlflow.", "nbruns."))
    }


def metric_row(point: MetricPoint) -> Json:
    """A metric's newest value."""
    return {
        "name": point.key,
        "text": number(point.value),
        "full": exact(point.value),
        "step": point.step,
    }


def model_of(
    model: LoggedModel, signatures: Mapping[str, Signature], versions: Sequence[ModelVersion]
) -> Json:
    """A logged model with its signature, its versions and the code that uses it."""
    signature = signatures.get(model.model_id, Signature())
    registered = [version for version in versions if _is_of(version, model)]
    return {
        "id": model.model_id,
        "name": model.name,
        "type": model.model_type,
        "status": model.status,
        "versions": [_version(version) for version in registered],
        "inputs": columns(signature.inputs),
        "outputs": columns(signature.outputs),
        "input_count": len(signature.inputs),
        "snippet": snippet(model, signature, registered),
    }


def _is_of(version: ModelVersion, model: LoggedModel) -> bool:
    if model.model_id:
        return version.model_id == model.model_id
    return version.source.rstrip("/").endswith(f"/{model.name}")


def _version(version: ModelVersion) -> Json:
    return {
        "badge": badge([version])[0],
        "name": version.name,
        "version": version.version,
        "stage": "" if version.stage == "None" else version.stage,
        "created_ms": version.created_ms,
        "user": version.user,
    }


def columns(found: Sequence[Column]) -> list[dict[str, str]]:
    """Columns of a signature; of very many the first."""
    return [{"name": column.name, "type": column.type} for column in found[:_MOST_COLUMNS]]


def snippet(model: LoggedModel, signature: Signature, versions: Sequence[ModelVersion]) -> str:
    """Python that loads a model and predicts with it."""
    return "\n".join(
        [
            "import mlflow",
            "",
            f"model = mlflow.pyfunc.load_model({json.dumps(_address(model, versions))})",
            f"model.predict(X){_comment(signature)}",
        ]
    )


def _address(model: LoggedModel, versions: Sequence[ModelVersion]) -> str:
    if versions:
        newest = max(versions, key=lambda version: (bool(version.aliases), version.version))
        at = f"@{newest.aliases[0]}" if newest.aliases else f"/{newest.version}"
        return f"models:/{newest.name}{at}"
    return f"models:/{model.model_id}" if model.model_id else model.artifact_uri


def _comment(signature: Signature) -> str:
    named = [column.name for column in signature.inputs if not column.name.startswith("[")]
    if not named:
        return ""
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    # A column's name may hold anything: it must not leave its comment.
    words = " ".join(", ".join(named[:3]).split())
    return f"  # columns: {cut(words, 80)}{more}"


def source_of(run: Run, *, can_open: bool) -> list[Json]:
    """Where a run came from, one line each; `does` names what a click on the line does."""
    path, commit = run.tags.get(SOURCE_NAME_TAG, ""), run.tags.get(GIT_COMMIT_TAG, "")
    revision = run.tags.get(REVISION_TAG, "")
    lines = [
        _line("Notebook" if path.endswith(".ipynb") else "Source", PurePosixPath(path).name, path),
        _line("Revision", revision[:10], revision, "open" if can_open else ""),
        _line("Cell", run.tags.get(CELL_TAG, "")),
        _line("Git commit", commit[:10], commit),
        _line("Git branch", run.tags.get(GIT_BRANCH_TAG, "")),
        _line("Kernel", run.tags.get(KERNEL_NAME_TAG, "")),
        _line("Python", run.tags.get(PYTHON_TAG, "")),
        _line("Host", run.tags.get(HOST_TAG, "")),
        _line("User", run.user),
        _line("Run id", run.run_id),
        _line("Artifacts", run.artifact_uri),
    ]
    if run.tags.get(GIT_DIRTY_TAG) == "true":
        dirty = _line("Uncommitted", "changes when the run started", "", "git-diff")
        lines.insert(5, dirty)
    return [line for line in lines if line["text"]]


def _line(name: str, text: str, full: str = "", does: str = "") -> Json:
    return {"name": name, "text": cut(text, SHORT), "full": cut(full or text, 1000), "does": does}


def cut(text: str, longest: int) -> str:
    """A text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def content_of(
    run: Run,
    models: Sequence[LoggedModel] = (),
    signatures: Mapping[str, Signature] | None = None,
    versions: Sequence[ModelVersion] = (),
    *,
    can_open: bool = False,
) -> Json:
    """The whole card, but for the metrics, which change while one looks."""
    return {
        **head_of(run),
        "in_lab": can_open,
        "has_revision": can_open and REVISION_TAG in run.tags,
        "params": pairs_of(run.params),
        "tags": pairs_of(own_tags(run)),
        "datasets": [describe(found) for found in run.dataset_inputs],
        "models": [model_of(model, signatures or {}, versions) for model in models],
        "source": source_of(run, can_open=can_open),
    }
