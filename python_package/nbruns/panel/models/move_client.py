"""The calls about where versions stand: moves, requests for them, and the log of both.

Moves are MLflow's own calls, which take a comment besides; the rest is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from nbruns.panel.connection import Connection
from nbruns.protocol.model_messages import version_from_wire
from nbruns.protocol.names import OWN_PREFIX
from nbruns.records import Activity, ModelVersion, Page, TransitionRequest

_V2 = "api/2.0/mlflow/"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Right:
    """What the reader may do at a stage or '@alias', and which versions stand there."""

    target: str
    versions: tuple[int, ...]
    move: bool
    who: str
    approvers: str
    rule: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with a model, target by target."""

    user: str
    level: str
    targets: dict[str, Right]


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request, and what the reader may do with it; `refusal` says why not to decide it.

    `deciders` are who may, in the policy's words where the reader may not. `holders` are the
    versions now at the alias or stage it asks for, `stage` is where the version itself is.
    """

    asked: TransitionRequest
    may: tuple[str, ...]
    refusal: str
    deciders: str
    holders: tuple[int, ...]
    stage: str


@dataclass(frozen=True, slots=True)
class Move:
    """A move that is wished for: to a stage, or of an '@alias'; with `removes` away from it."""

    name: str
    version: int
    target: str
    removes: bool = False
    archives: bool = False
    comment: str = ""

    @property
    def alias(self) -> str | None:
        """The alias, None where the target is a stage."""
        return self.target[1:] if self.target.startswith("@") else None


class MoveClient:
    """What the parts about moves ask of the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def rights(
        self, name: str, *, version: int | None = None, aliases: Sequence[str] = ()
    ) -> Rights:
        """What the reader may do with a model, or with one version of it."""
        reply = await self.connection.get(
            f"{OWN_PREFIX}registry/rights", name=name, version=version, aliases=list(aliases)
        )
        targets = {
            target: Right(target, tuple(said["versions"]), *(said[key] for key in _OF_RIGHT))
            for target, said in reply["targets"].items()
        }
        return Rights(reply["user"], reply["level"], targets)

    async def newest_versions(self, name: str, limit: int = 50) -> list[ModelVersion]:
        """The newest versions of a model; of a name no filter can quote, one of each stage."""
        if "'" in name and '"' in name:
            reply = await self.connection.get(f"{_V2}registered-models/get", name=name)
            found = reply["registered_model"].get("latest_versions", ())
        else:
            quote = '"' if "'" in name else "'"
            reply = await self.connection.get(
                f"{_V2}model-versions/search",
                filter=f"name = {quote}{name}{quote}",
                order_by="version_number DESC",
                max_results=limit,
            )
            found = reply.get("model_versions", ())
        versions = [version_from_wire(item) for item in found]
        return sorted(versions, key=lambda one: one.version, reverse=True)

    async def version(self, name: str, version: int) -> ModelVersion:
        """One version; NotFound where there is none."""
        reply = await self.connection.get(
            f"{_V2}model-versions/get", name=name, version=str(version)
        )
        return version_from_wire(reply["model_version"])

    async def move(self, move: Move) -> None:
        """Make a move."""
        body: dict[str, Any] = {"name": move.name, "comment": move.comment}
        if move.removes:
            body["alias"] = move.alias
            await self.connection.send("DELETE", f"{_V2}registered-models/alias", body)
        elif move.alias is not None:
            body |= {"alias": move.alias, "version": str(move.version)}
            await self.connection.post(f"{_V2}registered-models/alias", body)
        else:
            body |= {"version": str(move.version), "stage": move.target}
            body["archive_existing_versions"] = move.archives
            await self.connection.post(f"{_V2}model-versions/transition-stage", body)

    async def ask_for(self, move: Move) -> None:
        """Ask those who may for a move."""
        target = {"stage": move.target} if move.alias is None else {"alias": move.alias}
        body = {
            "name": move.name,
            "version": str(move.version),
            "remove": move.removes,
            "archive_existing_versions": move.archives,
            "comment": move.comment,
        }
        await self.connection.post(f"{OWN_PREFIX}requests/create", body | target)

    async def decide(
        self, action: str, request_id: int, *, comment: str = "", archives: bool | None = None
    ) -> None:
        """Approve, reject or cancel a request."""
        body: dict[str, Any] = {"request_id": request_id, "comment": comment}
        if archives is not None:
            body["archive_existing_versions"] = archives
        await self.connection.post(f"{OWN_PREFIX}requests/{action}", body)

    async def requests(self, **query: Any) -> Page[SeenRequest]:
        """A page of requests, the newest first."""
        reply = await self.connection.get(f"{OWN_PREFIX}requests/search", **query)
        found = [_seen_request(said) for said in reply["requests"]]
        return Page(found, reply.get("next_page_token"))

    async def waiting(self) -> tuple[int, str]:
        """How many open requests the reader may decide, up to a thousand; and the reader's name."""
        reply = await self.connection.get(f"{OWN_PREFIX}requests/count")
        return int(reply["to_decide"]), str(reply["user"])

    async def activity(self, **query: Any) -> Page[Activity]:
        """A page of what was done to registered models, the newest first."""
        reply = await self.connection.get(f"{OWN_PREFIX}activity/search", kind="model", **query)
        found = [_known(Activity, said) for said in reply["activities"]]
        return Page(found, reply.get("next_page_token"))

    async def holders(self, name: str, target: str, at_ms: int) -> list[int]:
        """The versions that stood at a stage or '@alias' at a moment."""
        where = {"alias" if target.startswith("@") else "stage": target}
        reply = await self.connection.get(
            f"{OWN_PREFIX}registry/holder", name=name, at_ms=at_ms, **where
        )
        return [int(version) for version in reply["versions"]]


_OF_RIGHT = ("move", "who", "approvers", "rule")


def _seen_request(said: dict[str, Any]) -> SeenRequest:
    return SeenRequest(
        _known(TransitionRequest, said),
        tuple(said["may"]),
        said["refusal"],
        said["deciders"],
        tuple(said["holders"]),
        said["stage"],
    )


def _known(kind: type[T], said: dict[str, Any]) -> T:
    """A record of ours, without what a newer server says besides."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in said.items() if name in names})
