"""One model that is served: which version answers, how it is doing, and what comes next."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from nbruns.endpoints.model_files import ModelFiles
from nbruns.endpoints.serving import Standing, Target
from nbruns.errors import NbrunsError, StoreBusy, StoreUnusable
from nbruns.identity import now_ms
from nbruns.permissions import Policy
from nbruns.server.serving.crew import Crew
from nbruns.server.serving.figures import Figures
from nbruns.server.serving.log import Log
from nbruns.server.serving.options import Environment, Options

State = Literal["starting", "healthy", "failing", "stopped"]
# As long as MLflow's scoring server lets a request take, and some.
_DRAINING_S = 90.0

# The Python a model is to run in, made where it is not there yet.
PythonFor = Callable[[ModelFiles, Environment, Log, Callable[[str], None]], Awaitable[str]]


class Served:
    """A target and the crew that answers for it."""

    def __init__(
        self, target: Target, options: Options, python_for: PythonFor, tell: Callable[[], None]
    ) -> None:
        self.target = target
        self.options = options
        self.log = Log()
        self.figures = Figures()
        self.crew: Crew | None = None
        self.started_ms = self.since_ms = now_ms()
        # By which policy each was found to be one.
        self.readers: dict[str | None, Policy | None] = {}
        self._python_for = python_for
        self._tell = tell
        self._state: State = "starting"
        self._doing = ""
        self._last_error: dict[str, Any] | None = None
        self._wanted: Standing | None = None
        self._refused: int | None = None
        self._is_astray = False
        self._changing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def version(self) -> int | None:
        """The version that answers, or is to."""
        found = self.crew.standing if self.crew is not None else self._wanted
        return None if found is None else found.version

    @property
    def files(self) -> ModelFiles | None:
        """The files of that version."""
        found = self.crew.standing if self.crew is not None else self._wanted
        return None if found is None else found.files

    @property
    def state(self) -> State:
        """How it is doing."""
        return self._state

    @property
    def doing(self) -> str:
        """What is being done at the moment, or why it is not as it should be."""
        return self._doing

    def begin(self, standing: Standing) -> None:
        """Start with a version; returns at once."""
        self._wanted, self._refused = standing, None
        self._set("starting", f"Loading version {standing.version}")
        self._changing = asyncio.create_task(self._bring(standing))

    async def follow(self, version: int, standing: Callable[[], Awaitable[Standing]]) -> None:
        """Change to the version that stands at the target now, once it has proved itself.

        Raises StoreBusy and StoreUnusable: what version that is could not be read.
        """
        if self._has_stopped() or version == self._refused:
            return
        self._refused = None
        if self._wanted is not None and self._wanted.version == version:
            self._come_back()
            return
        try:
            found = await standing()
        except (StoreBusy, StoreUnusable):
            raise
        except NbrunsError as error:
            self._keep_old(version, str(error))
            return
        await self._give_up_change()
        if self._has_stopped():
            return
        self._wanted, self._is_astray = found, False
        if self.crew is not None and self.crew.standing.version == version:
            # Moved away and back while the other one was still loading.
            self._set(self._state, "")
            return
        self._note(f"{self.target.text} has moved to version {version}: loading it beside")
        self._changing = asyncio.create_task(self._bring(found))

    async def lost(self, why: str) -> None:
        """Nothing stands at the target any more: what answers goes on."""
        if self.crew is None:
            return
        # Else what was loading beside would take over, and nobody would know it as wanted.
        await self._give_up_change()
        said = f"{why}. Version {self.version} is served on"
        if self._has_stopped() or self._doing == said:
            return
        self._wanted, self._refused, self._is_astray = self.crew.standing, None, True
        self._note(said)

    async def stop(self) -> None:
        """End all its processes."""
        # Said first: whatever is under way asks for it after each pause.
        self._set("stopped", "")
        await self._give_up_change()
        crew, self.crew = self.crew, None
        self._set("stopped", "")
        for task in self._leaving:
            task.cancel()
        if crew is not None:
            await crew.stop()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def failed(self, message: str, status: int | None = None) -> None:
        """Keep what went wrong last."""
        self._last_error = {"message": message[:2000], "at_ms": now_ms(), "status": status}

    def to_wire(self) -> dict[str, Any]:
        """All that is known of it."""
        target, crew = self.target, self.crew
        answering = crew.standing.version if crew is not None else None
        wanted = self._wanted.version if self._wanted is not None else None
        return {
            "id": target.text,
            "name": target.name,
            "alias": target.alias,
            "stage": target.stage,
            "version": _text(answering or wanted),
            "next_version": _text(wanted) if answering and wanted != answering else None,
            "state": self._state,
            "doing": self._doing,
            "last_error": self._last_error,
            "environment": self.options.environment,
            "workers": self.options.workers,
            "pids": [one.pid for one in crew.workers if one.is_up] if crew is not None else [],
            "started_by": self.options.started_by,
            "started_ms": self.started_ms,
            "since_ms": self.since_ms,
            **self.figures.to_wire(),
        }

    async def _bring(self, standing: Standing) -> None:
        """Start a crew for a version and let it take over; the old one stays if it cannot."""
        try:
            python = await self._python_for(
                standing.files, self.options.environment, self.log, self._note
            )
            self._note(f"Loading version {standing.version}")
            crew = Crew(
                standing,
                python,
                self.log,
                workers=self.options.workers,
                patience_s=self.options.patience_s,
            )
            await crew.start()
        except (NbrunsError, OSError) as error:
            self._keep_old(standing.version, str(error))
        else:
            self._take_over(crew)

    def _take_over(self, crew: Crew) -> None:
        old, self.crew = self.crew, crew
        crew.on_change = lambda error: self._crew_changed(crew, error)
        self.since_ms = now_ms()
        self._set("healthy", "")
        self.log.add(f"Version {crew.standing.version} answers")
        if old is not None:
            task = asyncio.create_task(old.drain(_DRAINING_S))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def _keep_old(self, version: int, error: str) -> None:
        if self._has_stopped():
            return
        self.log.add(error)
        self.failed(error)
        self._refused = version
        if self.crew is None:
            self._set("failing", error)
            return
        self._wanted, self._is_astray = self.crew.standing, True
        self._note(
            f"{self.target.text} has moved to version {version}, which cannot be served: {error}. "
            f"Version {self.version} is served on"
        )

    def _has_stopped(self) -> bool:
        return self._state == "stopped"

    def _come_back(self) -> None:
        """The target stands again where it is served: nothing is to be said of it any more."""
        if self._is_astray and self.crew is not None:
            self._refused, self._is_astray = None, False
            self._set(self._state, "")

    def _crew_changed(self, crew: Crew, error: str | None) -> None:
        if crew is not self.crew:
            return
        if error is None:
            self.log.add(f"Version {crew.standing.version} answers again")
        else:
            self.failed(error)
        is_up = any(worker.is_up for worker in crew.workers)
        self._set("healthy" if is_up else "failing", "" if error is None else error)

    async def _give_up_change(self) -> None:
        task, self._changing = self._changing, None
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _note(self, doing: str) -> None:
        self._set(self._state, doing)
        self.log.add(doing)

    def _set(self, state: State, doing: str) -> None:
        if state != self._state:
            self.since_ms = now_ms()
        self._state, self._doing = state, doing
        self._tell()


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)
