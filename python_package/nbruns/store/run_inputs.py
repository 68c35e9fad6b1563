"""What a run was given and what it made: datasets with their tags, models in and out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from nbruns.records import Dataset, DatasetInput, ModelLink
from nbruns.rules import check_dataset, check_input_tags
from nbruns.store.database import Database

Direction = Literal["input", "output"]


def check_datasets(inputs: Iterable[DatasetInput]) -> None:
    """Raise InvalidValue when a dataset or its tags break a limit."""
    for given in inputs:
        dataset = given.dataset
        check_dataset(
            {
                "name": dataset.name,
                "digest": dataset.digest,
                "source": dataset.source,
                "schema": dataset.schema,
                "profile": dataset.profile,
            }
        )
        check_input_tags(given.tags)


def add_datasets(db: Database, run_number: int, inputs: Iterable[DatasetInput]) -> None:
    """Link datasets to a run; one known to the experiment or the run stays as it was."""
    for given in inputs:
        dataset_number = _dataset_number(db, run_number, given.dataset)
        is_new = db.conn.execute(
            "insert or ignore into run_datasets (run_number, dataset_number) values (?, ?)",
            (run_number, dataset_number),
        ).rowcount
        if is_new:
            db.conn.executemany(
                "insert into run_dataset_tags values (?, ?, ?, ?)",
                [(run_number, dataset_number, *tag) for tag in given.tags.items()],
            )


def add_models(
    db: Database, run_number: int, direction: Direction, models: Iterable[ModelLink]
) -> None:
    """Link logged models to a run; a link that is there takes the new step."""
    db.conn.executemany(
        """
        insert into run_models (run_number, direction, position, model_id, step)
        select ?1, ?2, count(*), ?3, ?4
        from run_models
        where run_number = ?1 and direction = ?2
        on conflict (run_number, direction, model_id) do update set step = excluded.step
        """,
        [(run_number, direction, model.model_id, model.step) for model in models],
    )


def _dataset_number(db: Database, run_number: int, dataset: Dataset) -> int:
    (experiment_id,) = db.conn.execute(
        "select experiment_id from runs where run_number = ?", (run_number,)
    ).fetchone()
    key = (experiment_id, dataset.name, dataset.digest)
    db.conn.execute(
        """
        insert or ignore into datasets
            (experiment_id, name, digest, source_type, source, schema, profile)
        values (?, ?, ?, ?, ?, ?, ?)
        """,
        (*key, dataset.source_type, dataset.source, dataset.schema, dataset.profile),
    )
    row = db.conn.execute(
        "select dataset_number from datasets where experiment_id = ? and name = ? and digest = ?",
        key,
    ).fetchone()
    return int(row[0])
