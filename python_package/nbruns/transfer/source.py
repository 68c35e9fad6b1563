"""What is read from another tracking store, whichever form it lies in.

A source lists entries; each is read by itself, so that one that is broken stays alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from nbruns.errors import NbrunsError
from nbruns.records import Experiment, LoggedModel, ModelVersion, RegisteredModel, Run
from nbruns.store.arrivals import Point

T = TypeVar("T")

DELETED_VERSION = "Deleted_Internal"


class Unreadable(NbrunsError):
    """One thing of a source that cannot be read; the others can."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One thing of a source: its id, the place to name in a report, and how to read it.

    `read` raises Unreadable.
    """

    id: str
    place: str
    read: Callable[[], T]


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run with what its record does not carry; `histories` reads one metric after another."""

    run: Run
    deleted_ms: int | None
    histories: Callable[[], Iterator[tuple[str, Sequence[Point]]]]


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A logged model, and whether it is deleted."""

    model: LoggedModel
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class FoundName:
    """A registered model with its versions; `newest_version` counts the deleted ones too."""

    model: RegisteredModel
    versions: tuple[ModelVersion, ...]
    newest_version: int


class Source(Protocol):
    """Another tracking store, open for reading.

    `artifact_roots` are the folders its artifacts may lie in, as `<experiment>/<run>/artifacts`.
    """

    @property
    def place(self) -> Path: ...

    @property
    def artifact_roots(self) -> tuple[Path, ...]: ...

    def count_runs(self) -> int:
        """How many runs there are, for the progress."""

    def experiments(self) -> Iterator[Entry[Experiment]]:
        """All experiments, deleted ones too."""

    def runs(self, experiment_id: str) -> Iterator[Entry[FoundRun]]:
        """The runs of an experiment, deleted ones too."""

    def models(self, experiment_id: str) -> Iterator[Entry[FoundModel]]:
        """The logged models of an experiment, deleted ones too."""

    def names(self) -> Iterator[Entry[FoundName]]:
        """The registered models."""

    def close(self) -> None:
        """Let go of the files."""
