"""Registering a run's model: what the form proposes, checks and reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.protocol.names import LOGGED_MODELS_TAG, SOURCE_NAME_TAG
from nbruns.records import LoggedModel, ModelVersion, RegisteredModel, Run

_HOW_TO_LOG = 'mlflow.sklearn.log_model(model, name="model")'


@dataclass(frozen=True, slots=True)
class Request:
    """What the form asks for."""

    run: Run
    model: LoggedModel
    name: str
    alias: str = ""


class RegisterForm(anywidget.AnyWidget):
    """Asks for a name and an alias inline; shows the new version, or what is wrong."""

    _esm = script("register_form")

    form = t.Dict().tag(sync=True)

    def __init__(
        self, *, on_submit: Callable[[Request], None], on_cancel: Callable[[], None]
    ) -> None:
        super().__init__()
        self.add_class("nbruns-registerForm")
        self._on_submit, self._on_cancel = on_submit, on_cancel
        self._run: Run | None = None
        self._models: Sequence[LoggedModel] = ()
        self._names: Sequence[RegisteredModel] = ()
        self.on_msg(self._hear)

    def ask(
        self, run: Run, models: Sequence[LoggedModel], names: Sequence[RegisteredModel]
    ) -> None:
        """Open the form for a run; newest model first."""
        self._run, self._models, self._names = run, list(reversed(models)), names
        self.form = {
            "run_id": run.run_id,
            "run_name": run.name,
            "stage": "asking" if models else "no-model",
            "proposed": proposed_name(run, names) if models else "",
            "models": [{"id": m.artifact_uri, "label": _label(m)} for m in self._models],
            "names": [_known(name) for name in names],
            "errors": {},
            "result": None,
            "code": _HOW_TO_LOG,
        }

    def busy(self) -> None:
        """Show that the server is asked."""
        self.form = {**self.form, "stage": "busy", "errors": {}}

    def refuse(self, field: str, sentence: str) -> None:
        """Show an error under a field: 'name', 'alias', or 'form' for the whole."""
        self.form = {**self.form, "stage": "asking", "errors": {field: sentence}}

    def report(self, version: ModelVersion, alias: str, trouble: str = "") -> None:
        """Show the version that was made, how to load it, and what went wrong after that."""
        address = f"{version.name}@{alias}" if alias else f"{version.name}/{version.version}"
        self.form = {
            **self.form,
            "stage": "done",
            "errors": {},
            "result": {
                "text": f"Registered as {version.name} version {version.version}"
                + (f" @{alias}" if alias else "")
                + (f". {trouble}" if trouble else ""),
                "code": f'mlflow.pyfunc.load_model("models:/{address}")',
            },
        }

    def close_form(self) -> None:
        """Put the form away."""
        self._run = None
        self.form = {}

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "cancel":
            self._on_cancel()
        elif message.get("type") == "submit" and self._run is not None:
            self._submit(self._run, message)

    def _submit(self, run: Run, message: dict[str, Any]) -> None:
        name, alias = str(message.get("name", "")), str(message.get("alias", "")).lstrip("@")
        chosen = message.get("model")
        model = next((m for m in self._models if m.artifact_uri == chosen), None)
        trouble = name_trouble(name)
        if trouble:
            self.refuse("name", trouble)
        elif alias and alias_trouble(alias):
            self.refuse("alias", alias_trouble(alias))
        elif model is not None or self._models:
            self._on_submit(Request(run, model or self._models[0], name, alias))


def proposed_name(run: Run, names: Sequence[RegisteredModel]) -> str:
    """The notebook's name, or the only name there is."""
    stem = PurePosixPath(run.tags.get(SOURCE_NAME_TAG, "")).stem
    if stem and stem not in {model.name for model in names} and len(names) == 1:
        return names[0].name
    return re.sub(r"[/:]", "-", stem) or "model"


def name_trouble(name: str) -> str:
    """Why a model cannot be called that; empty when it can, as far as the browser's side knows."""
    if not name:
        return "Give the model a name."
    if "/" in name or ":" in name:
        return "A model's name cannot contain '/' or ':'."
    return ""


def alias_trouble(alias: str) -> str:
    """Why that is no alias; asked before the version is made, so that none is left without."""
    if not re.fullmatch(r"[\w\-]+", alias):
        return "An alias has letters, digits, '_' and '-' only."
    if alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        return f"'{alias}' already means a version; choose another alias."
    return ""


def source_of(request: Request) -> str:
    """What a version is made from, in the form MLflow's own client sends."""
    if request.model.model_id:
        return f"models:/{request.model.model_id}"
    return request.model.artifact_uri


def models_in_tags(run: Run) -> list[LoggedModel]:
    """The models an MLflow 2 client logged: it knows no logged models and writes a tag."""
    try:
        history = json.loads(run.tags.get(LOGGED_MODELS_TAG, "[]"))
    except ValueError:
        return []
    return [
        LoggedModel(
            model_id="",
            experiment_id=run.experiment_id,
            name=str(said["artifact_path"]),
            artifact_uri=f"runs:/{run.run_id}/{said['artifact_path']}",
            status="READY",
            created_ms=run.started_ms or 0,
            updated_ms=run.started_ms or 0,
            source_run_id=run.run_id,
        )
        for said in history
        if isinstance(said, dict) and "artifact_path" in said and not said.get("model_id")
    ]


def _label(model: LoggedModel) -> str:
    return f"{model.name} ({model.model_id[:10]})" if model.model_id else model.name


def _known(model: RegisteredModel) -> dict[str, Any]:
    newest = max((version.version for version in model.latest_versions), default=0)
    return {"name": model.name, "next": newest + 1, "aliases": dict(model.aliases)}
