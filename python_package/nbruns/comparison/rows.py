"""One thing over several runs: its value in each, and how far apart they are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nbruns.records import Environment, Package, Run

Kind = Literal["same", "added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, tag, dataset or package; the value is None in runs that have none."""

    name: str
    values: tuple[str | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same."""
        return len(set(self.values)) > 1

    def kind(self, position: int = 1) -> Kind:
        """What became of it from the first run to another."""
        old, new = self.values[0], self.values[position]
        if old == new:
            return "same"
        return "added" if old is None else "removed" if new is None else "changed"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """The newest value of a metric; whether more is better is not ours to say."""

    name: str
    values: tuple[float | None, ...]

    @property
    def differs(self) -> bool:
        """Whether not all runs have the same; not-a-number equals itself."""
        return len({"nan" if v is not None and math.isnan(v) else v for v in self.values}) > 1

    @property
    def deltas(self) -> tuple[float | None, ...]:
        """How far each value lies from the first run's; None where that means nothing."""
        return tuple(_apart(value, self.values[0]) for value in self.values)

    @property
    def relative(self) -> tuple[float | None, ...]:
        """The same as a part of the first run's size: 0.1 is ten per cent more."""
        return tuple(_part(gap, abs(self.values[0] or 0.0)) for gap in self.deltas)


def rows(found: Sequence[Mapping[str, str]]) -> tuple[Row, ...]:
    """One row per key, by name."""
    names = sorted({name for one in found for name in one})
    return tuple(Row(name, tuple(one.get(name) for one in found)) for name in names)


def metric_rows(runs: Sequence[Run]) -> tuple[MetricRow, ...]:
    """One row per metric, by name."""
    found = [{point.key: point.value for point in run.metrics} for run in runs]
    names = sorted({name for one in found for name in one})
    return tuple(MetricRow(name, tuple(one.get(name) for one in found)) for name in names)


def dataset_rows(runs: Sequence[Run]) -> tuple[Row, ...]:
    """One row per dataset, by its name and what it was used for; values are digests."""
    return rows([_digests(run) for run in runs])


def package_rows(environments: Sequence[Environment | None]) -> tuple[Row, ...]:
    """One row per package; none at all unless the packages of every run are known."""
    known = [one for one in environments if one is not None]
    if len(known) < len(environments):
        return ()
    return _named(rows([_versions(one.packages) for one in known]), known)


def _apart(value: float | None, first: float | None) -> float | None:
    if value is None or first is None or not (math.isfinite(value) and math.isfinite(first)):
        return None
    gap = value - first
    # 0.3 - 0.1 is 0.19999999999999998: what lies under the fourteenth digit is noise.
    return 0.0 if abs(gap) <= 1e-14 * max(abs(value), abs(first)) else gap


def _part(gap: float | None, size: float) -> float | None:
    part = gap / size if gap is not None and size else None
    return part if part is not None and math.isfinite(part) else None


def _digests(run: Run) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for given in run.dataset_inputs:
        use = given.tags.get("mlflow.data.context")
        name = given.dataset.name or "dataset"
        found.setdefault(f"{name} ({use})" if use else name, []).append(given.dataset.digest)
    return {name: ", ".join(sorted(digests)) for name, digests in found.items()}


def _versions(packages: Iterable[Package]) -> dict[str, str]:
    return {
        _normal(one.name): f"{one.version} ({one.origin})" if one.origin else one.version
        for one in packages
    }


def _named(found: tuple[Row, ...], environments: Sequence[Environment]) -> tuple[Row, ...]:
    """The rows under the packages' own spelling."""
    names = {_normal(p.name): p.name for one in reversed(environments) for p in one.packages}
    return tuple(Row(names[row.name], row.values) for row in found)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
