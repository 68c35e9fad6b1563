"""What a run says under a column's name: "metrics.loss", "params.lr", "attributes.duration".

Columns of a chart's axis are either numbers or words; parameters are text, and count as
numbers where every one of them reads as a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nbruns.errors import InvalidValue
from nbruns.records import Run

Value = float | str | None

DURATION = "attributes.duration"
START = "attributes.start_time"
_KINDS = ("metrics", "params", "tags", "attributes")
_ATTRIBUTES = {DURATION: "duration (s)", START: "start time"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column over some runs, in their order; `None` where a run says nothing."""

    name: str
    values: tuple[Value, ...]
    is_number: bool

    @property
    def label(self) -> str:
        """How an axis calls it."""
        return label(self.name)

    @property
    def words(self) -> list[str]:
        """The different words, those that are numbers first and by size."""
        return in_order({str(value) for value in self.values if value is not None})


def label(name: str) -> str:
    """A column as readers call it: without its kind."""
    return _ATTRIBUTES.get(name, name.partition(".")[2] or name)


def column(runs: Sequence[Run], name: str) -> Column:
    """A column of some runs; raises InvalidValue for a name of no kind."""
    values = tuple(value_of(run, name) for run in runs)
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, float) for value in known):
        return Column(name, values, True)
    as_numbers = tuple(None if value is None else number(str(value)) for value in values)
    if known and all(n is not None for n, v in zip(as_numbers, values, strict=True) if v):
        return Column(name, as_numbers, any(n is not None for n in as_numbers))
    return Column(name, values, False)


def complete(columns: Sequence[Column], runs: Sequence[Run]) -> list[int]:
    """The places of the runs that have a value in every column."""
    return [
        place
        for place in range(len(runs))
        if all(each.values[place] is not None for each in columns)
    ]


def value_of(run: Run, name: str) -> Value:
    """What one run says; a metric that is no finite number says nothing."""
    kind, _, key = name.partition(".")
    if kind == "metrics":
        value = next((point.value for point in run.metrics if point.key == key), math.nan)
        return float(value) if _is_drawable(value) else None
    if kind == "params":
        return run.params.get(key)
    if kind == "tags":
        return run.tags.get(key)
    if name == DURATION:
        if run.ended_ms is None or run.started_ms is None:
            return None
        return (run.ended_ms - run.started_ms) / 1000
    if name == START:
        return None if run.started_ms is None else float(run.started_ms)
    raise InvalidValue(
        f"'{name}' names no column: write 'metrics.{name}' or 'params.{name}', or one of "
        f"{', '.join(_ATTRIBUTES)}"
    )


def number(words: str) -> float | None:
    """The finite number that a parameter's text is, if it is one."""
    try:
        value = float(words)
    except ValueError:
        return None
    return value if _is_drawable(value) else None


def in_order(words: Iterable[str]) -> list[str]:
    """Words as a reader expects them: 2 before 10, numbers before None."""

    def rank(word: str) -> tuple[bool, float, str]:
        value = number(word)
        return value is None, value or 0.0, word

    return sorted(words, key=rank)


def resolve(runs: Sequence[Run], name: str) -> str:
    """A column's full name: 'lr' is params.lr where the runs have such a parameter.

    Raises InvalidValue for what no run has, and for a name that could be two things.
    """
    if name in _ATTRIBUTES:
        return name
    found = [each for each in columns(runs) if each == name or each.partition(".")[2] == name]
    if name in found or len(found) == 1:
        return name if name in found else found[0]
    if found:
        raise InvalidValue(f"'{name}' could be {' or '.join(found)}: write which one")
    raise InvalidValue(f"No run has '{name}'.{nearest(name, columns(runs))}")


def columns(runs: Sequence[Run]) -> list[str]:
    """The metrics, parameters and tags of some runs, by name."""
    metrics = {f"metrics.{point.key}" for run in runs for point in run.metrics}
    params = {f"params.{key}" for run in runs for key in run.params}
    tags = {f"tags.{key}" for run in runs for key in run.tags}
    return [*sorted(metrics), *sorted(params), *sorted(tags)]


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence about what may have been meant; empty where nothing comes near."""
    from difflib import get_close_matches

    bare = {each.partition(".")[2]: each for each in known}
    near = get_close_matches(name.rpartition(".")[2] or name, list(bare), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(repr(bare[each]) for each in near)}?" if near else ""


def _is_drawable(value: float) -> bool:
    # MLflow stores an infinity as the largest double: an axis that reaches it shows nothing else.
    return math.isfinite(value) and abs(value) < 1.7e308
