"""Brings what the page of a version shows: the version, where it came from, what it is made of.

The parts of the page share one feed, and each change of the store is asked for once: whether
versions of the model changed, and whether the source run did. What never changes is fetched
once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar
from weakref import WeakKeyDictionary

from nbruns.errors import NotFound, NotPermitted
from nbruns.panel.artifact_client import ArtifactRoot, root_of_model
from nbruns.panel.connection import Connection
from nbruns.panel.models.model_file import ModelFile, read_model_file
from nbruns.panel.models.place import Place
from nbruns.panel.models.version_client import Level, VersionClient
from nbruns.panel.selection import Selection
from nbruns.records import LoggedModel, ModelVersion, Run

_MLMODEL_BYTES = 256 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the version at a place; `None` is what is not there, or not yet fetched.

    `is_whole` says whether all was fetched. `run_trouble` and `file_trouble` say why the source
    run, or the model's own file, cannot be shown.
    """

    place: Place
    version: ModelVersion | None = None
    others: tuple[ModelVersion, ...] = ()
    level: Level = "READ"
    run: Run | None = None
    run_trouble: str = ""
    model: LoggedModel | None = None
    files: ArtifactRoot | None = None
    file: ModelFile | None = None
    file_trouble: str = ""
    is_whole: bool = False

    @property
    def measured(self) -> Run | None:
        """The run the version's numbers are of, with the model's own metrics where it has some."""
        return measured(self.run, self.model)


def feed_of(selection: Selection, connection: Connection) -> VersionFeed:
    """The feed that the parts of one panel share."""
    return _feeds.setdefault(selection, VersionFeed(connection))


class VersionFeed:
    """Fetches for the version in front; whoever listens hears of each thing that is new."""

    def __init__(self, connection: Connection) -> None:
        self.client = VersionClient(connection)
        self.known = Known(Place())
        self._listeners: list[Callable[[Known], None]] = []
        self._going: tuple[Place, asyncio.Task[None]] | None = None

    def listen(self, listener: Callable[[Known], None]) -> Callable[[], None]:
        """Call a listener with what is known, whenever that changes; the answer ends it."""
        self._listeners.append(listener)

        def end() -> None:
            # Widgets are closed once more when they are collected.
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    async def renew(self, place: Place) -> Known:
        """Fetch what may have changed; parts that ask in the same moment share the answer."""
        if self._going is None or self._going[0] != place or self._going[1].done():
            self._going = (place, asyncio.ensure_future(self._renew(place)))
        await asyncio.shield(self._going[1])
        return self.known

    async def _renew(self, place: Place) -> None:
        known = self.known if self.known.place == place else Known(place)
        found = await self._versions(place)
        version = next((one for one in found if one.version == place.version), None)
        if known.version is None or found != known.others:
            level = await self.client.level(place.name)
            known = replace(known, level=level, file_trouble="")
        if version is None:
            self._tell(Known(place, others=found, level=known.level, is_whole=True))
            return
        known = replace(known, version=version, others=found)
        self._tell(known)
        fetching = asyncio.ensure_future(self._run(version))
        made, (run, trouble) = await asyncio.gather(
            self._made_of(known, version, fetching), fetching
        )
        self._tell(replace(made, run=run, run_trouble=trouble, is_whole=True))

    async def _versions(self, place: Place) -> tuple[ModelVersion, ...]:
        """The newest versions and the one in front, though it may be older than those."""
        found = await self.client.newest(place.name)
        if not any(one.version == place.version for one in found):
            with contextlib.suppress(NotFound):
                found.append(await self.client.get(place.name, place.version))
        return tuple(found)

    async def _run(self, version: ModelVersion) -> tuple[Run | None, str]:
        if not version.run_id:
            return None, "It was registered without a run."
        short = version.run_id[:8]
        return await _or_why(
            self.client.run(version.run_id),
            gone=f"Run {short} is gone: it was deleted for good, or belongs to another server.",
            hidden=f"You may not see run {short}: the policy says so.",
        )

    async def _made_of(
        self, known: Known, version: ModelVersion, run: Awaitable[tuple[Run | None, str]]
    ) -> Known:
        """The logged model, where its files lie and what they say: fetched once."""
        if known.file is not None or known.file_trouble:
            return known
        model = None
        if version.model_id:
            model, _ = await _or_why(self.client.logged_model(version.model_id))
        uri = model.artifact_uri if model is not None else ""
        if not uri:
            uri = await self.client.address_of_files(version.name, version.version)
        if uri.startswith("runs:/"):
            # So MLflow 2 wrote it down, and left it to its reader to look the run up.
            source, _ = await run
            uri = _below(source, uri) or uri
        text, trouble = await _or_why(
            self.client.text(uri, "MLmodel", most_bytes=_MLMODEL_BYTES),
            gone=f"The model's files cannot be read here: {uri or version.source}",
            hidden="You may not see the model's files: the policy says so.",
        )
        return replace(
            known,
            model=model,
            files=_root(model, uri) if text is not None else None,
            file=None if text is None else read_model_file(text),
            file_trouble=trouble,
        )

    def _tell(self, known: Known) -> None:
        if known != self.known:
            self.known = known
            for listener in self._listeners:
                listener(known)


def measured(run: Run | None, model: LoggedModel | None) -> Run | None:
    """A run's values, with those of one model of it where it has its own; or the model's alone."""
    if model is None or not model.metrics:
        return run
    own = {point.key: point for point in model.metrics}
    if run is None:
        return _as_run(model)
    return replace(run, metrics=tuple(own.pop(p.key, p) for p in run.metrics) + tuple(own.values()))


def _as_run(model: LoggedModel) -> Run:
    """What a logged model measured, where its run is gone."""
    return Run(
        run_id=model.source_run_id,
        experiment_id=model.experiment_id,
        name=model.name,
        user="",
        status="FINISHED",
        stage="active",
        started_ms=model.created_ms,
        ended_ms=model.updated_ms,
        artifact_uri="",
        params=model.params,
        metrics=model.metrics,
    )


def _root(model: LoggedModel | None, uri: str) -> ArtifactRoot:
    if model is not None:
        return root_of_model(model)
    return ArtifactRoot(uri.rstrip("/").rpartition("/")[2], uri)


def _below(run: Run | None, uri: str) -> str:
    """Where `runs:/<id>/<path>` lies; empty where that run is not to be seen."""
    run_id, _, path = uri.removeprefix("runs:/").partition("/")
    return f"{run.artifact_uri}/{path}" if run is not None and run.run_id == run_id else ""


async def _or_why(work: Awaitable[T], *, gone: str = "", hidden: str = "") -> tuple[T | None, str]:
    """What work brings; or nothing, and why: it is not there, or may not be seen."""
    try:
        return await work, ""
    except NotFound:
        return None, gone
    except NotPermitted:
        return None, hidden


_feeds: WeakKeyDictionary[Selection, VersionFeed] = WeakKeyDictionary()
