"""Batch scoring over HTTP: files of this server with versions of its registry.

Files are those Jupyter's contents manager reaches, for those who may read them.
"""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import ApiPath, ensure_async, to_os_path
from tornado import web

from nbruns.endpoints import guard, scoring
from nbruns.errors import InvalidState, InvalidValue, NbrunsError, NotFound, NotPermitted
from nbruns.identity import acting_as, user_name
from nbruns.protocol.errors import wire_error
from nbruns.protocol.fields import optional, optional_int, required, text, texts
from nbruns.server.handlers import read_json
from nbruns.server.scoring_jobs import ScoringJobs
from nbruns.server.signed_in import SignedIn
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store

Body = dict[str, Any]
_DATA = (".csv", ".tsv", ".parquet", ".pq")
_MOST_FILES = 200


class ScoringHandler(SignedIn):
    """Answers with what `act` replies."""

    async def answer(self, body: Body) -> None:
        """Act, and turn refusals into the protocol's JSON."""
        reply: Body
        try:
            status, reply = 200, await self.act(body)
        except NbrunsError as error:
            status, reply = wire_error(error)
        self.say(status, reply)

    async def act(self, body: Body) -> Body:
        """What the request asks for."""
        raise NotImplementedError

    @property
    def jobs(self) -> ScoringJobs:
        """The server's scorings."""
        jobs: ScoringJobs = self.settings["nbruns_scoring"]
        return jobs

    async def ask_store(self, endpoint: Any, body: Body) -> Body:
        """What an endpoint says to the user, by the policy."""
        store: StoreThread = self.settings["nbruns_store"]
        return await store.run(_answer, endpoint, body, self.user)

    @property
    def contents(self) -> Any:
        """Jupyter's contents manager, of which some answer at once and some do not."""
        return self.contents_manager

    async def check_contents(self) -> None:
        """Refuse whoever may not read this server's files."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "read", "contents")
        if not await ensure_async(allowed):
            raise web.HTTPError(403, "You are not authorized to read files")

    async def file(self, path: str) -> str:
        """Where a file or folder of this server lies on disk."""
        await self.check_contents()
        found = await self._model(_checked(path), content=False)
        root = getattr(self.contents, "root_dir", None)
        place = to_os_path(ApiPath(str(found["path"])), root) if root else ""
        if not os.path.exists(place):
            raise InvalidState(f"'{path[:200]}' is no file on this server's disk")
        return place

    async def _model(self, path: str, **options: Any) -> Body:
        """What Jupyter tells of a path; hidden files and what lies outside are not there."""
        try:
            model: Body = await ensure_async(self.contents.get(path, **options))
        except web.HTTPError as error:
            if error.status_code in (400, 403, 404):
                raise NotFound(f"There is no file '{path[:200]}' on this server") from error
            raise
        return model


class ScoringPost(ScoringHandler):
    """A call whose fields are the JSON body's."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Read the body and act."""
        try:
            body = read_json(self.request.body)
        except NbrunsError as error:
            self.say(*wire_error(error))
            return
        await self.answer(body)


class ScoringGet(ScoringHandler):
    """A call whose fields are the query's."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Read the query and act."""
        await self.answer(
            {name: self.get_query_argument(name, strip=False) for name in self.request.arguments}
        )


class StartHandler(ScoringPost):
    """POST scoring/start: score `path` with `version` or `alias` of `name`.

    `columns` (a list) go along with the predictions, all if not given; `separator`,
    `decimal`, `encoding` of a CSV file; `chunk_rows`; `experiment_id`.
    """

    async def act(self, body: Body) -> Body:
        """The job that was begun."""
        path = required(body, "path")
        plan = await self.ask_store(scoring.prepare, body)
        wish = {
            "task": "score",
            "path": await self.file(path),
            "uri": plan["uri"],
            "experiment": plan["experiment"],
            "chunk_rows": optional_int(body, "chunk_rows"),
            "user": self.user or user_name(),
            # Whoever could have begun it may end it.
            "asked": {"name": plan["name"], "version": plan["version"]}
            | {k: body[k] for k in ("experiment_id",) if body.get(k)},
            **_reading(body),
        }
        shown = {"name": plan["name"], "version": plan["version"], "input": path}
        job = await self.jobs.start(wish, shown | {"experiment": plan["experiment"]})
        return {"job": job.wire()}


class LookHandler(ScoringPost):
    """POST scoring/look: what a version does with the columns of `path`, before anything starts."""

    async def act(self, body: Body) -> Body:
        """`columns` and `rows`, or under `message` why the file is refused."""
        taken = await self.ask_store(scoring.inputs, body)
        place = await self.file(required(body, "path"))
        wish = {"task": "look", "path": place, "inputs": taken["inputs"], **_reading(body)}
        found = await self.jobs.look(wish)
        found.pop("state", None)
        return {"version": taken["version"], **found}


class ListHandler(ScoringGet):
    """GET scoring/list: the scorings with a model (`name`), or one `version` of it."""

    async def act(self, body: Body) -> Body:
        """Newest first; `refusal` says why the user may begin none.

        It is the policy's, about the experiment where none is named.
        """
        name, version = required(body, "name"), text(body, "version")
        named = {"experiments": self.jobs.experiments_of(name)}
        found = await self.ask_store(scoring.runs_with, body | named)
        try:
            await self.permit(scoring.prepare, {"name": name})
            refusal = ""
        except NotPermitted as error:
            refusal = str(error)
        return {"jobs": self.jobs.merged(found, name, version), "refusal": refusal}


class CancelHandler(ScoringPost):
    """POST scoring/cancel: stop a scoring by `job_id` or `run_id`."""

    async def act(self, body: Body) -> Body:
        """The job as it is now."""
        job_id = optional(body, "job_id") or required(body, "run_id")
        job = self.jobs.find(job_id)
        if job is not None:
            await self.permit(scoring.prepare, job.wish["asked"])
        return {"job": self.jobs.cancel(job_id, self.user or user_name()).wire()}


class FilesHandler(ScoringGet):
    """GET scoring/files: folders and data files whose path begins with `path`."""

    async def act(self, body: Body) -> Body:
        """Sorted by name, folders first."""
        await self.check_contents()
        folder, _, begun = text(body, "path").rpartition("/")
        listed = await self._model(_checked(folder, may_be_empty=True), type="directory")
        found = [
            {"path": one["path"], "is_folder": one["type"] == "directory", "size": one.get("size")}
            for one in listed["content"]
            if one["name"].casefold().startswith(begun.casefold())
            and (one["type"] == "directory" or one["name"].lower().endswith(_DATA))
        ]
        found.sort(key=lambda one: (not one["is_folder"], one["path"].casefold()))
        return {"files": found[:_MOST_FILES], "has_more": len(found) > _MOST_FILES}


def _answer(store: Store, endpoint: Any, body: Body, user: str | None) -> Body:
    with acting_as(user):
        reply: Body = guard.answer(store, endpoint, body)
        return reply


def _reading(body: Body) -> Body:
    """How the file is to be read, and which columns go along."""
    separator, decimal = text(body, "separator"), text(body, "decimal") or "."
    encoding = text(body, "encoding") or "utf-8"
    return {
        "columns": None if body.get("columns") is None else texts(body, "columns"),
        "dialect": {"separator": separator, "decimal": decimal, "encoding": encoding},
    }


def _checked(path: str, *, may_be_empty: bool = False) -> str:
    parts = PurePosixPath(path).parts
    is_odd = path.startswith("/") or ".." in parts or "\0" in path or "\\" in path
    if is_odd or not (path.strip("/") or may_be_empty):
        raise InvalidValue(
            f"Invalid path '{path[:200]}': a path below this server's folder, without '..'"
        )
    return path.strip("/")


SCORING = {
    "start": StartHandler,
    "look": LookHandler,
    "list": ListHandler,
    "cancel": CancelHandler,
    "files": FilesHandler,
}
