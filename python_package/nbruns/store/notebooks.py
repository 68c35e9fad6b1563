"""The shelf of notebooks: who a notebook is, wherever its file lies, and its experiment."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nbruns.errors import NotFound
from nbruns.identity import new_id, now_ms
from nbruns.notebooks.lineage import Known, Met, decide
from nbruns.records import Experiment, Notebook
from nbruns.store.database import Database
from nbruns.store.experiments import Experiments
from nbruns.store.notebook_experiments import NotebookExperiments

_COLUMNS = """
    select n.notebook_id, n.path, n.created_ms, n.experiment_id, n.file_id,
        source.notebook_id, n.forked_revision
    from notebooks n left join notebooks source on source.notebook_number = n.forked_from
"""


class Notebooks:
    """The shelf of notebooks.

    The file keeps absolute paths, for servers of different folders share it. `root` is
    the folder this door's relative paths start from; what it hands out is relative to it
    again. Without a root paths are taken and given as they are.
    """

    def __init__(self, db: Database, experiments: Experiments) -> None:
        self.db = db
        self.experiments = NotebookExperiments(db, experiments)
        self.root: Path | None = None

    def resolve(
        self,
        path: str,
        *,
        file_id: str | None = None,
        cell_ids: Iterable[str] = (),
        is_blank: bool = False,
    ) -> Notebook:
        """The notebook at a path: the known one, followed if it moved, else a new one.

        A copy of a known notebook is a new one that says what it was forked from. A script
        is known the same way, by its path alone.
        """
        met = Met(self._absolute(path), file_id, frozenset(cell_ids), is_blank)
        with self.db.atomic():
            verdict, known = decide(met, self._candidates(met))
            if known is None or verdict == "copied":
                notebook_id = self._add(met, known)
            else:
                notebook_id = known.notebook_id
                if known.path != met.path:
                    self._put(self._number(notebook_id), met.path)
                self._remember(notebook_id, met)
        return self.get(notebook_id)

    def get(self, notebook_id: str) -> Notebook:
        """The notebook of an id, or NotFound."""
        found = self._find("n.notebook_id = ?", notebook_id)
        if found is None:
            raise NotFound(f"No notebook with id '{notebook_id}'")
        return found

    def find_by_path(self, path: str) -> Notebook | None:
        """The notebook that lies at a path, or lay there until it was deleted."""
        return self._find("n.path = ?", self._absolute(path))

    def find_by_experiment(self, experiment_id: str) -> Notebook | None:
        """The notebook an experiment was made for."""
        return self._find("n.experiment_id = ?", int(experiment_id))

    def all(self) -> list[Notebook]:
        """Every notebook, by path."""
        with self.db.lock:
            rows = self.db.conn.execute(
                f"{_COLUMNS} where n.path like '%.ipynb' order by n.path"
            ).fetchall()
        return [self._record(row) for row in rows]

    def rename(self, old_path: str, new_path: str) -> None:
        """A file, or a folder with all notebooks in it, lies elsewhere now."""
        with self.db.atomic():
            self._move(self._absolute(old_path), self._absolute(new_path))

    def copied(self, source_path: str, path: str) -> None:
        """The notebook at one path was copied to another, where nothing lay."""
        met = Met(self._absolute(path), None, frozenset())
        with self.db.atomic():
            here = [one for one in self._candidates(met) if not one.is_deleted]
            source = Met(self._absolute(source_path), None, frozenset())
            known = [one for one in self._candidates(source) if not one.is_deleted]
            if known and not here:
                self._add(replace(met, cell_ids=known[0].cell_ids), known[0])

    def forget_file(self, path: str) -> None:
        """The file (or folder) was deleted: the notebooks and their runs stay."""
        with self.db.atomic():
            numbers = [number for number, _ in self._below(self._absolute(path))]
            self.db.conn.executemany(
                "update notebooks set is_gone = 1 where notebook_number = ?",
                [(number,) for number in numbers],
            )

    def remember_cells(self, notebook_id: str, cell_ids: Iterable[str]) -> None:
        """Keep which cells the notebook has now, by which a moved file is known again."""
        number = self._number(notebook_id)
        wanted = set(cell_ids)
        if not wanted:
            return
        with self.db.atomic():
            kept = self._cells_of(number)
            self.db.conn.executemany(
                "delete from notebook_cells where notebook_number = ? and cell_id = ?",
                [(number, cell) for cell in kept - wanted],
            )
            self.db.conn.executemany(
                "insert into notebook_cells (notebook_number, cell_id) values (?, ?)",
                [(number, cell) for cell in wanted - kept],
            )

    def holding(self, cell_id: str, notebook_ids: Iterable[str]) -> list[str]:
        """Those of some notebooks that hold a cell, as far as their files were seen."""
        with self.db.lock:
            rows = self.db.conn.execute(
                """
                select n.notebook_id
                from notebook_cells c join notebooks n using (notebook_number)
                where c.cell_id = ? and n.notebook_id in (select value from json_each(?))
                """,
                (cell_id, json.dumps(list(notebook_ids))),
            ).fetchall()
        return [notebook_id for (notebook_id,) in rows]

    def experiment(self, notebook_id: str) -> Experiment:
        """The notebook's experiment, made on first need and when the former was deleted."""
        notebook = self.get(notebook_id)
        found = self.experiments.living(notebook)
        if found is not None:
            return found
        with self.db.atomic():
            notebook = self.get(notebook_id)
            source = None if notebook.forked_from is None else self.get(notebook.forked_from)
            path = self._absolute(notebook.path)
            return self.experiments.living(notebook) or self.experiments.add(notebook, path, source)

    def _candidates(self, met: Met) -> list[Known]:
        with self.db.lock:
            rows = self.db.conn.execute(
                """
                select notebook_number, notebook_id, path, file_id, is_gone
                from notebooks
                where path = ?
                    or file_id = ?
                    or notebook_number in (
                        select notebook_number
                        from notebook_cells
                        where cell_id in (select value from json_each(?))
                    )
                """,
                (met.path, met.file_id, json.dumps(sorted(met.cell_ids))),
            ).fetchall()
        return [
            Known(
                notebook_id,
                path,
                file_id,
                not gone and _is_there(path),
                bool(gone),
                self._cells_of(number),
            )
            for number, notebook_id, path, file_id, gone in rows
        ]

    def _cells_of(self, number: int) -> frozenset[str]:
        rows = self.db.conn.execute(
            "select cell_id from notebook_cells where notebook_number = ?", (number,)
        )
        return frozenset(cell_id for (cell_id,) in rows)

    def _add(self, met: Met, source: Known | None) -> str:
        notebook_id = new_id()
        self.db.conn.execute(
            """
            insert into notebooks
                (notebook_id, path, file_id, created_ms, forked_from, forked_revision)
            select ?, ?, ?, ?, n.notebook_number, (
                select r.revision_id
                from revisions r
                where r.notebook_number = n.notebook_number
                order by r.revision_number desc
                limit 1
            )
            from (select 1) left join notebooks n on n.notebook_id = ?
            """,
            (notebook_id, met.path, met.file_id, now_ms(), source and source.notebook_id),
        )
        self.remember_cells(notebook_id, met.cell_ids)
        return notebook_id

    def _remember(self, notebook_id: str, met: Met) -> None:
        self.db.conn.execute(
            """
            update notebooks
            set is_gone = 0, file_id = coalesce(?, file_id)
            where notebook_id = ?
            """,
            (met.file_id, notebook_id),
        )
        self.remember_cells(notebook_id, met.cell_ids)

    def _move(self, old: str, new: str) -> None:
        for number, path in self._below(old):
            self._put(number, new + path[len(old) :])

    def _put(self, number: int, path: str) -> None:
        """A notebook lies at a path now, and whatever lay there does so no longer."""
        self.db.conn.execute(
            "update notebooks set is_gone = 1 where path = ? and notebook_number <> ?",
            (path, number),
        )
        self.db.conn.execute(
            "update notebooks set path = ?, is_gone = 0 where notebook_number = ?", (path, number)
        )
        self.experiments.follow(number, path)

    def _below(self, path: str) -> list[tuple[int, str]]:
        """The notebook at a path, or those in the folder there; not what was deleted before."""
        rows = self.db.conn.execute(
            """
            select notebook_number, path
            from notebooks
            where is_gone = 0 and (path = ? or substr(path, 1, ?) = ?)
            """,
            (path, len(path) + 1, f"{path}/"),
        )
        return list(rows)

    def _number(self, notebook_id: str) -> int:
        with self.db.lock:
            row = self.db.conn.execute(
                "select notebook_number from notebooks where notebook_id = ?", (notebook_id,)
            ).fetchone()
        if row is None:
            raise NotFound(f"No notebook with id '{notebook_id}'")
        return int(row[0])

    def _find(self, condition: str, value: str | int) -> Notebook | None:
        with self.db.lock:
            row = self.db.conn.execute(
                f"{_COLUMNS} where {condition} order by n.is_gone, n.notebook_number desc limit 1",
                (value,),
            ).fetchone()
        return None if row is None else self._record(row)

    def _record(self, row: sqlite3.Row | tuple) -> Notebook:  # type: ignore[type-arg]
        notebook_id, path, created_ms, experiment_id, file_id, forked_from, revision = row
        return Notebook(
            notebook_id=notebook_id,
            path=self.shown_path(path),
            created_ms=created_ms,
            experiment_id=None if experiment_id is None else str(experiment_id),
            file_id=file_id,
            forked_from=forked_from,
            forked_revision=revision,
        )

    def _absolute(self, path: str) -> str:
        if self.root is None or os.path.isabs(path):
            return Path(path).as_posix()
        return (self.root / path).as_posix()

    def shown_path(self, path: str) -> str:
        """A path of the file as this door gives it."""
        if self.root is None:
            return path
        # A server may well be rooted at '/'.
        return path.removeprefix(self.root.as_posix().rstrip("/") + "/")


def _is_there(path: str) -> bool:
    """Whether a file lies there; a path that no folder leads to (remote contents) is believed."""
    return not os.path.isabs(path) or os.path.exists(path)
