"""Runs compared with the first of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nbruns.comparison.rows import (
    MetricRow,
    Row,
    dataset_rows,
    metric_rows,
    package_rows,
    rows,
)
from nbruns.errors import InvalidValue
from nbruns.notebooks.diff import NotebookDifference, diff
from nbruns.records import Environment, NotebookContent, Run

AnyRow = TypeVar("AnyRow", Row, MetricRow)

# What of a run's tags tells its source, and how it is called in a comparison.
SOURCE_NAMES = {
    "mlflow.source.name": "file",
    "mlflow.source.git.commit": "commit",
    "nbruns.git.branch": "branch",
    "nbruns.git.dirty": "uncommitted changes",
    "nbruns.kernel_name": "kernel",
    "nbruns.host": "host",
}
_CODE_TAG = "nbruns.code"


@dataclass(frozen=True, slots=True)
class Side:
    """A run, and what is known of how it came about: packages, the notebook at its start."""

    run: Run
    environment: Environment | None = None
    content: NotebookContent | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """How the code of a run differs from the first one's.

    Without both notebooks only the words say something: 'unchanged' or 'changed' where
    the runs name their code, nothing where they do not.
    """

    words: str = ""
    difference: NotebookDifference | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.words)


@dataclass(frozen=True, slots=True)
class Rows:
    """The same sections, of what differs or of what is equal in all runs."""

    params: tuple[Row, ...] = ()
    metrics: tuple[MetricRow, ...] = ()
    datasets: tuple[Row, ...] = ()
    packages: tuple[Row, ...] = ()
    source: tuple[Row, ...] = ()
    tags: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What differs between runs; values and differences stand in the order of `runs`.

    The first run is the one the others are compared with. Rows that are equal in all runs
    are in `equal`; `code` has one entry for each run after the first.
    """

    runs: tuple[Run, ...]
    params: tuple[Row, ...] = ()
    metrics: tuple[MetricRow, ...] = ()
    datasets: tuple[Row, ...] = ()
    packages: tuple[Row, ...] = ()
    source: tuple[Row, ...] = ()
    tags: tuple[Row, ...] = ()
    code: tuple[Code, ...] = ()
    equal: Rows = field(default_factory=Rows)
    unknown: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is new in each run after the first, in one line each."""
        from nbruns.comparison.sentence import sentence

        return tuple(sentence(self, position) for position in range(1, len(self.runs)))

    @property
    def sentence(self) -> str:
        """What is new, in one line: 'cells 3, 7 edited; lr 0.1 → 0.01; numpy 2.1 → 2.2'."""
        if len(self.runs) == 2:
            return self.sentences[0]
        names = (run.name or run.run_id[:8] for run in self.runs[1:])
        told = zip(names, self.sentences, strict=True)
        return " | ".join(f"{name}: {words}" for name, words in told)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain tables: `pandas.DataFrame(comparison.to_dict()["metrics"])`.

        Rows have one column per run, under its name (or its id, where names are not unique).
        """
        from nbruns.comparison.tables import tables

        return tables(self)

    def __repr__(self) -> str:
        named = ", ".join(f"'{run.name or run.run_id}'" for run in self.runs)
        return f"<Comparison of {named}: {self.sentence}>"

    def _repr_html_(self) -> str:
        from nbruns.comparison.html import page

        return page(self)


def compare(sides: Sequence[Side]) -> Comparison:
    """What differs between runs, the first being the one the others are compared with."""
    if len(sides) < 2:
        raise InvalidValue(f"A comparison takes two runs or more, not {len(sides)}")
    runs = tuple(side.run for side in sides)
    environments = [side.environment for side in sides]
    different, equal = _parted(
        params=rows([run.params for run in runs]),
        metrics=metric_rows(runs),
        datasets=dataset_rows(runs),
        packages=package_rows(environments),
        source=rows([_source(side) for side in sides]),
        tags=rows([_own_tags(run) for run in runs]),
    )
    code = tuple(_code(sides[0], side) for side in sides[1:])
    return Comparison(runs, **different, code=code, equal=Rows(**equal), unknown=_unknown(sides))


def _parted(**sections: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        {name: _which(found, lambda row: row.differs) for name, found in sections.items()},
        {name: _which(found, lambda row: not row.differs) for name, found in sections.items()},
    )


def _which(found: tuple[AnyRow, ...], wanted: Callable[[AnyRow], bool]) -> tuple[AnyRow, ...]:
    return tuple(row for row in found if wanted(row))


def _code(first: Side, other: Side) -> Code:
    if first.content is not None and other.content is not None:
        found = diff(first.content, other.content)
        return Code(found.words(), found)
    names = [side.run.tags.get(_CODE_TAG) for side in (first, other)]
    if None in names:
        return Code()
    return Code("unchanged" if names[0] == names[1] else "changed")


def _source(side: Side) -> dict[str, str]:
    """Where a run comes from, in words of its own; user and versions beside its tags."""
    tags, found = side.run.tags, {}
    for key, name in SOURCE_NAMES.items():
        if tags.get(key):
            found[name] = tags[key]
    if side.run.user:
        found["user"] = side.run.user
    python = side.environment.python if side.environment else tags.get("nbruns.python")
    if python:
        found["Python"] = python
    if side.environment is not None:
        found["system"] = side.environment.platform
    return found


def _own_tags(run: Run) -> dict[str, str]:
    """The tags people set."""
    return {k: v for k, v in run.tags.items() if not k.startswith(("mlflow.", "nbruns."))}


def _unknown(sides: Sequence[Side]) -> tuple[str, ...]:
    """What could not be compared, for a view to say."""
    found = []
    for side in sides:
        name = side.run.name or side.run.run_id[:8]
        if side.content is None and side.run.tags.get(_CODE_TAG) is None:
            found.append(f"No revision of the notebook is kept for run '{name}'")
        if side.environment is None:
            found.append(f"The packages of run '{name}' were not recorded")
    return tuple(found)
