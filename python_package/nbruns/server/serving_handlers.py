"""Serving over HTTP: what is served, starting and stopping it.

`server/serving/` is loaded with the first call; a server that serves nothing pays nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado import web

from nbruns.endpoints import serving
from nbruns.errors import InvalidValue, NbrunsError, NotFound
from nbruns.identity import acting_as, user_name
from nbruns.protocol.errors import wire_error
from nbruns.protocol.fields import optional, optional_int, required
from nbruns.server.handlers import read_json
from nbruns.server.signed_in import SignedIn
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store

if TYPE_CHECKING:
    from nbruns.server.events import Changes
    from nbruns.server.serving.served import Served
    from nbruns.server.serving.served_models import ServedModels

MOST_WORKERS = 32
MOST_LINES = 2_000
_OF_TARGET = ("name", "version", "alias", "stage")


class ServingHandler(SignedIn):
    """What all calls about served models share."""

    @property
    def models(self) -> ServedModels:
        """Those of this server; made with the first call."""
        found: ServedModels | None = self.settings.get("nbruns_served")
        if found is None:
            from nbruns.server.serving.served_models import ServedModels

            changes: Changes = self.settings["nbruns_events"]
            found = self.settings["nbruns_served"] = ServedModels(self.store, changes)
        return found

    @property
    def store(self) -> StoreThread:
        """The server's store."""
        store: StoreThread = self.settings["nbruns_store"]
        return store

    async def answer(self) -> None:
        """Answer with what `act` replies."""
        try:
            status, reply = 200, await self.act()
        except NbrunsError as error:
            status, reply = wire_error(error)
            reply |= _more_about(error)
        self.say(status, reply)

    async def act(self) -> dict[str, Any]:
        """What the request asks for."""
        raise NotImplementedError

    def described(self, served: Served) -> dict[str, Any]:
        """A served model, and where it answers."""
        place = f"nbruns/serving/{quote(served.target.text, safe='@/')}"
        return served.to_wire() | {"path": url_path_join(self.base_url, place)}

    def known(self, served_id: str) -> Served:
        """The one of an id, or NotFound; asked only when the user may know."""
        if "nbruns_served" not in self.settings:
            raise NotFound(f"Nothing is served as '{served_id[:300]}'")
        return self.models.get(served_id)

    async def controlled(self, body: dict[str, Any]) -> Served:
        """The one a call names by its `id`, for whoever may change its model."""
        served_id = required(body, "id")
        await self.permit(serving.control, {"name": serving.name_in(served_id)})
        return self.known(served_id)


class ControlHandler(ServingHandler):
    """Answers POST, with the fields in its JSON."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Act, answer."""
        await self.answer()


class StartHandler(ControlHandler):
    """POST api/1.0/serving/start: of `name` a `version`, or what an `alias` or a `stage` holds.

    `workers` processes (1) answer, in the `environment` "here" or "isolated". Where none is
    given and the model's packages are not those of the server, that is said instead.
    """

    async def act(self) -> dict[str, Any]:
        """The served model, which may still be loading."""
        body = read_json(self.request.body)
        workers, environment = optional_int(body, "workers"), optional(body, "environment")
        workers = 1 if workers is None else workers
        if not 1 <= workers <= MOST_WORKERS:
            raise InvalidValue(f"Invalid workers '{workers}': from 1 to {MOST_WORKERS}")
        if environment not in (None, "here", "isolated"):
            raise InvalidValue(f"Invalid environment '{environment}': 'here' or 'isolated'")
        await self.permit(serving.start, body)
        target, standing = await self.store.run(serving.start, body)
        from nbruns.server.serving.options import Options

        options = Options(
            workers,
            "isolated" if environment == "isolated" else "here",
            self.user or user_name(),
        )
        served = await self.models.start(target, standing, options, anyway=environment is not None)
        self.log.info("%s serves %s", options.started_by, target.text)
        return {"served": self.described(served)}


class StopHandler(ControlHandler):
    """POST api/1.0/serving/stop: end the processes of the one with this `id`."""

    async def act(self) -> dict[str, Any]:
        """The served model, stopped."""
        served = await self.controlled(read_json(self.request.body))
        await served.stop()
        return {"served": self.described(served)}


class RestartHandler(ControlHandler):
    """POST api/1.0/serving/restart: start the one with this `id` anew."""

    async def act(self) -> dict[str, Any]:
        """The served model, which is loading."""
        served = await self.controlled(read_json(self.request.body))
        standing = await self.store.run(serving.standing, served.target)
        return {"served": self.described(await self.models.restart(served, standing))}


class RemoveHandler(ControlHandler):
    """POST api/1.0/serving/remove: stop the one with this `id` and list it no more."""

    async def act(self) -> dict[str, Any]:
        """Nothing."""
        await self.models.remove(await self.controlled(read_json(self.request.body)))
        return {}


class ReportHandler(ServingHandler):
    """Answers GET, with the fields in its query."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Act, answer."""
        await self.answer()


class ListHandler(ReportHandler):
    """GET api/1.0/serving/list: all that is served; with `name`, of that model only.

    `may_control` says of each whether the user may stop it, and of the model named whether the
    user may serve it.
    """

    async def act(self) -> dict[str, Any]:
        """Those the user may read."""
        found = self.models.all() if "nbruns_served" in self.settings else []
        reply: dict[str, Any] = {}
        names = {served.target.name for served in found}
        if name := self.get_query_argument("name", None):
            names = {name}
        may = await self.store.run(_visible, self.user, sorted(names)) if names else {}
        if name:
            reply["may_control"] = may.get(name, False)
        reply["served"] = [
            self.described(one) | {"may_control": may[one.target.name]}
            for one in found
            if one.target.name in may
        ]
        return reply


class FitHandler(ReportHandler):
    """GET api/1.0/serving/fit: which packages a model asks for that the server does not have."""

    async def act(self) -> dict[str, Any]:
        """The version that would be served, and each difference."""
        fields = {name: self.get_query_argument(name, None) for name in _OF_TARGET}
        await self.permit(serving.start, fields)
        _, standing = await self.store.run(serving.start, fields)
        from nbruns.server.serving.fit import differences

        found = await asyncio.to_thread(differences, standing.files)
        return {
            "version": str(standing.version),
            "differences": [asdict(one) for one in found],
        }


class GetHandler(ReportHandler):
    """GET api/1.0/serving/get: the one with this `id`, and an example of its input."""

    async def act(self) -> dict[str, Any]:
        """The served model, its input's columns and its example as MLflow keeps it."""
        served_id = self.get_query_argument("id")
        await self.permit(serving.query, {"name": serving.name_in(served_id)})
        served = self.known(served_id)
        files = served.files
        return {
            "served": self.described(served),
            "columns": [asdict(one) for one in files.columns] if files else [],
            "example": files.example.decode() if files and files.example else None,
        }


class LogsHandler(ReportHandler):
    """GET api/1.0/serving/logs: the last `lines` (200) of the one with this `id`."""

    async def act(self) -> dict[str, Any]:
        """The text, the newest line last."""
        fields = {name: self.get_query_argument(name, None) for name in ("id", "lines")}
        lines = optional_int(fields, "lines")
        served = await self.controlled(fields)
        return {"log": served.log.tail(min(max(1, 200 if lines is None else lines), MOST_LINES))}


def _visible(store: Store, user: str | None, names: list[str]) -> dict[str, bool]:
    with acting_as(user):
        return serving.listed(store, {"names": names})


def _more_about(error: NbrunsError) -> dict[str, Any]:
    """What a browser shows of an error beside its sentence."""
    found = getattr(error, "differences", None)
    return {} if found is None else {"differences": [asdict(one) for one in found]}


SERVING_HANDLERS: tuple[tuple[str, type[ServingHandler]], ...] = (
    ("start", StartHandler),
    ("stop", StopHandler),
    ("restart", RestartHandler),
    ("remove", RemoveHandler),
    ("list", ListHandler),
    ("fit", FitHandler),
    ("get", GetHandler),
    ("logs", LogsHandler),
)
