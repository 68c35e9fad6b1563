"""Registering a run's model: what the form proposes, checks and reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

import anywidget
import traitlets as t

from nbruns.errors import InvalidValue
from nbruns.panel.browser_side import script
from nbruns.panel.models.place import Place
from nbruns.panel.register_client import Rights
from nbruns.protocol.model_messages import models_in_tags
from nbruns.protocol.names import LOGGED_MODELS_TAG, SOURCE_NAME_TAG
from nbruns.records import LoggedModel, ModelVersion, RegisteredModel, Run
from nbruns.rules import check_registry_tag

_HOW_TO_LOG = 'mlflow.sklearn.log_model(model, name="model")'


@dataclass(frozen=True, slots=True)
class Request:
    """What the form asks for; `asks` says that the reader agreed to request the alias."""

    run: Run
    model: LoggedModel
    name: str
    alias: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    asks: bool = False
    comment: str = ""


class RegisterForm(anywidget.AnyWidget):
    """Asks for a name, an alias and more inline; shows the new version, or what is wrong.

    `on_look` hears a name and an alias as they are typed, and tells the rights to them.
    """

    _esm = script("combobox", "tag_chips", "register_form")

    form = t.Dict().tag(sync=True)
    rights: t.Dict[str, Any] = t.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        on_submit: Callable[[Request], None],
        on_cancel: Callable[[], None],
        on_look: Callable[[str, str], None],
        on_go: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.add_class("nbruns-registerForm")
        self._on_submit, self._on_cancel = on_submit, on_cancel
        self._on_look, self._on_go = on_look, on_go
        self._run: Run | None = None
        self._models: Sequence[LoggedModel] = ()
        self.on_msg(self._hear)

    def ask(
        self, run: Run, models: Sequence[LoggedModel], names: Sequence[RegisteredModel], name: str
    ) -> None:
        """Open the form for a run, with a name proposed; newest model first."""
        self._run, self._models = run, list(reversed(models))
        self.rights = {}
        self.form = {
            "run_id": run.run_id,
            "run_name": run.name,
            "stage": "asking" if models else "no-model",
            "proposed": name if models else "",
            "models": [{"id": m.artifact_uri, "label": _label(m)} for m in self._models],
            "names": [_known(one) for one in names],
            "errors": {},
            "result": None,
            "code": _HOW_TO_LOG,
        }

    def knows(self, name: str) -> bool:
        """Whether a name is among those that were there when the form was opened."""
        return any(one["name"] == name for one in self.form.get("names", ()))

    def learn(self, model: RegisteredModel) -> None:
        """Take up a name that was not among those."""
        if self.form:
            self.form = {**self.form, "names": [*self.form["names"], _known(model)]}

    def tell(self, rights: Rights) -> None:
        """Show what the reader may do with the name and the alias that are typed."""
        self.rights = asdict(rights) | {"may_register": rights.may_register}

    def busy(self) -> None:
        """Show that the server is asked."""
        self.form = {**self.form, "stage": "busy", "errors": {}}

    def refuse(self, field: str, sentence: str) -> None:
        """Show an error under a field: 'name', 'alias', 'tags', or 'form' for the whole."""
        self.form = {**self.form, "stage": "asking", "errors": {field: sentence}}

    def offer_request(self, rights: Rights) -> None:
        """Let the reader agree that the alias, which others move, is requested."""
        self.tell(rights)
        self.form = {**self.form, "stage": "asking", "errors": {}}

    def report(
        self, version: ModelVersion, alias: str, *, requested: str = "", trouble: str = ""
    ) -> None:
        """Show the version that was made, how to load it, and what is still open or went wrong."""
        address = f"{version.name}@{alias}" if alias else f"{version.name}/{version.version}"
        self.form = {
            **self.form,
            "stage": "done",
            "errors": {},
            "result": {
                "text": f"Registered as {version.name} version {version.version}"
                + (f" @{alias}" if alias else ""),
                "requested": requested,
                "trouble": trouble,
                "code": f'mlflow.pyfunc.load_model("models:/{address}")',
                "place": Place.of_version(version.name, version.version).text,
            },
        }

    def close_form(self) -> None:
        """Put the form away."""
        self._run = None
        self.form = {}

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        kind = message.get("type")
        if kind == "cancel":
            self._on_cancel()
        elif kind == "go":
            self._on_go(str(message.get("place")))
        elif kind == "look":
            name, alias = _named(message)
            self._on_look(name, alias if alias and not alias_trouble(alias) else "")
        elif kind == "submit" and self._run is not None:
            self._submit(self._run, message)

    def _submit(self, run: Run, message: dict[str, Any]) -> None:
        name, alias = _named(message)
        chosen = message.get("model")
        model = next((m for m in self._models if m.artifact_uri == chosen), None)
        tags = {str(key).strip(): str(value) for key, value in message.get("tags", ())}
        troubles = {
            "name": name_trouble(name),
            "alias": alias_trouble(alias) if alias else "",
            "tags": tags_trouble(tags),
        }
        wrong = next((field for field, trouble in troubles.items() if trouble), None)
        if wrong is not None:
            self.refuse(wrong, troubles[wrong])
        elif model is not None or self._models:
            self._on_submit(
                Request(
                    run,
                    model or self._models[0],
                    name,
                    alias,
                    description=str(message.get("description", "")).strip(),
                    tags=tags,
                    asks=message.get("asks") is True,
                    comment=str(message.get("comment", "")).strip(),
                )
            )


def proposed_name(
    run: Run, names: Sequence[RegisteredModel], earlier: Iterable[ModelVersion] = ()
) -> str:
    """What the notebook's models were called last, else as its file, or the only name there is."""
    last = max(earlier, key=lambda version: version.created_ms, default=None)
    if last is not None:
        return last.name
    stem = PurePosixPath(run.tags.get(SOURCE_NAME_TAG, "")).stem
    called_so = [model.name for model in names if model.name.split(".", 2)[-1] == stem]
    if stem and len(called_so) == 1:
        return called_so[0]
    if stem and not called_so and len(names) == 1:
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


def tags_trouble(tags: Mapping[str, str]) -> str:
    """Which tag the registry would refuse, and why."""
    for key, value in tags.items():
        if not key:
            return f"A tag is written key=value; '{value}' has no key."
        try:
            check_registry_tag(key, value)
        except InvalidValue as error:
            return f"{error}."
    return ""


def source_of(request: Request) -> str:
    """What a version is made from, in the form MLflow's own client sends."""
    if request.model.model_id:
        return f"models:/{request.model.model_id}"
    return request.model.artifact_uri


def has_model(run: Run) -> bool:
    """Whether a run has logged a model, as far as the run itself tells."""
    return bool(run.model_outputs) or LOGGED_MODELS_TAG in run.tags


def models_of_old_clients(run: Run) -> list[LoggedModel]:
    """The models an MLflow 2 client logged, as folders of the run."""
    return [
        LoggedModel(
            model_id="",
            experiment_id=run.experiment_id,
            name=path,
            artifact_uri=f"runs:/{run.run_id}/{path}",
            status="READY",
            created_ms=run.started_ms or 0,
            updated_ms=run.started_ms or 0,
            source_run_id=run.run_id,
        )
        for path in models_in_tags(run.tags)
    ]


def _named(message: dict[str, Any]) -> tuple[str, str]:
    """The name and the alias of a message, the alias without its '@'."""
    return str(message.get("name", "")), str(message.get("alias", "")).lstrip("@")


def _label(model: LoggedModel) -> str:
    return f"{model.name} ({model.model_id[:10]})" if model.model_id else model.name


def _known(model: RegisteredModel) -> dict[str, Any]:
    newest = max((version.version for version in model.latest_versions), default=0)
    return {"name": model.name, "next": newest + 1, "aliases": dict(model.aliases)}
