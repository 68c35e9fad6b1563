"""All models the server serves, and how those behind an alias or a stage follow it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbruns.endpoints import serving
from nbruns.endpoints.model_files import ModelFiles
from nbruns.endpoints.serving import Standing, Target
from nbruns.errors import (
    AlreadyExists,
    InvalidState,
    NbrunsError,
    NotFound,
    StoreBusy,
    StoreUnusable,
)
from nbruns.server.events import Changes
from nbruns.server.serving.environments import Environments
from nbruns.server.serving.fit import differences
from nbruns.server.serving.log import Log
from nbruns.server.serving.options import Environment, Options
from nbruns.server.serving.served import Served
from nbruns.server.store_thread import StoreThread

_log = logging.getLogger("nbruns")

# A training run changes the store ten times a second.
_FOLLOW_EVERY_S = 0.3
_FOLLOW_AGAIN_S = 2.0


class Unfit(InvalidState):
    """The model asks for other packages than this Python has."""

    def __init__(self, shown: str, found: list[Any]) -> None:
        self.differences = found
        listed = "; ".join(str(one) for one in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        super().__init__(
            f"{shown} asks for other packages than the server has: {listed}{more}. Serve it with "
            "environment 'isolated' to install them apart, or with 'here' to try all the same"
        )


class ServedModels:
    """Starts, stops and finds them; they end with the server."""

    def __init__(self, store: StoreThread, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._environments = Environments(Path(store.home) / "environments")
        self._served: dict[str, Served] = {}
        self._following: asyncio.Task[None] | None = None

    def all(self) -> list[Served]:
        """Those that were started and not removed, by id."""
        return [self._served[found] for found in sorted(self._served)]

    def find(self, served_id: str) -> Served | None:
        """The one of an id."""
        return self._served.get(served_id)

    def get(self, served_id: str) -> Served:
        """The one of an id, or NotFound."""
        found = self.find(served_id)
        if found is None:
            raise NotFound(f"Nothing is served as '{served_id[:300]}'")
        return found

    async def start(
        self, target: Target, standing: Standing, options: Options, *, anyway: bool
    ) -> Served:
        """Serve a target; Unfit where its packages differ and nobody said `anyway`."""
        self._check_free(target)
        if options.environment == "here" and not anyway:
            if found := await asyncio.to_thread(differences, standing.files):
                raise Unfit(f"Version {standing.version} of '{target.name}'", found)
            self._check_free(target)
        served = Served(target, options, self._python_for, self._changes.tell)
        self._served[target.text] = served
        served.begin(standing)
        if target.is_followed and self._following is None:
            self._following = asyncio.create_task(self._follow())
        return served

    def _check_free(self, target: Target) -> None:
        known = self._served.get(target.text)
        if known is not None and known.state != "stopped":
            raise AlreadyExists(
                f"'{target.text}' is served already ({known.state}): stop it first, or restart it"
            )

    async def restart(self, served: Served, standing: Standing) -> Served:
        """Stop it and start it anew with what stands at its target now."""
        await served.stop()
        return await self.start(served.target, standing, served.options, anyway=True)

    async def remove(self, served: Served) -> None:
        """Stop it, and forget it."""
        await served.stop()
        if self._served.get(served.target.text) is served:
            del self._served[served.target.text]
        self._changes.tell()

    async def stop_all(self) -> None:
        """End every process."""
        if self._following is not None:
            self._following.cancel()
        await asyncio.gather(*(served.stop() for served in self._served.values()))

    async def _python_for(
        self, files: ModelFiles, environment: Environment, log: Log, doing: Callable[[str], None]
    ) -> str:
        if environment == "here":
            return sys.executable
        return await self._environments.python_for(files, log, doing)

    async def _follow(self) -> None:
        """Look where aliases and stages stand, whenever something has changed."""
        with self._changes.listening() as wake:
            while not self._changes.closed:
                await wake.wait()
                wake.clear()
                pause_s = _FOLLOW_EVERY_S
                for served in self.all():
                    if not await self._follow_one(served):
                        # Perhaps nothing else changes, and nobody wakes us.
                        pause_s = _FOLLOW_AGAIN_S
                        wake.set()
                await asyncio.sleep(pause_s)

    async def _follow_one(self, served: Served) -> bool:
        """Go where its target stands; False where that could not be found out."""
        target = served.target
        if not target.is_followed or served.state == "stopped":
            return True
        try:
            version = await self._store.run(serving.version_at, target)
            await served.follow(version, lambda: self._store.run(serving.standing, target))
        except (StoreBusy, StoreUnusable) as error:
            served.log.add(str(error))
            return False
        except NbrunsError as error:
            await served.lost(str(error))
        except Exception:
            _log.exception("nbruns cannot follow '%s'", target.text)
        return True
