"""What the packages a model asks for differ in from those this Python has."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from nbruns.endpoints.model_files import ModelFiles

# What MLflow's scoring server is made of, beside MLflow.
SCORING = ("mlflow-skinny", "pandas", "numpy", "fastapi", "uvicorn")


@dataclass(frozen=True, slots=True)
class Difference:
    """A package that is wanted otherwise than it is; `here` is None where it is missing."""

    package: str
    wanted: str
    here: str | None

    def __str__(self) -> str:
        here = f"{self.here} here" if self.here else "missing here"
        return f"{self.package} {self.wanted} ({here})".replace("  ", " ")


def differences(files: ModelFiles) -> list[Difference]:
    """Each package that does not fit, Python itself first."""
    return [*_python(files.python_version), *_packages((*files.requirements, *SCORING))]


def _python(wanted: str) -> Iterator[Difference]:
    # Pickled code is only read by the same minor version.
    if wanted and wanted.split(".")[:2] != platform.python_version().split(".")[:2]:
        yield Difference("Python", wanted, platform.python_version())


def _packages(requirements: Iterable[str]) -> Iterator[Difference]:
    seen = set()
    for line in requirements:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            # An option of pip, or the address of an archive: there is no version to compare.
            continue
        name = canonicalize_name(wanted.name)
        if name in seen or (wanted.marker is not None and not wanted.marker.evaluate()):
            continue
        seen.add(name)
        here = _version_of(name)
        if here is None or not _fits(name, wanted, here):
            yield Difference(wanted.name, str(wanted.specifier), here)


def _version_of(name: str) -> str | None:
    # One of MLflow's packages holds all that serving needs.
    for known in (name, "mlflow-skinny") if name == "mlflow" else (name,):
        try:
            return metadata.version(known)
        except metadata.PackageNotFoundError:
            continue
    return None


def _fits(name: str, wanted: Requirement, here: str) -> bool:
    try:
        version = Version(here)
    except InvalidVersion:
        return False
    if wanted.specifier.contains(version, prereleases=True):
        return True
    # A newer MLflow of the same major version loads what an older one has written.
    return name in ("mlflow", "mlflow-skinny") and any(
        one.operator == "==" and _is_later(version, one.version) for one in wanted.specifier
    )


def _is_later(version: Version, pinned: str) -> bool:
    try:
        wanted = Version(pinned)
    except InvalidVersion:
        return False
    return version.major == wanted.major and version >= wanted
