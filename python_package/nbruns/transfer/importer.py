"""Bringing another tracking store over: what comes in, under which id, and what is here already.

Each run, model and name comes in one transaction after its artifacts are copied: an
import that is killed has brought some of them whole, and goes on when it is started again.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from nbruns.errors import InvalidValue, NotFound
from nbruns.identity import now_ms
from nbruns.records import Experiment, ModelVersion, Run
from nbruns.store import Store
from nbruns.store.arrivals import Arrivals, Point
from nbruns.store.artifacts import SCHEME
from nbruns.transfer.artifact_copies import ArtifactCopies, is_remote
from nbruns.transfer.source import Entry, FoundModel, FoundName, FoundRun, Source, Unreadable
from nbruns.transfer.tally import Progress, Tally

T = TypeVar("T")
# What a broken source makes of a record: a text for a number, a time past 64 bits.
_BROKEN = (
    Unreadable,
    InvalidValue,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    TypeError,
    ValueError,
)


class Importer:
    """Brings all of a source into a store; what is here already is left as it is."""

    def __init__(
        self,
        store: Store,
        source: Source,
        progress: Progress,
        *,
        artifact_roots: Sequence[Path] = (),
        is_dry: bool = False,
    ) -> None:
        self.tally = Tally()
        self._store = store
        self._arrivals = Arrivals(store.db, store.artifacts)
        self._source = source
        self._progress = progress
        self._is_dry = is_dry
        self._copies = ArtifactCopies(
            store.artifacts,
            source.place.absolute().parent,
            (*artifact_roots, *source.artifact_roots),
            self.tally,
            self._tell,
            is_dry=is_dry,
        )

    def bring_all(self) -> Tally:
        """Experiments with their models and runs, then the registry."""
        for entry in self._listed(self._source.experiments):
            self._each(entry, self._bring_experiment)
        for name in self._listed(self._source.names):
            self._each(name, self._bring_name)
        self._progress.clear()
        return self.tally

    def _listed(self, entries: Callable[[], Iterable[Entry[T]]]) -> Iterator[Entry[T]]:
        try:
            yield from entries()
        except Unreadable as error:
            self.tally.left_out.append((str(self._source.place), str(error)))

    def _each(self, entry: Entry[T], bring: Callable[[T], None]) -> None:
        """Bring one thing over, or say why not."""
        try:
            bring(entry.read())
        except _BROKEN as error:
            self.tally.left_out.append((entry.place, str(error)))
        self._tell()

    def _bring_experiment(self, theirs: Experiment) -> None:
        ours = self._experiment_here(theirs)
        for model in self._listed(lambda: self._source.models(theirs.experiment_id)):
            self._each(model, lambda found: self._bring_model(found, theirs, ours))
        for run in self._listed(lambda: self._source.runs(theirs.experiment_id)):
            self._each(run, lambda found: self._bring_run(found, theirs, ours))

    def _experiment_here(self, theirs: Experiment) -> Experiment:
        """Our experiment for one of theirs: that of its name, else one made under its id."""
        if found := self._same_experiment(theirs):
            self.tally.here["experiment"] += 1
            if not self._is_dry:
                self._arrivals.add_experiment_tags(found.experiment_id, theirs.tags)
            self._say_id(theirs, found.experiment_id, f"it joins '{found.name}'")
            return found
        self.tally.new["experiment"] += 1
        taken = self._taken_by(theirs.experiment_id)
        place = theirs.artifact_uri if is_remote(theirs.artifact_uri) else ""
        created_ms = theirs.created_ms or now_ms()
        coming = replace(theirs, artifact_uri=place, created_ms=created_ms)
        if self._is_dry:
            if taken:
                self.tally.note(f"Experiment '{theirs.name}' gets a new id: {taken}")
            return coming
        number = self._arrivals.add_experiment(coming, keeps_id=not taken)
        self._say_id(theirs, number, taken)
        return self._store.experiments.get(number)

    def _same_experiment(self, theirs: Experiment) -> Experiment | None:
        """Ours of the same name, or of the same id and moment: that one was renamed since."""
        if found := self._store.experiments.find_by_name(theirs.name):
            return found
        ours = self._experiment_of(theirs.experiment_id)
        return ours if ours and ours.created_ms == theirs.created_ms else None

    def _experiment_of(self, experiment_id: str) -> Experiment | None:
        try:
            return self._store.experiments.get(experiment_id)
        except (NotFound, InvalidValue):
            return None

    def _taken_by(self, experiment_id: str) -> str:
        """Why an experiment cannot keep its id; empty where it can."""
        if ours := self._experiment_of(experiment_id):
            return f"{experiment_id} is that of '{ours.name}'"
        is_ours = experiment_id.isascii() and experiment_id.isdigit() and len(experiment_id) < 19
        return "" if is_ours else f"{experiment_id} is not a number of at most 18 digits"

    def _say_id(self, theirs: Experiment, ours: str, why: str) -> None:
        if theirs.experiment_id != ours:
            self.tally.note(
                f"Experiment '{theirs.name}' has the id {ours} here, "
                f"not {theirs.experiment_id}: {why}"
            )

    def _bring_run(self, found: FoundRun, theirs: Experiment, ours: Experiment) -> None:
        run = found.run
        tail = f"{theirs.experiment_id}/{run.run_id}/artifacts"
        canonical = f"{SCHEME}/{ours.experiment_id}/{run.run_id}/artifacts"
        if self._arrivals.has_run(run.run_id):
            self.tally.here["run"] += 1
            self._copies.moved(run.artifact_uri, canonical)
            return
        run = replace(
            run,
            experiment_id=ours.experiment_id,
            # A deleted experiment has no active runs.
            stage="deleted" if ours.stage == "deleted" else run.stage,
            artifact_uri=self._copies.bring(run.artifact_uri, tail, canonical),
        )
        before = self.tally.new["point"]
        try:
            self._write_run(run, found)
        except BaseException:
            self.tally.new["point"] = before
            raise
        self.tally.new["run"] += 1

    def _write_run(self, run: Run, found: FoundRun) -> None:
        histories = self._counted(found)
        if self._is_dry:
            deque(histories, maxlen=0)
        else:
            self._arrivals.add_run(run, histories, deleted_ms=found.deleted_ms)

    def _counted(self, found: FoundRun) -> Iterator[tuple[str, Sequence[Point]]]:
        for key, points in found.histories():
            yield key, points
            self.tally.new["point"] += len(points)
            self._tell()

    def _bring_model(self, found: FoundModel, theirs: Experiment, ours: Experiment) -> None:
        model = found.model
        tail = f"models/{model.model_id}/artifacts"
        canonical = f"{SCHEME}/{ours.experiment_id}/{tail}"
        if self._arrivals.has_model(model.model_id):
            self.tally.here["model"] += 1
            self._copies.moved(model.artifact_uri, canonical)
            return
        place = self._copies.bring(model.artifact_uri, f"{theirs.experiment_id}/{tail}", canonical)
        if not self._is_dry:
            model = replace(model, experiment_id=ours.experiment_id, artifact_uri=place)
            self._arrivals.add_model(model, is_deleted=found.is_deleted)
        self.tally.new["model"] += 1

    def _bring_name(self, found: FoundName) -> None:
        name = found.model.name
        newest = self._arrivals.newest_version(name)
        is_ours = newest is not None and self._is_same_name(found)
        coming = [v for v in found.versions if self._comes_in(v, newest or 0, is_ours)]
        numbers = {version.version for version in coming}
        aliases = {a: n for a, n in found.model.aliases.items() if n in numbers}
        self.tally.here["name"] += newest is not None
        if newest is not None and not coming:
            return
        if not self._is_dry:
            self._arrivals.add_versions(
                replace(found.model, aliases=aliases),
                [self._placed(version) for version in coming],
                found.newest_version,
            )
        self.tally.new["name"] += newest is None
        self.tally.new["version"] += len(coming)

    def _is_same_name(self, found: FoundName) -> bool:
        ours = self._store.registry.get_model(found.model.name)
        return ours.created_ms == found.model.created_ms

    def _comes_in(self, version: ModelVersion, newest: int, is_ours: bool) -> bool:
        """Whether a version is new here; one whose number is another's is left out."""
        place = f"{self._source.place}: version {version.version} of {version.name}"
        if version.version > newest:
            if version.status == "READY":
                return True
            self.tally.left_out.append((place, f"its registration is {version.status}"))
            return False
        if is_ours or self._is_here(version):
            self.tally.here["version"] += 1
            return False
        self.tally.left_out.append((place, "that number is taken by another version here"))
        return False

    def _is_here(self, version: ModelVersion) -> bool:
        try:
            ours = self._store.registry.get_version(version.name, version.version)
        except NotFound:
            return False
        return ours.created_ms == version.created_ms

    def _placed(self, version: ModelVersion) -> ModelVersion:
        """A version whose files are ours, where they came over."""
        place = self._copies.renamed(version.artifact_uri)
        if version.artifact_uri == version.source and self._arrivals.has_model(version.model_id):
            place = self._store.models.get(version.model_id, allow_deleted=True).artifact_uri
        return replace(version, source=self._copies.renamed(version.source), artifact_uri=place)

    def _tell(self) -> None:
        self._progress.show(self.tally)
