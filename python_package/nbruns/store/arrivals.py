"""Taking in what another tracking store has made: ids, times, stages and values as they were.

Apart from the shelves, which give out ids, tell the time and check what is logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbruns.records import (
    Experiment,
    LoggedModel,
    ModelVersion,
    Occasion,
    RegisteredModel,
    Run,
)
from nbruns.store.activity import ActivityLog
from nbruns.store.arriving_histories import Point, add_history
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.experiments import NEXT_NUMBER, number_of
from nbruns.store.histories import settle_run
from nbruns.store.models import append_model_metrics
from nbruns.store.run_inputs import add_datasets, add_models
from nbruns.store.run_parents import take_children, take_parent
from nbruns.store.version_moves import Place

__all__ = ["Arrivals", "Point"]


class Arrivals:
    """The shelf that takes in experiments, runs, models and versions from elsewhere.

    Each call is one transaction: what it adds is there whole, or not at all.
    """

    def __init__(self, db: Database, artifacts: Artifacts) -> None:
        self.db = db
        self.artifacts = artifacts

    def has_run(self, run_id: str) -> bool:
        """Whether a run of that id is here, deleted or not."""
        return self._exists("select 1 from runs where run_id = ?", run_id)

    def has_model(self, model_id: str) -> bool:
        """Whether a logged model of that id is here, deleted or not."""
        return self._exists("select 1 from models where model_id = ?", model_id)

    def newest_version(self, name: str) -> int | None:
        """The highest version number ever given under a name; None where there is no such name."""
        with self.db.lock:
            row = self.db.conn.execute(
                "select newest_version from registered_models where name = ?", (name,)
            ).fetchone()
        return int(row[0]) if row else None

    def add_experiment(self, experiment: Experiment, *, keeps_id: bool) -> str:
        """Take in an experiment under its own id or the next free one, and return that."""
        given = str(number_of(experiment.experiment_id)) if keeps_id else NEXT_NUMBER
        with self.db.atomic():
            (number,) = self.db.conn.execute(
                f"""
                insert into experiments
                    (experiment_id, name, artifact_uri, stage, created_ms, updated_ms)
                values ({given}, ?, ?, ?, ?, ?)
                returning experiment_id
                """,
                (
                    experiment.name,
                    experiment.artifact_uri,
                    experiment.stage,
                    experiment.created_ms,
                    experiment.updated_ms,
                ),
            ).fetchone()
            if not experiment.artifact_uri:
                self.db.conn.execute(
                    "update experiments set artifact_uri = ? where experiment_id = ?",
                    (f"mlflow-artifacts:/{number}", number),
                )
            self._add_tags("experiment_tags", number, experiment.tags)
        return str(number)

    def add_experiment_tags(self, experiment_id: str, tags: Mapping[str, str]) -> None:
        """Add those tags that an experiment does not have."""
        with self.db.atomic():
            self._add_tags("experiment_tags", number_of(experiment_id), tags)

    def add_run(
        self,
        run: Run,
        histories: Iterable[tuple[str, Sequence[Point]]],
        *,
        deleted_ms: int | None = None,
    ) -> None:
        """Take in a run with its histories; `run.metrics` is not looked at."""
        with self.db.atomic():
            number = self._add_run(run, deleted_ms)
            self._add_tags("params", number, run.params)
            self._add_tags("tags", number, run.tags)
            add_datasets(self.db, number, run.dataset_inputs)
            add_models(self.db, number, "input", run.model_inputs)
            add_models(self.db, number, "output", run.model_outputs)
            for key, points in histories:
                add_history(self.db, number, key, points)
            if run.status not in ("RUNNING", "SCHEDULED") or run.stage == "deleted":
                settle_run(self.db, number)
            take_parent(self.db, number)
            if run.stage == "active":
                take_children(self.db, number)

    def add_model(self, model: LoggedModel, *, is_deleted: bool = False) -> None:
        """Take in a logged model with its params, tags and metrics."""
        with self.db.atomic():
            number = self._number(
                """
                insert into models (
                    model_id, experiment_id, name, artifact_uri, status, status_message, stage,
                    model_type, source_run_id, created_ms, updated_ms)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    model.model_id,
                    number_of(model.experiment_id),
                    model.name,
                    self.artifacts.canonical(model.artifact_uri),
                    model.status,
                    model.status_message,
                    "deleted" if is_deleted else "active",
                    model.model_type,
                    model.source_run_id,
                    model.created_ms,
                    model.updated_ms,
                ),
            )
            self._add_tags("model_params", number, model.params)
            self._add_tags("model_tags", number, model.tags)
            append_model_metrics(self.db, model.metrics)

    def add_versions(
        self, model: RegisteredModel, versions: Sequence[ModelVersion], newest_version: int
    ) -> None:
        """Take in versions of a name, and the name where it is new; `model.aliases` are set."""
        with self.db.atomic():
            number = self._name_number(model)
            self.db.conn.execute(
                """
                update registered_models set newest_version = max(newest_version, ?)
                where registered_number = ?
                """,
                (newest_version, number),
            )
            place = Place(self.db, ActivityLog(self.db), number, Occasion("imported"))
            for version in versions:
                self._add_version(number, version)
                place.tell_of_arrival(version.version, version.stage)
            for alias, holder in model.aliases.items():
                if place.holder(alias) is None:
                    place.point(alias, holder)

    def _add_run(self, run: Run, deleted_ms: int | None) -> int:
        return self._number(
            """
            insert into runs (
                run_id, experiment_id, name, user, status, stage, started_ms, ended_ms,
                deleted_ms, artifact_uri)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                run.run_id,
                number_of(run.experiment_id),
                run.name,
                run.user,
                run.status,
                run.stage,
                run.started_ms or 0,
                run.ended_ms,
                deleted_ms,
                self.artifacts.canonical(run.artifact_uri),
            ),
        )

    def _name_number(self, model: RegisteredModel) -> int:
        row = self.db.conn.execute(
            "select registered_number from registered_models where name = ?", (model.name,)
        ).fetchone()
        if row:
            return int(row[0])
        number = self._number(
            """
            insert into registered_models (name, description, created_ms, updated_ms)
            values (?, ?, ?, ?)
            """,
            (model.name, model.description, model.created_ms, model.updated_ms),
        )
        self._add_tags("registered_model_tags", number, model.tags)
        return number

    def _add_version(self, number: int, version: ModelVersion) -> None:
        self.db.conn.execute(
            """
            insert into model_versions (
                registered_number, version, description, user, stage, source, artifact_uri,
                run_id, run_link, model_id, created_ms, updated_ms)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                number,
                version.version,
                version.description,
                version.user,
                version.stage,
                self.artifacts.canonical(version.source),
                self.artifacts.canonical(version.artifact_uri),
                version.run_id,
                version.run_link,
                version.model_id,
                version.created_ms,
                version.updated_ms,
            ),
        )
        self.db.conn.executemany(
            "insert into model_version_tags values (?, ?, ?, ?)",
            [(number, version.version, *tag) for tag in version.tags.items()],
        )

    def _add_tags(self, table: str, number: int, pairs: Mapping[str, str]) -> None:
        self.db.conn.executemany(
            f"insert or ignore into {table} values (?, ?, ?)",
            [(number, key, value) for key, value in pairs.items()],
        )

    def _number(self, sql: str, values: Any) -> int:
        return int(self.db.conn.execute(sql, values).lastrowid or 0)

    def _exists(self, query: str, value: str) -> bool:
        with self.db.lock:
            return self.db.conn.execute(query, (value,)).fetchone() is not None
