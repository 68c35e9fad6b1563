"""The experiments that notebooks and scripts get: their names, and what their tags say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from nbruns.records import Experiment, Notebook
from nbruns.store.database import Database
from nbruns.store.experiments import Experiments

_NOTEBOOK = "nbruns.notebook"
_FORKED_FROM, _FORKED_REVISION = "nbruns.forked_from", "nbruns.forked_revision"


class NotebookExperiments:
    """One experiment per notebook, named after its file for as long as nobody names it."""

    def __init__(self, db: Database, experiments: Experiments) -> None:
        self.db = db
        self.experiments = experiments

    def living(self, notebook: Notebook) -> Experiment | None:
        """The notebook's experiment; None before its first run, and when it was deleted."""
        if notebook.experiment_id is None:
            return None
        experiment = self.experiments.get(notebook.experiment_id)
        return experiment if experiment.stage == "active" else None

    def add(self, notebook: Notebook, path: str, source: Notebook | None) -> Experiment:
        """Make it; `source` is the notebook this one was copied from."""
        name = self._free_name(path)
        experiment = self.experiments.create(name, tags=_tags(notebook, source))
        self.db.conn.execute(
            "update notebooks set experiment_id = ?, given_name = ? where notebook_id = ?",
            (int(experiment.experiment_id), name, notebook.notebook_id),
        )
        return experiment

    def follow(self, notebook_number: int, path: str) -> None:
        """Name it after the file's new path, unless somebody named it otherwise."""
        experiment_id, given = self.db.conn.execute(
            "select experiment_id, given_name from notebooks where notebook_number = ?",
            (notebook_number,),
        ).fetchone()
        if experiment_id is None or self.experiments.get(str(experiment_id)).name != given:
            return
        said = PurePosixPath(given).parts
        if _parts(path)[-len(said) :] == said:
            return
        name = self._free_name(path)
        self.experiments.rename(str(experiment_id), name)
        self.db.conn.execute(
            "update notebooks set given_name = ? where notebook_number = ?",
            (name, notebook_number),
        )

    def _free_name(self, path: str) -> str:
        """The file's stem; where that is taken, with as many folders before it as are needed."""
        parts = _parts(path)
        names = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        for name in _with_counted(names):
            if self.experiments.find_by_name(name) is None:
                return name
        raise AssertionError("counting never ends")


def _parts(path: str) -> tuple[str, ...]:
    """What a name is made of, the last first: the stem, then the folders."""
    pure = PurePosixPath(path)
    # A package that is run (`python -m package`) is named by its folder.
    is_package = pure.name == "__main__.py" and len(pure.parts) > 1
    return pure.parent.parts if is_package else (*pure.parent.parts, pure.stem)


def _tags(notebook: Notebook, source: Notebook | None) -> dict[str, str]:
    if not notebook.path.endswith(".ipynb"):
        return {}
    tags = {_NOTEBOOK: notebook.notebook_id}
    if source is not None:
        tags[_FORKED_FROM] = source.path
    if notebook.forked_revision is not None:
        tags[_FORKED_REVISION] = notebook.forked_revision
    return tags


def _with_counted(names: list[str]) -> Iterator[str]:
    yield from names
    count = 2
    while True:
        yield f"{names[0]} ({count})"
        count += 1
