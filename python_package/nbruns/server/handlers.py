"""The MLflow protocol and ours over HTTP: read the request, await the endpoint, write the reply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbruns.endpoints import comparisons, guard, notebooks, revisions, runs
from nbruns.endpoints.routes import find_endpoint
from nbruns.errors import InvalidValue, NbrunsError, StoreBusy
from nbruns.identity import acting_as
from nbruns.protocol.errors import wire_error
from nbruns.server.kernel_runs import KernelRuns
from nbruns.server.signed_in import SignedIn
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store

Endpoint = Callable[[Store, dict[str, Any]], dict[str, Any]]

MAX_BODY_BYTES = 64 * 1024 * 1024
# What a training loop calls again and again, one short transaction each.
QUICK = frozenset({runs.log_metric, runs.log_param, runs.set_tag})
MOST_QUICK_BYTES = 8_192
# Takes megabytes of JSON apart, hashes and compresses them: 0.3 s for 7 MB.
LONG = frozenset(
    {
        notebooks.capture,
        revisions.compare,
        revisions.compare_content,
        revisions.prepare,
        comparisons.changes,
        comparisons.compare_runs,
    }
)
# Jupyter's own, which any handler may be sent.
_JUPYTERS_ARGUMENTS = {"token", "_xsrf", "no_track_activity"}


class ProtocolHandler(SignedIn):
    """Answers every path of the protocol by way of its endpoint function."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """A call whose fields are the query's."""
        await self.answer(path)

    @web.authenticated
    @authorized
    async def post(self, path: str) -> None:
        """A call whose fields are the JSON body's."""
        await self.answer(path)

    @web.authenticated
    @authorized
    async def put(self, path: str) -> None:
        """As POST."""
        await self.answer(path)

    @web.authenticated
    @authorized
    async def patch(self, path: str) -> None:
        """As POST."""
        await self.answer(path)

    @web.authenticated
    @authorized
    async def delete(self, path: str) -> None:
        """As POST; fields may also stand in the query."""
        await self.answer(path)

    async def answer(self, path: str) -> None:
        """Find the endpoint, run it on the store's thread, write what it replies."""
        reply: dict[str, Any] | bytes
        try:
            endpoint, values = find_endpoint(self.request.method or "", path)
            fields = {**self.query_fields(), **values}
            store: StoreThread = self.settings["nbruns_store"]
            kernel_runs: KernelRuns = self.settings["nbruns_kernel_runs"]
            if endpoint is runs.create:
                endpoint = await kernel_runs.wrapped(endpoint, self.request)
            run = store.run_beside if endpoint in LONG else store.run
            if endpoint in QUICK and len(self.request.body) < MOST_QUICK_BYTES:
                run = store.run_quick
            status, reply = await run(respond, endpoint, self.request.body, fields, self.user)
            if status == 200:
                kernel_runs.answered(endpoint, self.request.body, reply)
        except NbrunsError as error:
            status, reply = wire_error(error)
        self.say(status, reply)

    def query_fields(self) -> dict[str, Any]:
        """The query's fields; one given several times is a list."""
        found: dict[str, Any] = {}
        for name in self.request.query_arguments.keys() - _JUPYTERS_ARGUMENTS:
            values = self.get_query_arguments(name, strip=False)
            found[name] = values[0] if len(values) == 1 else values
        return found


class HealthHandler(SignedIn):
    """Says that the server is up, as MLflow's does."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """GET health."""
        self.finish("OK", set_content_type="text/plain; charset=UTF-8")


def respond(
    store: Store,
    endpoint: Endpoint,
    body: bytes,
    fields: Mapping[str, Any],
    user: str | None = None,
) -> tuple[int, bytes]:
    """Status and JSON of a user's call; reading and writing JSON is the store thread's work too."""
    try:
        asked = {**read_json(body), **fields}
        with acting_as(user):
            if endpoint is runs.search:
                return 200, runs.search_text(store, asked).encode()
            status, reply = 200, guard.answer(store, endpoint, asked)
    except StoreBusy:
        raise
    except Exception as error:
        # Whatever fails, the client gets the protocol's JSON; wire_error logs the unexpected.
        status, reply = wire_error(error)
    return status, json.dumps(reply, separators=(",", ":")).encode()


def read_json(body: bytes) -> dict[str, Any]:
    """The object in a request's body, empty when there is none; InvalidValue for all else."""
    if not body.strip():
        return {}
    if len(body) > MAX_BODY_BYTES:
        size, most = len(body) // 2**20, MAX_BODY_BYTES // 2**20
        raise InvalidValue(f"The request's body has {size} MB, at most {most} MB are read")
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise InvalidValue("The request's JSON is nested too deeply") from error
    except ValueError as error:
        raise InvalidValue(f"The request's body is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidValue(f"The request's JSON must be an object, got {type(found).__name__}")
    return found
