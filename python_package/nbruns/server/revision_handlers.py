"""Revisions that become files again, by way of Jupyter's contents manager.

It knows where notebooks lie, keeps checkpoints, and tells a document that is open in
real-time collaboration that its file changed.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import ensure_async
from tornado import web

from nbruns.endpoints import notebooks, revisions
from nbruns.errors import InvalidState, InvalidValue, NbrunsError
from nbruns.identity import acting_as
from nbruns.protocol.errors import wire_error
from nbruns.protocol.fields import required, text
from nbruns.records import NotebookContent, Revision
from nbruns.server.handlers import read_json
from nbruns.server.signed_in import SignedIn
from nbruns.server.store_thread import StoreThread
from nbruns.store import Store


class RevisionFileHandler(SignedIn):
    """Answers POST with what `act` replies, to whoever may write notebooks."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Read the body, act, answer."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "write", "contents")
        if not await ensure_async(allowed):
            raise web.HTTPError(403, "You are not authorized to write notebooks")
        reply: dict[str, Any]
        try:
            status, reply = 200, await self.act(read_json(self.request.body))
        except NbrunsError as error:
            status, reply = wire_error(error)
        self.say(status, reply)

    async def act(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the request asks for."""
        # Each path has a handler of its own, which says it.
        raise NotImplementedError

    @property
    def store(self) -> StoreThread:
        """The server's store."""
        store: StoreThread = self.settings["nbruns_store"]
        return store

    @property
    def contents(self) -> Any:
        """Jupyter's contents manager, of which some answer at once and some do not."""
        return self.contents_manager

    async def save(self, path: str, content: NotebookContent) -> str:
        """Write a notebook; where it lies is returned."""
        model = {"type": "notebook", "format": "json", "content": content}
        saved = await ensure_async(self.contents.save(model, path))
        return str(saved["path"])

    async def is_folder(self, path: str) -> bool:
        """Whether a folder of this server lies there."""
        try:
            return bool(await ensure_async(self.contents.dir_exists(path)))
        except web.HTTPError:
            # What lies outside the server's own folder.
            return False


class RestoreHandler(RevisionFileHandler):
    """POST revisions/restore: a revision becomes the notebook's file again.

    At `path`, or where the notebook lies now. What lies there is kept as a revision first.
    """

    async def act(self, body: dict[str, Any]) -> dict[str, Any]:
        """The revision the former file was kept as (`kept`), and the path."""
        revision_id = required(body, "revision_id")
        await self.permit(notebooks.get_revision, {"revision_id": revision_id})
        path = text(body, "path") or await self.store.run(_present_path, revision_id)
        path = await self._checked(path)
        await self.permit(revisions.prepare, {"revision_id": revision_id, "path": path})
        present = await self._present(path)
        kept, content = await self.store.run_beside(
            revisions.bring_back, revision_id, present, path=path, method="file"
        )
        saved = await self.save(path, content)
        await self.store.run(_note_restored, self.user, body, saved, kept)
        return {"kept": None if kept is None else asdict(kept), "path": saved}

    async def _checked(self, path: str) -> str:
        if not path.endswith(".ipynb"):
            raise InvalidValue(f"Invalid path '{path[:200]}': a notebook's name ends with .ipynb")
        folder = str(PurePosixPath(path.strip("/")).parent)
        if path.startswith("/") or not await self.is_folder("" if folder == "." else folder):
            raise InvalidState(
                f"The folder of '{path[:200]}' is not among this server's: name another 'path'"
            )
        return path

    async def _present(self, path: str) -> NotebookContent | None:
        """The notebook that lies there now; InvalidState for a file that cannot be kept."""
        if not await ensure_async(self.contents.file_exists(path)):
            return None
        try:
            model = await ensure_async(self.contents.get(path, content=True, type="notebook"))
        except web.HTTPError as error:
            raise InvalidState(
                f"The file '{path}' cannot be read as a notebook, so it cannot be kept as a "
                f"revision first ({error.log_message}): move it away, or name another 'path'"
            ) from error
        content: NotebookContent = model["content"]
        return content


class CopyHandler(RevisionFileHandler):
    """POST revisions/copy: a revision becomes a new notebook, beside the one it was taken of."""

    async def act(self, body: dict[str, Any]) -> dict[str, Any]:
        """The path of the copy: the notebook's name, then `name`, then a number where taken."""
        revision_id = required(body, "revision_id")
        await self.permit(notebooks.get_revision, {"revision_id": revision_id})
        path, content = await self.store.run_beside(_revision, revision_id)
        folder, stem = str(PurePosixPath(path).parent), PurePosixPath(path).stem
        if folder == "." or path.startswith("/") or not await self.is_folder(folder):
            folder = ""
        wanted = f"{stem}-{word}.ipynb" if (word := _word(text(body, "name"))) else f"{stem}.ipynb"
        name = await ensure_async(self.contents.increment_filename(wanted, folder, insert="-"))
        saved = await self.save(f"{folder}/{name}" if folder else name, content)
        await self.store.run(_note_copied, self.user, body, saved)
        return {"path": saved}


def _word(name: str) -> str:
    """What of a run's name may stand in a file's."""
    allowed = "".join(c if c.isalnum() or c in " _.-" else "-" for c in name)
    return allowed.strip(" .")[:100]


def _present_path(store: Store, revision_id: str) -> str:
    return store.notebooks.get(store.revisions.get(revision_id).notebook_id).path


def _revision(store: Store, revision_id: str) -> tuple[str, NotebookContent]:
    return _present_path(store, revision_id), store.revisions.content(revision_id)


def _note_restored(
    store: Store, user: str | None, body: dict[str, Any], path: str, kept: Revision | None
) -> None:
    with acting_as(user):
        told = {"path": path, "kept_revision_id": kept and kept.revision_id}
        revisions.note_restored(store, {**body, **told})


def _note_copied(store: Store, user: str | None, body: dict[str, Any], path: str) -> None:
    with acting_as(user):
        revisions.note_copied(store, required(body, "revision_id"), path, text(body, "comment"))
