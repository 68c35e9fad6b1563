"""A comparison in one line: 'cells 3, 7 edited; lr 0.1 → 0.01; numpy 2.1 → 2.2'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from nbruns.comparison.rows import Row

if TYPE_CHECKING:
    from nbruns.comparison.compared import Comparison

_MOST_NAMED = 3
_LONGEST = 40
_DIGEST, _COMMIT = 8, 7


def sentence(found: Comparison, position: int = 1) -> str:
    """What is new in one of the runs after the first."""
    code = found.code[position - 1]
    # Where one run told nothing of its source, nothing is known to be new.
    source = {row.name: row for row in found.source if row.kind(position) == "changed"}
    said = chain(
        [code.words] if code.is_known and code.words != "unchanged" else [],
        _changes(found.params, position, "parameters"),
        _changes(found.datasets, position, "datasets", most=_DIGEST, before="data "),
        _python(source, position),
        _changes(found.packages, position, "packages"),
        _commit(source, position),
    )
    return "; ".join(said) or _nothing(found, position)


def _changes(
    found: Sequence[Row], position: int, noun: str, *, most: int = _LONGEST, before: str = ""
) -> Iterable[str]:
    changed = [row for row in found if row.kind(position) != "same"]
    # One more named takes no more room than to say that there is one more.
    named = changed if len(changed) <= _MOST_NAMED + 1 else changed[:_MOST_NAMED]
    yield from (before + _change(row, position, most) for row in named)
    if len(named) < len(changed):
        yield f"{len(changed) - len(named)} more {noun}"


def _change(row: Row, position: int, most: int) -> str:
    old, new = (_short(row.values[at], most) for at in (0, position))
    kind = row.kind(position)
    if kind == "changed":
        return f"{_short(row.name)} {old} → {new}"
    return f"{_short(row.name)} {new} added" if kind == "added" else f"{_short(row.name)} removed"


def _python(source: dict[str, Row], position: int) -> Iterable[str]:
    if "Python" in source:
        yield _change(source["Python"], position, _LONGEST)


def _commit(source: dict[str, Row], position: int) -> Iterable[str]:
    if "commit" in source:
        yield _change(source["commit"], position, _COMMIT)


def _nothing(found: Comparison, position: int) -> str:
    """No difference was found; said of what could be compared, and of nothing else."""
    known = ["code"] if found.code[position - 1].is_known else []
    known += ["parameters"]
    known += ["data"] if found.equal.datasets else []
    known += ["packages"] if found.equal.packages or found.packages else []
    return f"same {' and '.join([', '.join(known[:-1]), known[-1]] if known[1:] else known)}"


def _short(value: str | None, most: int = _LONGEST) -> str:
    text = " ".join((value or "").split())
    if len(text) <= most:
        return text
    # A digest or a commit is known by its first digits.
    return text[:most] if most < _LONGEST else f"{text[: most - 1]}…"
