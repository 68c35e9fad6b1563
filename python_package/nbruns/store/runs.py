"""The shelf of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from nbruns.conditions import Condition, Search
from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.identity import new_id, now_ms
from nbruns.records import DatasetInput, MetricPoint, ModelLink, Page, Run, RunStatus, View
from nbruns.rules import check_batch, checked_params, checked_tags
from nbruns.store.afterwards import begin_again, changing_run
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.experiments import Experiments, number_of
from nbruns.store.histories import settle_run
from nbruns.store.metrics import Metrics
from nbruns.store.run_inputs import add_datasets, add_models, check_datasets
from nbruns.store.run_loading import load_runs
from nbruns.store.run_names import friendly_name
from nbruns.store.run_numbers import number_of_run, writable_run
from nbruns.store.run_parents import leave_children, take_children, take_parent
from nbruns.store.run_texts import RunText, Words, load_texts
from nbruns.store.run_values import RUN_NAME_TAG, add_params, put_tags, remove_tag
from nbruns.store.search import find_runs

_ENDED = ("FINISHED", "FAILED", "KILLED")


class Runs:
    """The shelf of runs: a deleted one can be read and restored, not written to."""

    def __init__(
        self, db: Database, artifacts: Artifacts, experiments: Experiments, metrics: Metrics
    ) -> None:
        self.db = db
        self.artifacts = artifacts
        self.experiments = experiments
        self.metrics = metrics

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        user: str = "",
        started_ms: int | None = None,
        tags: Mapping[str, str] | None = None,
        run_id: str | None = None,
    ) -> Run:
        """A new run, named by argument, by tag, or by chance; `run_id` if one was promised."""
        tags = dict(tags or {})
        named = tags.get(RUN_NAME_TAG)
        if name and named and name != named:
            raise InvalidValue(
                f"The run's name is given twice and differs: '{name}', "
                f"and '{named}' in the tag {RUN_NAME_TAG}"
            )
        name = tags[RUN_NAME_TAG] = name or named or friendly_name()
        started_ms = now_ms() if started_ms is None else started_ms
        with self.db.atomic():
            run_number = self._insert(experiment_id, run_id or new_id(), name, user, started_ms)
            put_tags(self.db, run_number, tags)
            return self._load([run_number])[0]

    def get(self, run_id: str) -> Run:
        """One run with all but its histories; NotFound when there is none."""
        found = self.find(run_id)
        if found is None:
            raise NotFound(f"No run with id '{run_id}'")
        return found

    def find(self, run_id: str) -> Run | None:
        """One run, None when there is none of that id."""
        with self.db.lock:
            row = self.db.conn.execute(
                "select run_number from runs where run_id = ?", (run_id,)
            ).fetchone()
        return self._load([row[0]])[0] if row else None

    def update(
        self,
        run_id: str,
        *,
        status: RunStatus | None = None,
        ended_ms: int | None = None,
        name: str | None = None,
    ) -> Run:
        """Change what is given; a run that ends has its metrics settled for search.

        One that runs again has no end, no reason for it, and nobody's process.
        """
        with self.db.atomic():
            number, was_ended_ms = writable_run(self.db, run_id)
            if status == "RUNNING":
                ended_ms = None  # MLflow's client sends the end that a resumed run had.
                if was_ended_ms is not None:
                    begin_again(self.db, number, was_ended_ms)
            self.db.conn.execute(
                """
                update runs
                set status = coalesce(?, status), ended_ms = coalesce(?, ended_ms)
                where run_number = ?
                """,
                (status, ended_ms, number),
            )
            if name:
                put_tags(self.db, number, {RUN_NAME_TAG: name})
            if status in _ENDED:
                settle_run(self.db, number)
            return self._load([number])[0]

    def delete(self, run_id: str) -> None:
        """Mark a run as deleted."""
        with self.db.atomic():
            number = number_of_run(self.db, run_id)
            self.db.conn.execute(
                "update runs set stage = 'deleted', deleted_ms = ? where run_number = ?",
                (now_ms(), number),
            )
            # Logging looks at the history alone: a settled one sends it to ask for the run.
            settle_run(self.db, number)
            leave_children(self.db, number)

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back."""
        with self.db.atomic():
            number = number_of_run(self.db, run_id)
            self.db.conn.execute(
                "update runs set stage = 'active', deleted_ms = null where run_number = ?",
                (number,),
            )
            take_parent(self.db, number)
            take_children(self.db, number)

    def search(
        self,
        experiment_ids: Iterable[str],
        search: Search,
        *,
        view: View = "active",
        limit: int,
        token: str | None = None,
    ) -> Page[Run]:
        """Runs that meet all conditions, newest first unless ordered otherwise."""
        with self.db.lock:
            found, next_token = self._find(experiment_ids, search, view, limit, token)
            return Page(self._load(found), next_token)

    def search_texts(
        self,
        experiment_ids: Iterable[str],
        search: Search,
        words: Words,
        *,
        view: View = "active",
        limit: int,
        token: str | None = None,
    ) -> Page[RunText]:
        """The same, with what the runs logged as JSON text: for replies of many values."""
        with self.db.lock:
            found, next_token = self._find(experiment_ids, search, view, limit, token)
            return Page(load_texts(self.db, self.artifacts, found, words), next_token)

    def log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Write params, all or none; one that is there must have the same value."""
        params = checked_params(params)
        with self.db.atomic():
            add_params(self.db, run_id, changing_run(self.db, run_id, param=params), params)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags; `mlflow.runName` renames the run."""
        tags = checked_tags(tags)
        with self.db.atomic():
            put_tags(self.db, changing_run(self.db, run_id, tag=tags), tags)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag; NotFound when the run has none of that key."""
        with self.db.atomic():
            remove_tag(self.db, run_id, changing_run(self.db, run_id, tag=[key]), key)

    def log_batch(
        self,
        run_id: str,
        *,
        metrics: Sequence[MetricPoint] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Metrics, params and tags in one go: all of them are kept, or nothing is."""
        params, tags = checked_params(params or {}), checked_tags(tags or {})
        ready = self.metrics.prepare(run_id, metrics)
        check_batch(metrics, params, tags)
        with self.db.atomic():
            number = changing_run(
                self.db, run_id, metric=(p.key for p in metrics), param=params, tag=tags
            )
            add_params(self.db, run_id, number, params)
            self.metrics.write(run_id, number, metrics, ready)
            put_tags(self.db, number, tags)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput], models: Iterable[ModelLink] = ()
    ) -> None:
        """Link datasets and models the run was given."""
        check_datasets(datasets)
        with self.db.atomic():
            number = changing_run(self.db, run_id, dataset=(one.dataset.name for one in datasets))
            add_datasets(self.db, number, datasets)
            add_models(self.db, number, "input", models)

    def log_outputs(self, run_id: str, models: Iterable[ModelLink]) -> None:
        """Link models the run has made."""
        with self.db.atomic():
            models = list(models)
            number = changing_run(self.db, run_id, model=(link.model_id for link in models))
            add_models(self.db, number, "output", models)

    def _insert(
        self, experiment_id: str, run_id: str, name: str, user: str, started_ms: int
    ) -> int:
        number = number_of(experiment_id)
        row = self.db.conn.execute(
            "select stage, artifact_uri from experiments where experiment_id = ?", (number,)
        ).fetchone()
        if row is None:
            raise NotFound(f"No experiment with id '{experiment_id}'")
        if row[0] != "active":
            raise InvalidState(f"The experiment '{experiment_id}' is deleted: restore it first")
        cursor = self.db.conn.execute(
            """
            insert into runs (run_id, experiment_id, name, user, started_ms, artifact_uri)
            values (?, ?, ?, ?, ?, ?)
            """,
            (run_id, number, name, user, started_ms, _below(row[1], run_id)),
        )
        return int(cursor.lastrowid or 0)

    def _find(
        self,
        experiment_ids: Iterable[str],
        search: Search,
        view: View,
        limit: int,
        token: str | None,
    ) -> tuple[list[int], str | None]:
        numbers = [number_of(experiment_id) for experiment_id in experiment_ids]
        wanted = replace(search, conditions=tuple(map(self._as_kept, search.conditions)))
        return find_runs(self.db, numbers, wanted, view=view, limit=limit, token=token)

    def _as_kept(self, condition: Condition) -> Condition:
        """The condition with a location as the database spells it."""
        match condition:
            case Condition("attribute", "artifact_uri", "=" | "!=", str(place)):
                return replace(condition, value=self.artifacts.canonical(place))
        return condition

    def _load(self, numbers: Sequence[int]) -> list[Run]:
        return load_runs(self.db, self.artifacts, numbers)


def _below(root: str, run_id: str) -> str:
    """Where a run's artifacts go; a query string of the root (`s3://…?region=`) stays last."""
    place, mark, query = root.partition("?")
    return f"{place.rstrip('/')}/{run_id}/artifacts{mark}{query}"
