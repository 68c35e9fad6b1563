"""What a logged model's own files say of it: its inputs, its packages, an example."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nbruns.errors import InvalidState

_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Column:
    """One named input of a model; a list's or a table's type is what MLflow calls it."""

    name: str
    type: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's folder, and what is written in it. No columns: its inputs have no names."""

    folder: Path
    columns: tuple[Column, ...] = ()
    requirements: tuple[str, ...] = ()
    python_version: str = ""
    example: bytes | None = None


def read(folder: Path, shown: str) -> ModelFiles:
    """Read a model's folder; InvalidState for one that holds no model to be loaded."""
    try:
        described = description(folder)
        flavor = described["flavors"]["python_function"]
    except OSError as error:
        raise InvalidState(f"The files of {shown} are not in this store (no MLmodel)") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidState(
            f"The model of {shown} has no flavor 'python_function', so that it cannot be loaded "
            "as a Python function"
        ) from error
    signature, example = described.get("signature"), described.get("saved_input_example_info")
    return ModelFiles(
        folder,
        _columns(signature if isinstance(signature, dict) else {}),
        _requirements(folder),
        str(flavor.get("python_version") or "") if isinstance(flavor, dict) else "",
        _example(folder, example if isinstance(example, dict) else {}),
    )


def description(folder: Path) -> Any:
    """What the file MLmodel says; OSError where there is none, ValueError for none we read."""
    path = folder / "MLmodel"
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES:,} bytes")
    # The store waits for it: in Python alone a megabyte takes seconds.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_text("utf-8"), Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _columns(signature: dict[str, Any]) -> tuple[Column, ...]:
    try:
        found = json.loads(signature.get("inputs") or "[]")
        return tuple(
            Column(str(one["name"]), _type(one), bool(one.get("required", True)))
            for one in found
            if one.get("name") is not None and one.get("type") != "tensor"
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # A description we cannot read is no reason not to load the model.
        return ()


def _type(described: dict[str, Any]) -> str:
    return str(described.get("type"))


def _requirements(folder: Path) -> tuple[str, ...]:
    text = _small_file(folder / "requirements.txt") or b""
    lines = (
        line.partition(" #")[0].strip() for line in text.decode("utf-8", "replace").split("\n")
    )
    return tuple(line for line in lines if line and not line.startswith("#"))


def _example(folder: Path, described: dict[str, Any]) -> bytes | None:
    """The example as a request's body has it, where MLflow has kept it so."""
    name = described.get("serving_input_path")
    if not isinstance(name, str) or "/" in name or "\\" in name:
        return None
    found = _small_file(folder / name)
    try:
        return found if found and isinstance(json.loads(found), dict) else None
    except ValueError:
        return None


def _small_file(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            found = file.read(_MOST_BYTES + 1)
    except OSError:
        return None
    return found if len(found) <= _MOST_BYTES else None
