"""Reading MLflow's SQLite file: read-only, without MLflow.

MLflow has changed its tables some sixty times. What is asked for here is named column by
column; one that an older file lacks has a value in its stead.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from nbruns.errors import InvalidValue
from nbruns.records import Experiment, MetricPoint
from nbruns.store.arrivals import Point
from nbruns.transfer import mlflow_rows as rows
from nbruns.transfer.source import Entry, FoundModel, FoundName, FoundRun, Unreadable

T = TypeVar("T")
_PATIENCE_S = 30
# Without these there is nothing to read; a schema that lacks one is not understood.
_NEEDED = {
    "experiments": {"experiment_id", "name", "artifact_location", "lifecycle_stage"},
    "runs": {"run_uuid", "experiment_id", "status", "lifecycle_stage", "artifact_uri"},
    "metrics": {"run_uuid", "key", "value", "timestamp"},
    "params": {"run_uuid", "key", "value"},
    "tags": {"run_uuid", "key", "value"},
}


class MlflowDatabase:
    """One SQLite file of MLflow."""

    def __init__(self, path: Path) -> None:
        self.place = path
        self.artifact_roots = tuple(path.parent / name for name in ("mlruns", "mlartifacts"))
        try:
            self._conn = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=_PATIENCE_S
            )
            self._conn.row_factory = sqlite3.Row
            self._columns = self._read_columns()
        except (sqlite3.Error, Unreadable) as error:
            raise InvalidValue(
                f"'{path}' is not a SQLite database that can be read: {error}"
            ) from (error)
        self._check_schema()

    def close(self) -> None:
        """Let go of the file."""
        self._conn.close()

    def count_runs(self) -> int:
        """How many runs there are."""
        return int(self._rows("select count(*) as n from runs")[0]["n"])

    def experiments(self) -> Iterator[Entry[Experiment]]:
        """All experiments, in the order they were made."""
        query = "select experiment_id from experiments order by experiment_id"
        return self._entries("experiment", query, (), self._experiment)

    def runs(self, experiment_id: str) -> Iterator[Entry[FoundRun]]:
        """The runs of an experiment."""
        query = "select run_uuid from runs where experiment_id = ? order by rowid"
        return self._entries("run", query, (int(experiment_id),), self._run)

    def models(self, experiment_id: str) -> Iterator[Entry[FoundModel]]:
        """The logged models of an experiment."""
        if "logged_models" not in self._columns:
            return iter(())
        query = "select model_id from logged_models where experiment_id = ? order by rowid"
        return self._entries("logged model", query, (int(experiment_id),), self._model)

    def names(self) -> Iterator[Entry[FoundName]]:
        """The registered models."""
        if "registered_models" not in self._columns:
            return iter(())
        query = "select name from registered_models order by name"
        return self._entries("registered model", query, (), self._name)

    def _entries(
        self, what: str, query: str, values: tuple[Any, ...], read: Callable[[Any], T]
    ) -> Iterator[Entry[T]]:
        """One entry per id the query finds; what is broken in a row shows when it is read."""
        for (thing_id,) in self._rows(query, *values):
            place = f"{self.place}: {what} {thing_id}"
            yield Entry(str(thing_id), place, partial(_careful, read, thing_id))

    def _experiment(self, experiment_id: int) -> Experiment:
        row = self._one("experiments", "experiment_id", experiment_id)
        self._check_workspace(row)
        tags = self._pairs("experiment_tags", "experiment_id", row["experiment_id"])
        return rows.experiment(row, tags)

    def _run(self, run_id: str) -> FoundRun:
        row = self._one("runs", "run_uuid", run_id)
        run = rows.run(
            row,
            self._pairs("params", "run_uuid", run_id),
            self._pairs("tags", "run_uuid", run_id),
            datasets=self._datasets(run_id),
            inputs=self._linked_models("RUN_INPUT", run_id),
            outputs=self._linked_models("RUN_OUTPUT", run_id),
        )
        return FoundRun(run, row["deleted_time"], lambda: self._histories(run_id))

    def _histories(self, run_id: str) -> Iterator[tuple[str, Sequence[Point]]]:
        with closing(self._conn.cursor()) as cursor:
            cursor.row_factory = None
            step, is_nan = (self._or("metrics", name, "0") for name in ("step", "is_nan"))
            points = cursor.execute(
                f"""
                select key, {step}, timestamp, value, {is_nan}
                from metrics
                where run_uuid = ?
                order by key
                """,
                (run_id,),
            )
            for key, history in groupby(points, key=lambda row: row[0]):
                yield (
                    str(key),
                    [
                        (step, at_ms, math.nan if is_nan else value)
                        for _, step, at_ms, value, is_nan in history
                    ],
                )

    def _datasets(self, run_id: str) -> list[rows.DatasetLink]:
        """Datasets of a run with the tags of the link."""
        if "inputs" not in self._columns:
            return []
        found = self._rows(
            """
            select d.*, i.input_uuid
            from inputs i
            join datasets d on d.dataset_uuid = i.source_id
            where i.source_type = 'DATASET' and i.destination_type = 'RUN'
            and i.destination_id = ?
            order by i.rowid
            """,
            run_id,
        )
        return [
            (row, self._pairs("input_tags", "input_uuid", row["input_uuid"], "name"))
            for row in found
        ]

    def _linked_models(self, direction: str, run_id: str) -> list[tuple[str, int]]:
        if "inputs" not in self._columns:
            return []
        found = self._rows(
            f"""
            select destination_id, {self._or("inputs", "step", "0")} as step
            from inputs
            where source_type = ? and source_id = ?
            order by rowid
            """,
            direction,
            run_id,
        )
        return [(row["destination_id"], row["step"]) for row in found]

    def _model(self, model_id: str) -> FoundModel:
        row = self._one("logged_models", "model_id", model_id)
        params = self._pairs(
            "logged_model_params", "model_id", model_id, "param_key", "param_value"
        )
        tags = self._pairs("logged_model_tags", "model_id", model_id, "tag_key", "tag_value")
        found = self._all("logged_model_metrics", "where model_id = ?", model_id)
        points = tuple(
            MetricPoint(
                point["metric_name"],
                # SQLite keeps no NaN: it comes back as null.
                math.nan if point["metric_value"] is None else point["metric_value"],
                point["metric_step"],
                point["metric_timestamp_ms"],
                model_id,
                point["dataset_name"],
                point["dataset_digest"],
                point["run_id"],
            )
            for point in found
        )
        return rows.model(row, params, tags, points)

    def _name(self, name: str) -> FoundName:
        row, here = self._one("registered_models", "name", name), rows.DEFAULT_WORKSPACE
        self._check_workspace(row)
        versions = [
            found
            for found in self._all("model_versions", "where name = ? order by version", name)
            if rows.get(found, "workspace", here) == here
        ]
        tags: dict[int, dict[str, str]] = {}
        for tag in self._all("model_version_tags", "where name = ?", name):
            if rows.get(tag, "workspace", here) == here:
                tags.setdefault(tag["version"], {})[tag["key"]] = tag["value"] or ""
        aliases = {
            alias["alias"]: int(alias["version"])
            for alias in self._all("registered_model_aliases", "where name = ?", name)
            if rows.get(alias, "workspace", here) == here
        }
        of_name = self._pairs("registered_model_tags", "name", name)
        return rows.name(row, of_name, aliases, versions, tags)

    def _check_workspace(self, row: sqlite3.Row) -> None:
        workspace = rows.get(row, "workspace", rows.DEFAULT_WORKSPACE)
        if workspace != rows.DEFAULT_WORKSPACE:
            raise Unreadable(
                f"'{row['name']}' belongs to the workspace '{workspace}', and nbruns has none"
            )

    def _pairs(
        self, table: str, owner: str, value: object, key: str = "key", text: str = "value"
    ) -> Mapping[str, str]:
        """Keys and texts of one owner; a workspace other than the default is not looked into."""
        return {
            row[key]: row[text] or ""
            for row in self._all(table, f"where {owner} = ? order by {key}", value)
            if rows.get(row, "workspace", rows.DEFAULT_WORKSPACE) == rows.DEFAULT_WORKSPACE
        }

    def _all(self, table: str, rest: str, *values: object) -> list[sqlite3.Row]:
        """Whole rows of a table; none where an older file has no such table."""
        if table not in self._columns:
            return []
        optional = rows.OPTIONAL.get(table, {})
        missing = [
            f", {default} as {name}"
            for name, default in optional.items()
            if name not in self._columns[table]
        ]
        return self._rows(f"select *{''.join(missing)} from {table} {rest}", *values)

    def _one(self, table: str, key: str, value: object) -> sqlite3.Row:
        (row,) = self._all(table, f"where {key} = ?", value)[:1]
        return row

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self._conn.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise Unreadable(str(error)) from error

    def _or(self, table: str, column: str, default: str) -> str:
        return column if column in self._columns[table] else default

    def _read_columns(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for row in self._rows(
            """
            select t.name as held_by, c.name as name
            from sqlite_master t, pragma_table_info(t.name) c
            where t.type = 'table'
            """
        ):
            found.setdefault(row["held_by"], set()).add(row["name"])
        return found

    def _check_schema(self) -> None:
        tables = self._columns
        if {"recent_metrics", "histories"} <= tables.keys():
            raise InvalidValue(
                f"'{self.place}' is a store of nbruns already: open its folder as home"
            )
        if not {"alembic_version", "experiments", "runs"} <= tables.keys():
            raise InvalidValue(
                f"'{self.place}' is not a database of MLflow: it has no experiments and runs"
            )
        for table, needed in _NEEDED.items():
            lacking = needed - tables.get(table, set())
            if lacking:
                raise InvalidValue(
                    f"'{self.place}' has a schema of MLflow ({self._revision()}) that is not "
                    f"understood: its table {table} has no {', '.join(sorted(lacking))}"
                )

    def _revision(self) -> str:
        found: list[Any] = self._rows("select version_num from alembic_version")
        return str(found[0]["version_num"]) if found else "no revision"


def _careful(read: Callable[[Any], T], thing_id: Any) -> T:
    try:
        return read(thing_id)
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        raise Unreadable(str(error)) from error
