"""Numbers and models as the panel writes them.

Relative times ("2 min ago") are worded in the browser, where they keep moving.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbruns.numbers import delta, exact, number
from nbruns.records import ModelVersion

__all__ = ["badge", "delta", "exact", "number"]


def badge(versions: Sequence[ModelVersion]) -> tuple[str, str]:
    """What a row's badge says about a run's registered versions, and the hover's longer text."""
    if not versions:
        return "", ""
    newest_first = sorted(versions, key=lambda v: (bool(v.aliases), v.created_ms), reverse=True)
    texts = [_version(version) for version in newest_first]
    more = f" +{len(texts) - 1}" if len(texts) > 1 else ""
    return texts[0] + more, "\n".join(texts)


def _version(version: ModelVersion) -> str:
    return " ".join([f"{version.name} v{version.version}", *(f"@{a}" for a in version.aliases)])
