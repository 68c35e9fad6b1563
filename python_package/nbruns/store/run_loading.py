"""Rows → `Run` records: a whole page in a few statements, whatever its size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbruns.records import Dataset, DatasetInput, ModelLink, Run
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.histories import newest

_RUNS = """
select r.run_number, r.run_id, r.experiment_id, r.name, r.user, r.status, r.stage,
    r.started_ms, r.ended_ms, r.artifact_uri
from json_each(?) n
cross join runs r on r.run_number = n.value
order by n.key
"""
_PARAMS = """
select p.run_number, p.key, p.value
from json_each(?) n
cross join params p on p.run_number = n.value
order by n.key, p.key
"""
_TAGS = _PARAMS.replace("params", "tags")
_DATASETS = """
select rd.run_number, d.dataset_number, d.name, d.digest, d.source_type, d.source, d.schema,
    d.profile
from json_each(?) n
cross join run_datasets rd on rd.run_number = n.value
join datasets d using (dataset_number)
order by rd.run_number, d.dataset_number
"""
_DATASET_TAGS = """
select t.run_number, t.dataset_number, t.key, t.value
from json_each(?) n
cross join run_dataset_tags t on t.run_number = n.value
order by t.run_number, t.dataset_number, t.key
"""
_MODELS = """
select m.run_number, m.direction, m.model_id, m.step
from json_each(?) n
cross join run_models m on m.run_number = n.value
order by m.run_number, m.direction, m.position
"""

Texts = Mapping[int, Mapping[str, str]]


def load_runs(
    db: Database,
    artifacts: Artifacts,
    numbers: Sequence[int],
    *,
    with_values: bool = True,
    with_datasets: bool = True,
) -> list[Run]:
    """The runs of these internal numbers, in the order given.

    Params, tags and metrics are left out if asked; so are datasets, whose schemas and profiles
    may be megabytes.
    """
    listed = json.dumps(numbers)
    with db.lock:
        rows: list[Any] = db.conn.execute(_RUNS, (listed,)).fetchall()
        params = _texts(db, _PARAMS, listed) if with_values else {}
        tags = _texts(db, _TAGS, listed) if with_values else {}
        metrics = newest(db, numbers) if with_values else {}
        datasets = _datasets(db, listed) if with_datasets else {}
        models = _models(db, listed)
    uri = _Uris(artifacts)
    return [
        Run(
            run_id,
            str(experiment_id),
            name,
            user,
            status,
            stage,
            started_ms,
            ended_ms,
            uri(run_id, canonical),
            params.get(number, {}),
            tags.get(number, {}),
            tuple(metrics.get(number, ())),
            tuple(datasets.get(number, ())),
            tuple(models.get((number, "input"), ())),
            tuple(models.get((number, "output"), ())),
        )
        for (
            number,
            run_id,
            experiment_id,
            name,
            user,
            status,
            stage,
            started_ms,
            ended_ms,
            canonical,
        ) in rows
    ]


class _Uris:
    """Artifact URIs as handed out; runs of one experiment share all but their end."""

    def __init__(self, artifacts: Artifacts) -> None:
        self.artifacts = artifacts
        self.roots: dict[str, str] = {}

    def __call__(self, run_id: str, canonical: str) -> str:
        root, found, rest = canonical.partition(run_id)
        if not found:
            return self.artifacts.uri(canonical)
        if root not in self.roots:
            self.roots[root] = self.artifacts.uri(root + run_id).removesuffix(run_id)
        return self.roots[root] + run_id + rest


def _texts(db: Database, query: str, listed: str) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    current, of_run = None, {}
    for number, key, value in db.conn.execute(query, (listed,)):
        if number != current:
            current, of_run = number, found.setdefault(number, {})
        of_run[key] = value
    return found


def _datasets(db: Database, listed: str) -> dict[int, list[DatasetInput]]:
    tags: dict[tuple[int, int], dict[str, str]] = {}
    found: dict[int, list[DatasetInput]] = {}
    rows = db.conn.execute(_DATASETS, (listed,)).fetchall()
    if rows:
        for number, dataset, key, value in db.conn.execute(_DATASET_TAGS, (listed,)):
            tags.setdefault((number, dataset), {})[key] = value
    for number, dataset, *fields in rows:
        of_run = found.setdefault(number, [])
        of_run.append(DatasetInput(Dataset(*fields), tags.get((number, dataset), {})))
    return found


def _models(db: Database, listed: str) -> dict[tuple[int, str], list[ModelLink]]:
    found: dict[tuple[int, str], list[ModelLink]] = {}
    rows: Iterable[Any] = db.conn.execute(_MODELS, (listed,))
    for number, direction, model_id, step in rows:
        found.setdefault((number, direction), []).append(ModelLink(model_id, step))
    return found
