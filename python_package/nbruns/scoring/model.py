"""The model that scores: which version an address means now, what it takes, and itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.scoring.expected import Inputs, read_inputs

_LOGGED = re.compile(r"m-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A model by its address, which from here on means this version alone."""

    uri: str
    name: str
    version: str
    model_id: str
    inputs: Inputs | None

    @property
    def words(self) -> str:
        """As people name it."""
        return f"{self.name} version {self.version}" if self.version else self.name

    def load(self) -> Any:
        """The model in memory; InvalidState where this environment cannot hold it."""
        import mlflow

        try:
            return mlflow.pyfunc.load_model(self.uri)
        except ModuleNotFoundError as error:
            raise InvalidState(
                f"{self.words} needs the package '{error.name}', which is not installed here: "
                f"pip install {error.name}"
            ) from error
        except Exception as error:
            # Whatever its files make of themselves when they are unpickled.
            raise InvalidState(
                f"{self.words} could not be loaded: {type(error).__name__}: {error}"
            ) from error


def find_model(uri: str) -> ScoringModel:
    """The model of `models:/churn/3`, `models:/churn@champion`, `models:/m-…` or `runs:/…`.

    Raises NotFound where there is none, InvalidValue for what names none.
    """
    from mlflow.exceptions import MlflowException

    try:
        return _find(uri)
    except MlflowException as error:
        kind = NotFound if error.error_code == "RESOURCE_DOES_NOT_EXIST" else InvalidValue
        raise kind(f"No model '{uri}': {error.message}") from error
    except OSError as error:
        raise NotFound(f"The files of '{uri}' are not there: {error}") from error


def _find(uri: str) -> ScoringModel:
    from mlflow.models import get_model_info

    name, version, model_id = "", "", ""
    if uri.startswith("models:/") and not _LOGGED.fullmatch(uri.removeprefix("models:/")):
        found = _version(uri)
        name, version = found.name, str(found.version)
        model_id = getattr(found, "model_id", None) or ""
        uri = f"models:/{name}/{version}"
    elif not uri.startswith(("models:/", "runs:/")):
        raise InvalidValue(
            f"'{uri}' names no model: write models:/churn/3, models:/churn@champion, "
            "models:/<model id> or runs:/<run id>/model"
        )
    info = get_model_info(uri)
    model_id = model_id or info.model_id or ""
    inputs = info.signature.inputs.to_dict() if info.signature and info.signature.inputs else None
    return ScoringModel(uri, name or _own_name(info), version, model_id, read_inputs(inputs))


def _version(uri: str) -> Any:
    """The version an address means now, by number, alias, stage or 'latest'."""
    from mlflow import MlflowClient

    client = MlflowClient()
    name, at, alias = uri.removeprefix("models:/").partition("@")
    if at:
        return client.get_model_version_by_alias(name, alias)
    name, slash, which = name.partition("/")
    if not name or not slash or not which:
        raise InvalidValue(f"'{uri}' names no version: write models:/{name or 'churn'}/3")
    if which.isdecimal():
        return client.get_model_version(name, which)
    if which.lower() == "latest":
        found = client.search_model_versions(f"name = '{name}'")
    else:
        found = client.get_latest_versions(name, [which])
    if not found:
        raise NotFound(f"No version of '{name}' is at '{which}'")
    return max(found, key=lambda version: int(version.version))


def _own_name(info: Any) -> str:
    """What a model that is not registered was logged as."""
    return str(getattr(info, "name", None) or info.artifact_path or "model").rsplit("/", 1)[-1]
