"""What a version is measured against: the version that now holds an alias, or the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nbruns.records import ModelVersion

_FIRST = "champion"
_STAGES = ("Production", "Staging")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A version to measure against; `key` says why it is one: '@champion', 'Production', ''."""

    key: str
    version: int

    @property
    def words(self) -> str:
        """How the reader knows it."""
        return f"{self.key or 'the one before'} · version {self.version}"


def baselines(
    version: ModelVersion, others: Iterable[ModelVersion], aliases: Mapping[str, int]
) -> list[Baseline]:
    """Every other version that holds something, the champion first, and the version before."""
    known = {other.version: other for other in others if other.version != version.version}
    held = dict(aliases) | {a: v.version for v in known.values() for a in v.aliases}
    names = sorted(held, key=lambda alias: (alias != _FIRST, alias))
    found = [Baseline(f"@{name}", held[name]) for name in names]
    for stage in _STAGES:
        found += [Baseline(stage, one.version) for one in known.values() if one.stage == stage]
    found = [one for one in found if one.version != version.version]
    before = [number for number in known if number < version.version]
    if before:
        found.append(Baseline("", max(before)))
    return found


def chosen(found: Sequence[Baseline], key: str | None) -> Baseline | None:
    """The baseline a reader asked for, else the first."""
    return next((one for one in found if one.key == key), found[0] if found else None)
