"""The shelf of experiments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from nbruns.identity import now_ms
from nbruns.records import Experiment, Page, Stage, View
from nbruns.rules import check_experiment_name, check_experiment_tag
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.histories import settle_experiment
from nbruns.store.keyset import (
    Sql,
    Term,
    attribute,
    by_key,
    column,
    compare,
    fetch_page,
    has,
    in_sight,
)
from nbruns.store.run_parents import take_parents

_COLUMNS = {
    "experiment_id": "e.experiment_id",
    "name": "e.name",
    "created_ms": "e.created_ms",
    "updated_ms": "e.updated_ms",
}
_SELECT = "e.experiment_id, e.name, e.artifact_uri, e.stage, e.created_ms, e.updated_ms"
# MLflow's file store gives ids of 18 digits; one of them, imported, is not counted on from.
NEXT_NUMBER = """
(select coalesce(max(experiment_id), 0) + 1 from experiments where experiment_id < 1000000000000000)
"""
_NEWEST_FIRST = (
    Order("attribute", "created_ms", ascending=False),
    Order("attribute", "experiment_id"),
)


class Experiments:
    """The shelf of experiments; a deleted one keeps its name and its runs."""

    def __init__(self, db: Database, artifacts: Artifacts) -> None:
        self.db = db
        self.artifacts = artifacts

    def create(
        self, name: str, *, artifact_uri: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Experiment:
        """A new experiment; AlreadyExists when the name is taken, be it by a deleted one."""
        check_experiment_name(name)
        for key, value in (tags or {}).items():
            check_experiment_tag(key, value)
        place = self.artifacts.canonical(artifact_uri) if artifact_uri else ""
        with self.db.atomic():
            experiment_id = self._insert(name, place)
            self._put_tags(experiment_id, tags or {})
            return self.get(str(experiment_id))

    def get(self, experiment_id: str) -> Experiment:
        """The experiment, deleted or not; NotFound when there is none."""
        found = self._where("e.experiment_id = ?", number_of(experiment_id))
        if found is None:
            raise NotFound(f"No experiment with id '{experiment_id}'")
        return found

    def find_by_name(self, name: str) -> Experiment | None:
        """The experiment of that name, deleted or not."""
        return self._where("e.name = ?", name)

    def search(
        self, search: Search, *, view: View = "active", limit: int, token: str | None = None
    ) -> Page[Experiment]:
        """Experiments that meet all conditions, newest first unless ordered otherwise."""
        wheres = [_stage(view), *map(_condition, search.conditions)]
        wheres.append(in_sight("e.name", search.sight))
        rows, next_token = fetch_page(
            self.db,
            f"{_SELECT} from experiments e",
            wheres,
            _terms(search.orders),
            limit=limit,
            token=token,
        )
        return Page(self._records(rows), next_token)

    def rename(self, experiment_id: str, new_name: str) -> Experiment:
        """Give another name; only an active experiment can be renamed."""
        check_experiment_name(new_name)
        with self.db.atomic():
            self.require_active(experiment_id)
            with _taken(new_name):
                self._update(experiment_id, "name = ?", new_name)
            return self.get(experiment_id)

    def delete(self, experiment_id: str) -> None:
        """Mark the experiment and its runs as deleted; they can be restored."""
        self._move(experiment_id, "active", "deleted")

    def restore(self, experiment_id: str) -> None:
        """Bring a deleted experiment back, with its runs."""
        self._move(experiment_id, "deleted", "active")

    def set_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set one tag of an active experiment."""
        check_experiment_tag(key, value)
        with self.db.atomic():
            self._put_tags(
                number_of(self.require_active(experiment_id).experiment_id), {key: value}
            )

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Remove one tag of an active experiment; NotFound when it has none of that key."""
        with self.db.atomic():
            self.require_active(experiment_id)
            gone = self.db.conn.execute(
                "delete from experiment_tags where experiment_id = ? and key = ?",
                (number_of(experiment_id), key),
            )
            if not gone.rowcount:
                raise NotFound(f"Experiment '{experiment_id}' has no tag '{key}'")

    def require_active(self, experiment_id: str) -> Experiment:
        """The experiment; InvalidState when it is deleted."""
        found = self.get(experiment_id)
        if found.stage != "active":
            raise InvalidState(
                f"The experiment '{experiment_id}' is deleted: restore it before changing it"
            )
        return found

    def _insert(self, name: str, place: str) -> int:
        with _taken(name):
            cursor = self.db.conn.execute(
                f"""
                insert into experiments (experiment_id, name, artifact_uri, created_ms, updated_ms)
                values ({NEXT_NUMBER}, ?1, ?2, ?3, ?3)
                """,
                (name, place, now_ms()),
            )
        experiment_id = int(cursor.lastrowid or 0)
        if not place:
            self._update(
                str(experiment_id), "artifact_uri = ?", f"mlflow-artifacts:/{experiment_id}"
            )
        return experiment_id

    def _update(self, experiment_id: str, assignment: str, value: str) -> None:
        self.db.conn.execute(
            f"update experiments set {assignment}, updated_ms = ? where experiment_id = ?",
            (value, now_ms(), number_of(experiment_id)),
        )

    def _put_tags(self, experiment_id: int, tags: Mapping[str, str]) -> None:
        self.db.conn.executemany(
            """
            insert into experiment_tags (experiment_id, key, value)
            values (?, ?, ?)
            on conflict do update set value = excluded.value
            """,
            [(experiment_id, key, value) for key, value in tags.items()],
        )

    def _move(self, experiment_id: str, before: Stage, after: Stage) -> None:
        now = now_ms()
        with self.db.atomic():
            if self.get(experiment_id).stage != before:
                raise NotFound(f"No {before} experiment with id '{experiment_id}'")
            self._update(experiment_id, "stage = ?", after)
            self.db.conn.execute(
                "update runs set stage = ?, deleted_ms = ? where experiment_id = ?",
                (after, now if after == "deleted" else None, number_of(experiment_id)),
            )
            settle_experiment(self.db, number_of(experiment_id))
            if after == "active":
                # A run that was deleted before its experiment comes back with it.
                take_parents(self.db, number_of(experiment_id))

    def _where(self, condition: str, value: object) -> Experiment | None:
        with self.db.lock:
            rows = self.db.conn.execute(
                f"select {_SELECT} from experiments e where {condition}", (value,)
            ).fetchall()
        return next(iter(self._records(rows)), None)

    def _records(self, rows: Iterable[tuple[Any, ...]]) -> list[Experiment]:
        rows = list(rows)
        tags = by_key(
            self.db,
            """
            select experiment_id, key, value
            from experiment_tags
            where experiment_id in (select value from json_each(?))
            order by experiment_id, key
            """,
            [row[0] for row in rows],
        )
        return [
            Experiment(
                str(number),
                name,
                self.artifacts.uri(place),
                stage,
                created_ms,
                updated_ms,
                dict(tags.get(number, ())),
            )
            for number, name, place, stage, created_ms, updated_ms in rows
        ]


class _taken:  # noqa: N801
    """Turns a clash of names into AlreadyExists."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError):
            raise AlreadyExists(
                f"An experiment named '{self.name}' exists already (it may be deleted)"
            ) from error


def number_of(experiment_id: str) -> int:
    """The id as the database keeps it; InvalidValue when it is not a number."""
    try:
        number = int(experiment_id)
    except (TypeError, ValueError):
        number = -(2**63) - 1
    if not -(2**63) <= number < 2**63:
        raise InvalidValue(f"Invalid experiment id '{experiment_id}': it must be an integer")
    return number


def _stage(view: View) -> Sql:
    return Sql("true") if view == "all" else Sql("e.stage = ?", (view,))


def _condition(condition: Condition) -> Sql:
    if condition.field == "tag":
        return _tag_condition(condition)
    if condition.field != "attribute":
        raise InvalidValue(f"Experiments have no {condition.field}s to search by")
    if condition.key == "experiment_id":
        return compare("e.experiment_id", condition.comparator, _numbers(condition.value))
    return attribute(condition, _COLUMNS)


def _numbers(value: Any) -> Any:
    return [number_of(item) for item in value] if isinstance(value, tuple) else number_of(value)


def _tag_condition(condition: Condition) -> Sql:
    joined = "kv.experiment_id = e.experiment_id"
    if condition.comparator in ("is null", "is not null"):
        found = has("experiment_tags", joined, condition.key, Sql("true"))
        return (
            Sql(f"not {found.text}", found.values) if condition.comparator == "is null" else found
        )
    compared = compare("kv.value", condition.comparator, condition.value)
    return has("experiment_tags", joined, condition.key, compared)


def _terms(orders: tuple[Order, ...]) -> list[Term]:
    given = orders or _NEWEST_FIRST
    terms = [Term(Sql(column(order.key, _COLUMNS)), order.ascending) for order in given]
    if all(order.key != "experiment_id" for order in given):
        terms.append(Term(Sql("e.experiment_id"), ascending=False))
    return terms
