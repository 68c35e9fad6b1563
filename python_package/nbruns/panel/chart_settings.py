"""How the reader wants charts drawn: the values of `Selection.charts`, each of them valid.

They come out of links and of the browser, so that anything may stand there: what does not
fit is as if it were not there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Literal, get_args

from nbruns.charts.groups import SPREADS, Spread
from nbruns.charts.series import OVERS, Over

Kind = Literal["curves", "bar", "scatter", "parallel", "contour", "box"]
Scope = Literal["ticked", "listed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Curves and bars of hundreds of runs say nothing.
OF_MANY: tuple[Kind, ...] = ("scatter", "parallel", "contour", "box")
A_PAGE = 12
_MOST_AXES = 12
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "over": OVERS,
    "spread": SPREADS,
    "scope": get_args(Scope),
}

Brush = Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True, slots=True)
class ChartSettings:
    """`x`, `y`, `z`, `by`, `group` and `axes` are columns, empty where the panel chooses."""

    kind: Kind = "curves"
    over: Over = "step"
    log_x: bool = False
    log_y: bool = False
    smoothing: float = 0.0
    many: bool = False
    shown: int = A_PAGE
    group: str = ""
    spread: Spread = "range"
    scope: Scope = "ticked"
    x: str = ""
    y: str = ""
    z: str = ""
    by: str = ""
    axes: tuple[str, ...] = ()
    brush: Brush | None = None
    baseline: str = ""
    is_open: bool = False

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> ChartSettings:
        """What `Selection.charts` says, as far as it can be read."""
        return cls().changed(kept)

    def changed(self, asked: Mapping[str, Any]) -> ChartSettings:
        """With other values for some settings; what does not fit changes nothing."""
        known = {field.name for field in fields(self)}
        read = {k: _read(k, v, getattr(self, k)) for k, v in asked.items() if k in known}
        return replace(self, **read)

    def kept(self) -> dict[str, Any]:
        """What differs from the start, as JSON values."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.default is not MISSING and value != field.default:
                found[field.name] = _plain(value)
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _read(name: str, value: Any, before: Any) -> Any:
    """A value for a setting, or what was there before where it does not fit."""
    if name in _CHOICES:
        return value if value in _CHOICES[name] else before
    if name == "smoothing":
        fits = isinstance(value, int | float) and math.isfinite(value)
        return min(max(float(value), 0.0), 0.99) if fits else before
    if name == "shown":
        return min(max(value, A_PAGE), 500) if type(value) is int else before
    if name == "axes":
        fits = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        return tuple(dict.fromkeys(value))[:_MOST_AXES] if fits else before
    if name == "brush":
        return _brush(value)
    return value if isinstance(value, type(before)) else before


def _brush(value: Any) -> Brush | None:
    if not isinstance(value, Mapping):
        return None
    found = {}
    for name, ranges in value.items():
        several = ranges if isinstance(ranges, list | tuple) else ()
        read = tuple(pair for each in several if (pair := _pair(each)) is not None)
        if read:
            found[str(name)] = read
    return found or None


def _pair(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    if not all(isinstance(each, int | float) and math.isfinite(each) for each in value):
        return None
    return float(value[0]), float(value[1])
