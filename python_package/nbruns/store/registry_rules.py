"""What names, aliases and stages of models may be, as MLflow has it."""

from __future__ import annotations

import posixpath
import re

from nbruns.errors import InvalidValue
from nbruns.rules import check_length

STAGES = ("None", "Staging", "Production", "Archived")
ACTIVE_STAGES = ("Staging", "Production")
IS_PROMPT = "mlflow.prompt.is_prompt"

_MAX_NAME = 256
_MAX_ALIAS = 255
_ALIAS = re.compile(r"[\w\-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_NOT_IN_LOGGED_NAMES = "/:.%\"'"


def check_model_name(name: str, field: str = "name") -> None:
    """A registered model's name: dots are fine, slashes, colons and path tricks are not."""
    if not name.strip():
        raise InvalidValue(f"Missing value for required parameter '{field}'")
    if "/" in name or ":" in name:
        raise InvalidValue(f"Invalid model name '{name[:80]}': it cannot contain '/' or ':'")
    if "\0" in name or _is_another_path(name):
        raise InvalidValue(f"Invalid model name {name[:80]!r}: as a path it is another one")
    check_length("Model name", name, _MAX_NAME)


def check_logged_model_name(name: str) -> None:
    """The name of a logged model, which is also part of URIs."""
    if not name or "\0" in name or any(character in name for character in _NOT_IN_LOGGED_NAMES):
        raise InvalidValue(
            f"Invalid model name {name[:80]!r}: it must not be empty, "
            f"nor contain any of {' '.join(_NOT_IN_LOGGED_NAMES)}"
        )
    check_length("Model name", name, 500)


def check_alias(alias: str) -> None:
    """An alias that may be looked up."""
    if not alias:
        raise InvalidValue("The alias of a registered model cannot be empty")
    if not _ALIAS.fullmatch(alias):
        raise InvalidValue(
            f"Invalid alias '{alias[:80]}': only letters, digits, '_' and '-' are allowed"
        )
    check_length("Alias", alias, _MAX_ALIAS)


def check_new_alias(alias: str) -> None:
    """An alias that may be given: not one that already means something."""
    check_alias(alias)
    if alias.lower() == "latest":
        raise InvalidValue(f"The alias '{alias}' is reserved for the newest version")
    if _VERSION_ALIAS.fullmatch(alias):
        raise InvalidValue(f"The alias '{alias}' is reserved: it looks like a version")


def canonical_stage(stage: str) -> str:
    """The stage as it is written, from any spelling of its case."""
    for known in STAGES:
        if stage.lower() == known.lower():
            return known
    raise InvalidValue(f"Invalid stage '{stage[:80]}': it must be one of {', '.join(STAGES)}")


def _is_another_path(name: str) -> bool:
    norm = posixpath.normpath(name)
    return norm != name or norm == "." or norm.startswith(("..", "/"))
