"""A run's files as a tree, and a preview of the one that is looked at.

Folders are listed as they are opened. Bytes go from the server to the browser and never
through this kernel, whatever a file's size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.artifact_client import ArtifactRoot, root_of_model, root_of_run
from nbruns.panel.browser_side import plotly_wanted, script
from nbruns.panel.preview import kind_of
from nbruns.records import ArtifactFile, LoggedModel, Page, Run

_PARTS = ("plotly", "section", "host", "data_table", "json_tree", "sizes", "previews", "file_tree")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder the reader has opened, from the page after `token` on."""

    root: ArtifactRoot
    path: str
    token: str | None = None


class ArtifactView(anywidget.AnyWidget):
    """The files of the ticked run and of the models it logged; `chosen` is looked at."""

    _esm = script(*_PARTS, "artifacts")

    run_id = t.Unicode("").tag(sync=True)
    roots = t.List(t.Dict()).tag(sync=True)
    # A file by its path below the run's artifacts, or as models:/<id>/<path>.
    chosen = t.Unicode("").tag(sync=True)
    turned = t.List(t.Unicode()).tag(sync=True)
    plotly: t.Dict[str, str] = t.Dict().tag(sync=True)

    def __init__(self, *, plotly_base: str, on_list: Callable[[Folder], None]) -> None:
        super().__init__(plotly=plotly_wanted(plotly_base))
        self.add_class("nbruns-artifacts")
        self._on_list = on_list
        self._roots: dict[str, ArtifactRoot] = {}
        self._state = ""
        self.on_msg(self._hear)

    def show(self, run: Run, models: Sequence[LoggedModel] | None = None) -> None:
        """Show the files of a run; without `models`, those shown of it already stay."""
        is_another, roots = run.run_id != self.run_id, {"": root_of_run(run)}
        if models is None and not is_another:
            roots = self._roots | roots
        # A model of MLflow 2 lies among the files of its run.
        roots |= {f"models:/{m.model_id}": root_of_model(m) for m in models or () if m.model_id}
        state = repr((run.status, run.params, run.tags, run.metrics))
        has_moved, self._state = state != self._state, state
        self._roots = roots
        with self.hold_sync():
            self.run_id = run.run_id
            self.roots = [_root(key, root) for key, root in roots.items()]
        if has_moved and not is_another:
            # Files are written without a word to anybody: a run that moved may have new ones.
            self.send({"type": "stale", "run": run.run_id})

    def show_root(self, of: str, root: ArtifactRoot) -> None:
        """Show the files of one root alone, by a name that no other has here."""
        self._roots = {"": root}
        with self.hold_sync():
            self.run_id, self.roots = of, [_root("", root)]

    def clear(self) -> None:
        """Show no files."""
        self._roots, self.run_id, self.roots = {}, "", []

    def fill(self, folder: Folder, page: Page[ArtifactFile]) -> None:
        """Show a page of a folder."""
        self._tell(folder, files=[_file(file) for file in page.items], next=page.next_token)

    def refuse(self, folder: Folder, reason: str) -> None:
        """Say why a folder cannot be listed."""
        self._tell(folder, files=[], next=None, trouble=reason)

    def _tell(self, folder: Folder, **said: Any) -> None:
        root = next((key for key, root in self._roots.items() if root == folder.root), None)
        if root is not None:
            place = {"root": root, "path": folder.path, "token": folder.token}
            self.send({"type": "files", "run": self.run_id, **place, **said})

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        root = self._roots.get(str(message.get("root", "")))
        if message.get("type") == "list" and message.get("run") == self.run_id and root:
            token = message.get("token")
            self._on_list(Folder(root, str(message.get("path", "")), token and str(token)))


def _root(key: str, root: ArtifactRoot) -> dict[str, str]:
    return {"key": key, "name": root.name, "uri": root.uri, "address": root.address}


def _file(file: ArtifactFile) -> dict[str, Any]:
    name = file.path.rsplit("/", 1)[-1]
    if file.is_dir:
        return {"name": name, "path": file.path, "kind": "folder"}
    return {
        "name": name,
        "path": file.path,
        "kind": kind_of(name),
        "size": file.size_bytes or 0,
    }
