"""Answers what the reader of a card asks for, and carries out what is written on it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import traitlets as t

from nbruns.errors import NbrunsError
from nbruns.panel.artifact_client import ArtifactClient, root_of_run
from nbruns.panel.artifact_view import ArtifactView, Folder
from nbruns.panel.browser import REVISION_COMMANDS, Browser
from nbruns.panel.connection import Connection
from nbruns.panel.curves import Curves
from nbruns.panel.editing import WrittenRun, carry_out, read_edit
from nbruns.panel.run_card import RunCard
from nbruns.panel.run_client import RunClient
from nbruns.panel.selection import Selection
from nbruns.panel.signature import Signature
from nbruns.panel.what_changed import describe
from nbruns.protocol.names import GIT_DIFF_FILE, REVISION_TAG
from nbruns.records import LoggedModel, ModelVersion, Run

_TRACEBACK = "traceback.txt"
_MOST_TEXT_BYTES = 256 * 1024
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

Do = Callable[[Coroutine[Any, Any, None]], None]
Message = dict[str, Any]


class CardDesk:
    """Stands between the card and the server; `browser` is the page, where it is JupyterLab's."""

    def __init__(
        self,
        selection: Selection,
        connection: Connection,
        *,
        on_open: Callable[[str], None],
        on_register: Callable[[str], None],
        do: Do,
        browser: Callable[[], Browser | None],
        changed: Callable[[], None],
        failed: Callable[[Exception], None],
        on_delete: Callable[[str], None] | None = None,
    ) -> None:
        self.selection = selection
        self.client, self.artifacts = RunClient(connection), ArtifactClient(connection)
        self.card = RunCard(on_open=on_open, on_register=on_register, on_wish=self.hear)
        self.files = ArtifactView(
            plotly_base=connection.address.url, on_list=lambda folder: do(self._list(folder))
        )
        self.curves = Curves(self.client, self._tell_curves, failed=failed)
        self._do, self._browser, self._changed = do, browser, changed
        self._on_delete = on_delete
        self._run: Run | None = None
        self._traceback_of = ""
        t.link((selection, "artifact"), (self.files, "chosen"))
        selection.observe(self._leave, ["ticked"])

    @property
    def views(self) -> tuple[RunCard, ArtifactView]:
        """What stands under the list for one run."""
        return self.card, self.files

    def show(
        self,
        run: Run,
        models: Sequence[LoggedModel] | None = None,
        signatures: Mapping[str, Signature] | None = None,
        versions: Sequence[ModelVersion] = (),
    ) -> None:
        """Show a run, or a newer record of it; without `models`, before they were fetched."""
        self._run = run
        self.card.show(run, models, signatures, versions)
        self.files.show(run, models)
        self.curves.follow(run)
        if run.status == "FAILED" and self._traceback_of != run.run_id:
            self._traceback_of = run.run_id
            self._do(self._add(run.run_id, "traceback", self._traceback(run)))

    def hear(self, run_id: str, message: Message) -> None:
        """Something was asked for or written on the card of a run."""
        run = self._run
        if run is None or run.run_id != run_id:
            return
        answers: dict[str, Callable[[Run, Message], Coroutine[Any, Any, None]]] = {
            "edit": self._edit,
            "value": self._value,
            "environment": self._environment,
            "changes": self._changes,
            "git-diff": self._git_diff,
            "side-by-side": self._side_by_side,
            "delete": self._delete,
            "restore-run": self._restore,
        }
        kind = str(message.get("type"))
        if kind == "ready":
            self.curves.forget()
        elif kind == "look":
            self.curves.look(run_id, map(str, message.get("keys", ())))
        elif kind == "runs-on":
            self.filter_by_data(str(message.get("digest", "")))
        elif kind == "version":
            self.selection.registry = str(message.get("place"))
        elif kind == "command":
            self._command(run, message)
        elif kind in answers:
            self._do(answers[kind](run, message))

    def filter_by_data(self, digest: str) -> None:
        """List the runs that used this data."""
        escaped = digest.replace("'", "")
        self.selection.filter_text = f"dataset.digest = '{escaped}'"

    def close(self) -> None:
        """Fetch no more, and leave every page."""
        self.curves.close()
        for view in self.views:
            view.close()

    def _leave(self, _: object) -> None:
        self.selection.artifact = ""

    # -- what is written

    async def _edit(self, run: Run, message: Message) -> None:
        edit = read_edit(message)
        if edit is None:
            return
        result = await carry_out(WrittenRun(self.client, run.run_id), edit)
        self.card.tell(
            "edited",
            of=run.run_id,
            edit=message.get("edit"),
            outcome=result.outcome,
            text=result.text,
        )
        self._changed()

    async def _delete(self, run: Run, _: Message) -> None:
        if self._on_delete is not None:
            # Whoever can offer to undo it does it.
            self._on_delete(run.run_id)
            return
        await self.client.delete(run.run_id)
        self._changed()

    async def _restore(self, run: Run, _: Message) -> None:
        await self.client.restore(run.run_id)
        self._changed()

    # -- what is asked for

    async def _value(self, run: Run, message: Message) -> None:
        name, part = str(message.get("name", "")), message.get("part")
        values = run.params if part == "params" else run.tags
        self.card.tell("value", part=part, name=name, text=values.get(name, ""))

    async def _environment(self, run: Run, _: Message) -> None:
        await self._add(run.run_id, "environment", self.client.environment(run.run_id))

    async def _changes(self, run: Run, _: Message) -> None:
        async def found() -> Message:
            return describe(await self.client.changes(run.run_id))

        await self._add(run.run_id, "changes", found())

    async def _side_by_side(self, run: Run, message: Message) -> None:
        """Have the code of an earlier run shown beside this one's."""
        before = await self.client.get(str(message.get("before", "")))
        new, browser = run.tags.get(REVISION_TAG), self._browser()
        if browser is not None and new:
            browser.with_revision("diff", before, other=new)

    async def _git_diff(self, run: Run, _: Message) -> None:
        await self._add(run.run_id, "git-diff", self._text(run, GIT_DIFF_FILE))

    async def _traceback(self, run: Run) -> Message:
        return await self._text(run, _TRACEBACK)

    async def _text(self, run: Run, path: str) -> Message:
        text = await self.artifacts.beginning(root_of_run(run), path, most_bytes=_MOST_TEXT_BYTES)
        return {"text": _ANSI.sub("", text)}

    async def _list(self, folder: Folder) -> None:
        try:
            page = await self.artifacts.files(folder.root, folder.path, folder.token)
        except NbrunsError as error:
            self.files.refuse(folder, str(error))
        else:
            self.files.fill(folder, page)

    async def _add(self, run_id: str, name: str, work: Awaitable[Message]) -> None:
        """Show what work brings, or why it brings nothing, unless another run is shown by then."""
        try:
            said = await work
        except NbrunsError as error:
            said = {"trouble": str(error)}
        if self.card.card.get("id") == run_id:
            self.card.add(name, said)

    def _tell_curves(self, run_id: str, curves: Message) -> None:
        if self.card.card.get("id") == run_id:
            self.card.tell("curves", curves=curves)

    # -- what JupyterLab does

    def _command(self, run: Run, message: Message) -> None:
        browser, name = self._browser(), str(message.get("name"))
        if browser is None:
            return
        if name == "copy-link":
            browser.command("nbruns:copy-link", state=self.selection.state())
        elif name == "insert":
            browser.command("nbruns:insert-cell", source=str(message.get("text", "")))
        elif name in REVISION_COMMANDS:
            browser.with_revision(name, run)
