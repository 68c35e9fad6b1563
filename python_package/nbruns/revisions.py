"""A notebook's past from Python: `nbruns.revisions`, with no server.

    import nbruns
    nbruns.revisions.of_notebook()              # those of this notebook, newest first
    nbruns.revisions.of_run(run_id)[0].diff()   # what changed since that run

What a restore replaces is kept as a revision first; restores, copies and purges go into
the activity log.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nbruns.comparison.revision_pages import RevisionDifference, table
from nbruns.endpoints import revisions as rules
from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from nbruns.notebooks.canonical import as_kept
from nbruns.records import NotebookContent, Revision
from nbruns.store import Store
from nbruns.store.revision_runs import runs_of


@dataclass(frozen=True, repr=False)
class NotebookRevision:
    """A notebook as it stood at one moment."""

    store: Store
    record: Revision
    runs: tuple[str, ...] = ()

    @property
    def revision_id(self) -> str:
        """By which `get` finds it again."""
        return self.record.revision_id

    @property
    def captured(self) -> datetime:
        """When, in local time."""
        return datetime.fromtimestamp(self.record.captured_ms / 1_000).astimezone()

    @property
    def content(self) -> NotebookContent:
        """The whole notebook, as nbformat's JSON."""
        return self.store.revisions.content(self.revision_id)

    @property
    def path(self) -> str:
        """Where its notebook lies now, or lay last."""
        return self.store.notebooks.get(self.record.notebook_id).path

    def diff(self, other: NotebookRevision | str | os.PathLike[str] | None = None) -> Any:
        """What changed since, up to another revision (or its id), or to a notebook file.

        Without one: up to the notebook's own file as it is saved now.
        """
        name, content = self._other(self.path if other is None else other)
        return RevisionDifference.between((str(self), self.content), (name, content))

    def restore(self, path: str | os.PathLike[str] | None = None, *, comment: str = "") -> str:
        """Put the notebook's file (or the one at `path`) back as it was; its path is returned.

        What lies there is kept as a revision first: restore that to undo. A notebook that
        is open in JupyterLab offers to reload it. Cells tagged nbruns-skip stay as they are.
        """
        target = _absolute(self.path if path is None else path)
        if not target.parent.is_dir():
            raise InvalidState(f"There is no folder '{target.parent}': name another path")
        present = _read(target) if target.exists() else None
        kept, content = rules.bring_back(
            self.store, self.revision_id, present, path=str(target), method="file"
        )
        _write(target, content)
        note = {"revision_id": self.revision_id, "path": str(target), "comment": comment}
        rules.note_restored(self.store, note | {"kept_revision_id": kept and kept.revision_id})
        return str(target)

    def save_copy(self, path: str | os.PathLike[str]) -> str:
        """Write the revision to a new file; its path is returned.

        Raises AlreadyExists where something lies there.
        """
        target = _absolute(path)
        if target.exists():
            raise AlreadyExists(f"There is something at '{target}': name another path")
        _write(target, self.content)
        rules.note_copied(self.store, self.revision_id, str(target))
        return str(target)

    def purge(self, *, comment: str = "") -> None:
        """Delete the revision for good, and the text only it held."""
        rules.purge(self.store, {"revision_id": self.revision_id, "comment": comment})

    def __str__(self) -> str:
        named = ", ".join(self.runs) or self.record.method
        return f"{named} · {self.captured:%d %b %Y %H:%M}"

    def __repr__(self) -> str:
        return f"<revision '{self.revision_id}': {self}, {self.record.cell_count} cells>"

    def _other(self, other: NotebookRevision | str | os.PathLike[str]) -> tuple[str, Any]:
        if isinstance(other, NotebookRevision):
            return str(other), other.content
        if str(other).endswith(".ipynb"):
            target = _absolute(other)
            if not target.exists():
                raise NotFound(f"There is no notebook at '{target}'")
            return f"{target.name} now", as_kept(_read(target))
        found = get(str(other))
        return str(found), found.content


class RevisionList(list[NotebookRevision]):
    """Revisions, newest first."""

    def _repr_html_(self) -> str:
        rows = [
            (", ".join(one.runs), f"{one.captured:%d %b %Y %H:%M:%S}", one.revision_id)
            for one in self
        ]
        return table(("run", "captured", "revision"), rows)


def get(revision_id: str) -> NotebookRevision:
    """The revision of an id; NotFound where there is none."""
    store = _store()
    return _listed(store, [store.revisions.get(revision_id)])[0]


def of_run(run_id: str) -> RevisionList:
    """The revisions of a run: the one of its end, if the notebook changed, and of its start."""
    store = _store()
    store.runs.get(run_id)
    moments = [store.revisions.of_run(run_id, "end"), store.revisions.of_run(run_id, "start")]
    found = {one.revision_id: one for one in moments if one is not None}
    return _listed(store, list(found.values()))


def of_notebook(path: str | os.PathLike[str] | None = None, *, limit: int = 100) -> RevisionList:
    """The revisions of this notebook, or of the one at a path, newest first."""
    store = _store()
    notebook_id = _this_notebook(store) if path is None else _known(store, _absolute(path))
    return _listed(store, store.revisions.search(notebook_id, limit=limit).items)


def _listed(store: Store, records: list[Revision]) -> RevisionList:
    runs = runs_of(store.db, [one.revision_id for one in records])
    return RevisionList(
        NotebookRevision(store, one, tuple(dict.fromkeys(r["name"] for r in runs[one.revision_id])))
        for one in records
    )


def _store() -> Store:
    from nbruns.mlflow_store.homes import store_at

    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if "mlflow" in sys.modules:
        uri = str(sys.modules["mlflow"].get_tracking_uri())
    if uri.startswith(("http://", "https://")):
        raise InvalidState(
            f"Revisions of '{uri}' are with that server: open them in its Runs panel, or ask "
            "it at api/1.0/revisions/search"
        )
    return store_at(uri if uri.startswith("nbruns:") else None)


def _this_notebook(store: Store) -> str:
    from nbruns.kernel import session

    kernel = session.current()
    notebook = kernel.notebook(store) if kernel is not None else None
    if notebook is None:
        raise InvalidState("No notebook runs this code: name one by its path")
    return notebook.notebook_id


def _known(store: Store, path: Path) -> str:
    found = store.notebooks.find_by_path(str(path))
    if found is None:
        raise NotFound(f"No notebook known at '{path}': none of its cells started a run yet")
    return found.notebook_id


def _absolute(path: str | os.PathLike[str]) -> Path:
    found = Path(path).expanduser().absolute()
    if found.suffix != ".ipynb":
        raise InvalidValue(f"Invalid path '{path}': a notebook's name ends with .ipynb")
    return found


def _read(path: Path) -> NotebookContent:
    """The notebook in a file; InvalidState for a file that holds none."""
    try:
        content = json.loads(path.read_text("utf-8"))
        return rules.content_of({"content": content})
    except (OSError, ValueError, RecursionError, InvalidValue) as error:
        raise InvalidState(
            f"The file '{path}' cannot be read as a notebook: move it away, or name another path"
        ) from error


def _write(path: Path, content: NotebookContent) -> None:
    """The whole file or none of it, in the form Jupyter writes."""
    import nbformat

    text: str = nbformat.writes(nbformat.from_dict(content))  # type: ignore[no-untyped-call]
    # A link stays a link: what it leads to is written.
    target = path.resolve()
    draft = target.with_name(f".{target.name}.nbruns")
    draft.write_text(f"{text}\n", "utf-8")
    if target.exists():
        shutil.copymode(target, draft)
    os.replace(draft, target)
