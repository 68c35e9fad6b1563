"""The addresses `models:/…` a model can be loaded by, and the Python that does it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from nbruns.records import RegisteredModel

ACTIVE_STAGES = ("Production", "Staging")


def addresses(model: RegisteredModel) -> list[dict[str, str]]:
    """How a model's versions are named in code, those that move with an alias or stage first."""
    stages = {version.stage: version.version for version in model.latest_versions}
    newest = max((version.version for version in model.latest_versions), default=None)
    found = [(f"@{alias}", version) for alias, version in _by_version(model.aliases)]
    found += [(f"/{stage}", stages[stage]) for stage in ACTIVE_STAGES if stage in stages]
    if newest is not None:
        found.append((f"/{newest}", newest))
    return [_address(model.name, place, version) for place, version in found]


def _by_version(aliases: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(aliases.items(), key=lambda held: (-held[1], held[0]))


def _address(name: str, place: str, version: int) -> dict[str, str]:
    uri = f"models:/{name}{place}"
    quoted = json.dumps(uri, ensure_ascii=False)
    is_number = place[1:].isdecimal()
    return {
        "label": f"version {version}" if is_number else place.lstrip("/"),
        "hint": f"{uri}: version {version}" + ("" if is_number else ", now"),
        "code": f"import mlflow\n\nmodel = mlflow.pyfunc.load_model({quoted})\nmodel.predict(X)",
    }
