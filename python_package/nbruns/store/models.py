"""The shelf of logged models: what a run left as a model, before anybody registers it."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbruns.conditions import Search
from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.identity import new_id, now_ms
from nbruns.records import LoggedModel, MetricPoint, Page
from nbruns.rules import MAX_KEY_LENGTH, check_length
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.histories import stored
from nbruns.store.keyset import by_key
from nbruns.store.model_search import SELECT, Dataset, find_models
from nbruns.store.registry_rules import check_logged_model_name
from nbruns.store.run_names import friendly_name

_ID = re.compile(r"[0-9]{1,18}")


class Models:
    """The shelf of logged models."""

    def __init__(self, db: Database, artifacts: Artifacts) -> None:
        self.db = db
        self.artifacts = artifacts

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        model_type: str = "",
        source_run_id: str = "",
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> LoggedModel:
        """A new model of an active experiment, pending until `finalize`."""
        if name is not None:
            check_logged_model_name(name)
        _check_keys(params or {}, tags or {})
        model_id, now = f"m-{new_id()}", now_ms()
        with self.db.atomic():
            root = self._experiment_root(experiment_id)
            number = self.db.conn.execute(
                """
                insert into models (
                    model_id, experiment_id, name, artifact_uri, status, model_type,
                    source_run_id, created_ms, updated_ms)
                values (?, ?, ?, ?, 'PENDING', ?, ?, ?, ?)
                """,
                (
                    model_id,
                    int(experiment_id),
                    name or friendly_name(),
                    f"{root.rstrip('/')}/models/{model_id}/artifacts",
                    model_type,
                    source_run_id,
                    now,
                    now,
                ),
            ).lastrowid
            self._put("model_params", number, params or {})
            self._put("model_tags", number, tags or {})
        return self.get(model_id)

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """The model of an id; NotFound for a deleted one, unless it is allowed."""
        stages = ("active", "deleted") if allow_deleted else ("active",)
        with self.db.lock:
            row = self.db.conn.execute(
                f"select {SELECT} where m.model_id = ? and m.stage in (?, ?)",
                (model_id, stages[0], stages[-1]),
            ).fetchone()
        if row is None:
            raise _no_model(model_id)
        return self._records([row])[0]

    def finalize(self, model_id: str, status: str) -> LoggedModel:
        """Say whether the model's files have arrived: READY or FAILED."""
        with self.db.atomic():
            number = self._number(model_id)
            self.db.conn.execute(
                "update models set status = ?, updated_ms = ? where model_number = ?",
                (status, now_ms(), number),
            )
        return self.get(model_id, allow_deleted=True)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """Set tags, over those with the same keys."""
        _check_keys(tags)
        with self.db.atomic():
            self._put("model_tags", self._number(model_id), tags)
        return self.get(model_id, allow_deleted=True)

    def delete_tag(self, model_id: str, key: str) -> None:
        """Remove a tag, or NotFound."""
        with self.db.atomic():
            found = self.db.conn.execute(
                "delete from model_tags where model_number = ? and key = ?",
                (self._number(model_id), key),
            )
            if not found.rowcount:
                raise NotFound(f"The model '{model_id}' has no tag '{key}'")

    def log_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """Add params; like a run's, they cannot be changed later."""
        _check_keys(params)
        with self.db.atomic():
            number = self._number(model_id)
            self._check_unchanged(model_id, number, params)
            self._put("model_params", number, params)

    def delete(self, model_id: str) -> None:
        """Mark the model deleted; its row and files stay."""
        with self.db.atomic():
            self.db.conn.execute(
                "update models set stage = 'deleted', updated_ms = ? where model_number = ?",
                (now_ms(), self._number(model_id)),
            )

    def search(
        self,
        experiment_ids: Sequence[str],
        search: Search,
        *,
        datasets: Sequence[Dataset] = (),
        limit: int,
        token: str | None = None,
    ) -> Page[LoggedModel]:
        """Active models of some experiments, newest first unless the search says otherwise.

        With datasets, only metrics on one of them count; without a metric condition,
        models with any metric on one of them are found.
        """
        rows, next_token = find_models(
            self.db,
            self.artifacts,
            experiment_ids,
            search,
            datasets=datasets,
            limit=limit,
            token=token,
        )
        return Page(self._records(rows), next_token)

    def _experiment_root(self, experiment_id: str) -> str:
        number = int(experiment_id) if _ID.fullmatch(experiment_id) else -1
        row = self.db.conn.execute(
            "select artifact_uri, stage from experiments where experiment_id = ?", (number,)
        ).fetchone()
        if row is None:
            raise NotFound(f"No experiment with id '{experiment_id}'")
        if row[1] != "active":
            raise InvalidState(f"The experiment '{experiment_id}' must be active, it is {row[1]}")
        return str(row[0])

    def _number(self, model_id: str) -> int:
        row = self.db.conn.execute(
            "select model_number from models where model_id = ?", (model_id,)
        ).fetchone()
        if row is None:
            raise _no_model(model_id)
        return int(row[0])

    def _put(self, table: str, number: int | None, pairs: Mapping[str, str]) -> None:
        self.db.conn.executemany(
            f"""
            insert into {table} (model_number, key, value) values (?, ?, ?)
            on conflict do update set value = excluded.value
            """,
            [(number, key, value) for key, value in pairs.items()],
        )

    def _check_unchanged(self, model_id: str, number: int, params: Mapping[str, str]) -> None:
        known = dict(
            self.db.conn.execute(
                "select key, value from model_params where model_number = ?", (number,)
            ).fetchall()
        )
        for key, value in params.items():
            if known.get(key, value) != value:
                raise InvalidValue(
                    f"The param '{key}' of model '{model_id}' is '{known[key]}' already, "
                    f"it cannot become '{value}'"
                )

    def _records(self, rows: Sequence[tuple[Any, ...]]) -> list[LoggedModel]:
        """Rows of `SELECT` with params, tags and metrics, in three statements for all."""
        numbers = [row[0] for row in rows]
        params, tags = (
            by_key(self.db, f"select model_number, key, value from {table} where {_IN}", numbers)
            for table in ("model_params", "model_tags")
        )
        metrics = by_key(self.db, _METRICS, numbers)
        return [
            LoggedModel(
                model_id=model_id,
                experiment_id=str(experiment_id),
                name=name,
                artifact_uri=self.artifacts.uri(artifact_uri),
                status=status,
                created_ms=created_ms,
                updated_ms=updated_ms,
                model_type=model_type,
                source_run_id=source_run_id,
                status_message=status_message,
                params=dict(params.get(number, ())),
                tags=dict(tags.get(number, ())),
                metrics=tuple(_point(model_id, row) for row in metrics.get(number, ())),
            )
            for (
                number,
                model_id,
                experiment_id,
                name,
                artifact_uri,
                status,
                created_ms,
                updated_ms,
                model_type,
                source_run_id,
                status_message,
            ) in rows
        ]


_IN = "model_number in (select value from json_each(?))"
_METRICS = f"""
    select model_number, key, value, is_nan, step, at_ms, dataset_name, dataset_digest, run_id
    from model_metrics
    where {_IN}
"""


def append_model_metrics(db: Database, points: Iterable[MetricPoint]) -> None:
    """Keep points that name a logged model with that model too.

    Belongs inside the transaction that adds them to their run, whose id they carry.
    A point that is already there is not added again.
    """
    for point in points:
        if point.model_id is None:
            continue
        try:
            _append(db.conn, point)
        except sqlite3.IntegrityError as error:
            raise _no_model(point.model_id) from error


def _append(conn: sqlite3.Connection, point: MetricPoint) -> None:
    value, is_nan = stored(point.value)
    # The subquery gives null for an unknown model, which the column refuses.
    conn.execute(
        """
        insert into model_metrics (
            model_number, key, at_ms, step, run_id, value, is_nan, dataset_name, dataset_digest)
        values (
            (select model_number from models where model_id = ?), ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict do nothing
        """,
        (
            point.model_id,
            point.key,
            int(point.at_ms),
            int(point.step),
            point.run_id or "",
            None if is_nan else value,
            is_nan,
            point.dataset_name,
            point.dataset_digest,
        ),
    )


def _point(model_id: str, row: tuple[Any, ...]) -> MetricPoint:
    key, value, is_nan, step, at_ms, dataset_name, dataset_digest, run_id = row
    return MetricPoint(
        key,
        math.nan if is_nan else value,
        step,
        at_ms,
        model_id,
        dataset_name,
        dataset_digest,
        run_id or None,
    )


def _check_keys(*pairs: Mapping[str, str]) -> None:
    """MLflow has no grammar for the keys of logged models, only room for so many characters."""
    for key in (key for mapping in pairs for key in mapping):
        check_length("Key", key, MAX_KEY_LENGTH)


def _no_model(model_id: str) -> NotFound:
    return NotFound(f"No logged model with id '{model_id}'")
