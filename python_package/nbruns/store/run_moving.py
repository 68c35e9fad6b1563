"""Moving runs to another experiment, with the runs under them, their data and their models.

Artifacts stay where they lie: a run knows its own place, and links to it go on working.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from nbruns.errors import InvalidState, NotFound
from nbruns.identity import now_ms
from nbruns.store.database import Database
from nbruns.store.run_parents import take_children, take_parent

_FAMILY = """
with recursive family (run_number) as (
    select run_number from runs where run_id in (select value from json_each(?))
    union
    select r.run_number from family join runs r on r.parent_number = family.run_number
)
select r.run_number, r.run_id, r.status
from family join runs r using (run_number)
order by r.run_number
"""
# A dataset belongs to an experiment: the other one gets its own, unless it has it.
_TAKE_DATASETS = """
insert or ignore into datasets (experiment_id, name, digest, source_type, source, schema, profile)
select distinct ?1, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
from run_datasets rd join datasets d using (dataset_number)
where rd.run_number in (select value from json_each(?2))
"""
_THERE = """
from run_datasets rd
    join datasets d using (dataset_number)
    join datasets n on n.experiment_id = ?1 and n.name = d.name and n.digest = d.digest
"""
_LINK_DATASETS = f"""
insert or ignore into run_datasets (run_number, dataset_number)
select rd.run_number, n.dataset_number {_THERE}
where rd.run_number in (select value from json_each(?2))
"""
_LINK_TAGS = f"""
insert or ignore into run_dataset_tags (run_number, dataset_number, key, value)
select rd.run_number, n.dataset_number, t.key, t.value {_THERE}
    join run_dataset_tags t using (run_number, dataset_number)
where rd.run_number in (select value from json_each(?2))
"""
_LEAVE_DATASETS = """
delete from run_datasets
where run_number in (select value from json_each(?2))
and dataset_number in (select dataset_number from datasets where experiment_id <> ?1)
"""


def move_runs(db: Database, run_ids: Sequence[str], experiment_id: int) -> list[str]:
    """Put runs, and those under them, into another experiment; the ids of all that moved.

    Raises InvalidState for a run that is still running: its process goes on logging to the
    experiment it knows. NotFound for a run or an active experiment that is not there.
    """
    with db.atomic():
        _check_experiment(db, experiment_id)
        family = db.conn.execute(_FAMILY, (json.dumps(list(run_ids)),)).fetchall()
        missing = set(run_ids) - {run_id for _, run_id, _ in family}
        if missing:
            raise NotFound(f"No run with id '{min(missing)}'")
        running = [run_id for _, run_id, status in family if status == "RUNNING"]
        if running:
            raise InvalidState(f"The run '{running[0]}' is running: move it when it has ended")
        numbers = [number for number, _, _ in family]
        _move_rows(db, numbers, [run_id for _, run_id, _ in family], experiment_id)
        for number in numbers:
            take_parent(db, number)
            take_children(db, number)
    return [run_id for _, run_id, _ in family]


def _check_experiment(db: Database, experiment_id: int) -> None:
    found = db.conn.execute(
        "select 1 from experiments where experiment_id = ? and stage = 'active'", (experiment_id,)
    ).fetchone()
    if found is None:
        raise NotFound(f"No active experiment with id '{experiment_id}'")


def _move_rows(db: Database, numbers: list[int], ids: list[str], experiment_id: int) -> None:
    both = (experiment_id, json.dumps(numbers))
    db.conn.execute(
        "update runs set experiment_id = ?1 where run_number in (select value from json_each(?2))",
        both,
    )
    for statement in (_TAKE_DATASETS, _LINK_DATASETS, _LINK_TAGS, _LEAVE_DATASETS):
        db.conn.execute(statement, both)
    db.conn.execute(
        """
        update models
        set experiment_id = ?, updated_ms = ?
        where source_run_id in (select value from json_each(?))
        """,
        (experiment_id, now_ms(), json.dumps(ids)),
    )
