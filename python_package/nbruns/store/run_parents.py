"""Which run a run is nested in, known by number so that a list of runs folds by index.

The tag `mlflow.parentRunId` is what counts; `runs.parent_number` follows it. It is null where
no list could show the run under its parent: one that is deleted, of another experiment or
nowhere, or nested in the run itself.
"""

from __future__ import annotations

from nbruns.store.database import Database

PARENT_TAG = "mlflow.parentRunId"

_PARENT = f"""
    select p.run_number
    from tags t
    join runs p on p.run_id = t.value
    where t.run_number = r.run_number and t.key = '{PARENT_TAG}'
    and p.experiment_id = r.experiment_id and p.stage = 'active'
"""
# The way up ends at 100 generations, and where it comes round to a run it has passed.
_COMES_ROUND = """
with recursive up (run_number, far) as (
    select parent_number, 1 from runs where run_number = ?1
    union
    select r.parent_number, far + 1
    from up
    join runs r using (run_number)
    where far < 100
)
select 1 from up where run_number = ?1
"""
_TAKE_PARENT = f"update runs as r set parent_number = ({_PARENT}) where r.run_number = ?"
_WITH_TAG_OF = f"""
select t.run_number
from runs p
join tags t on t.key = '{PARENT_TAG}' and t.value = p.run_id and length(t.value) <= 100
where p.run_number = ?
"""
_WITH_ANY_TAG = f"""
select r.run_number
from runs r
join tags t using (run_number)
where r.experiment_id = ? and t.key = '{PARENT_TAG}'
"""


def take_parent(db: Database, run_number: int) -> None:
    """Put a run under the parent its tag names, or under none."""
    db.conn.execute(_TAKE_PARENT, (run_number,))
    if db.conn.execute(_COMES_ROUND, (run_number,)).fetchone():
        db.conn.execute("update runs set parent_number = null where run_number = ?", (run_number,))


def take_children(db: Database, run_number: int) -> None:
    """Put the runs that name this one as their parent under it."""
    for (child,) in db.conn.execute(_WITH_TAG_OF, (run_number,)).fetchall():
        take_parent(db, child)


def leave_children(db: Database, run_number: int) -> None:
    """Put the runs under this one under none: it leaves the list."""
    db.conn.execute("update runs set parent_number = null where parent_number = ?", (run_number,))


def take_parents(db: Database, experiment_id: int) -> None:
    """Put all nested runs of an experiment under their parents."""
    for (child,) in db.conn.execute(_WITH_ANY_TAG, (experiment_id,)).fetchall():
        take_parent(db, child)
