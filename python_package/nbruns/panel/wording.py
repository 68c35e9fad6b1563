"""Numbers and models as the panel writes them.

Relative times ("2 min ago") are worded in the browser, where they keep moving.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbruns.numbers import delta, exact, number
from nbruns.records import ModelVersion

__all__ = ["badge", "delta", "exact", "foremost_first", "number"]

_IN_USE = ("Staging", "Production")


def badge(versions: Sequence[ModelVersion]) -> tuple[str, str]:
    """What a row's badge says about a run's registered versions, and the hover's longer text.

    Of `catalog.schema.model` a row has room for the model.
    """
    if not versions:
        return "", ""
    first, *others = foremost_first(versions)
    more = f" +{len(others)}" if others else ""
    name = first.name.split(".", 2)[2] if first.name.count(".") > 1 else first.name
    full = "\n".join(_version(one, one.name) for one in (first, *others))
    return _version(first, name) + more, full


def foremost_first(versions: Sequence[ModelVersion]) -> list[ModelVersion]:
    """Those with an alias first, then those in use by their stage, then the newest."""
    return sorted(
        versions, key=lambda v: (bool(v.aliases), v.stage in _IN_USE, v.created_ms), reverse=True
    )


def _version(version: ModelVersion, name: str) -> str:
    stage = [version.stage] if version.stage != "None" else []
    return " ".join([f"{name} v{version.version}", *(f"@{a}" for a in version.aliases), *stage])
