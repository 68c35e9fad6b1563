"""Parts of the Models view on a server with the team's users and policy, one user at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from jupyter_process import LiveServer
from team import SCIENTIST, ask_as, token

from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.part import Part
from nbruns.panel.selection import Selection

V2, OURS = "api/2.0/mlflow/", "api/1.0/"
P = TypeVar("P", bound=Part)


def ok(server: LiveServer, user: str, method: str, path: str, body: object = None) -> Any:
    """What the server replies to a user's call that it must grant."""
    status, reply = ask_as(server, user, method, path, body)
    assert status == 200, reply
    return reply


def make_model(server: LiveServer, name: str, versions: int = 3) -> str:
    """A model of the scientist's."""
    ok(server, SCIENTIST, "POST", f"{V2}registered-models/create", {"name": name})
    for _ in range(versions):
        body = {"name": name, "source": "s3://x"}
        ok(server, SCIENTIST, "POST", f"{V2}model-versions/create", body)
    return name


def request(server: LiveServer, user: str, name: str, version: int, **wish: Any) -> int:
    """Ask for a move over REST; the request's id."""
    body = {"name": name, "version": str(version), **wish}
    return int(ok(server, user, "POST", f"{OURS}requests/create", body)["request"]["request_id"])


@dataclass
class Seat(Generic[P]):
    """A part before one reader: what it said to the browser, where it led, what failed in it."""

    part: P
    sent: list[dict[str, Any]] = field(default_factory=list)
    went: list[str] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def does(self, **message: Any) -> dict[str, Any]:
        """Play the browser, and wait until what it asked for is done; the last answer."""
        self.part._handle_custom_msg(message, [])
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self.failed += [one for one in outcomes if isinstance(one, BaseException)]
        return self.sent[-1] if self.sent else {}


@asynccontextmanager
async def seat_of(
    kind: type[P], user: str, server: LiveServer, place: str
) -> AsyncIterator[Seat[P]]:
    """A part at a place, as a user has it before them; nothing may fail in it."""
    tasks: list[asyncio.Task[None]] = []
    went: list[str] = []
    part = kind(
        *(Selection(registry=place), Connection(Address(f"{server.url}/", token(user)))),
        do=lambda work: tasks.append(asyncio.ensure_future(work)),
        browser=lambda: None,
        go=went.append,
        show_runs=lambda *_: None,
    )
    seat = Seat(part, went=went, _tasks=tasks)
    part.send = lambda message, buffers=None: seat.sent.append(message)  # type: ignore[method-assign]
    await part.renew()
    yield seat
    part.close()
    assert seat.failed == []
