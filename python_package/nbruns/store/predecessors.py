"""Which run came before a run: the one its changes are told against."""

from __future__ import annotations

from nbruns.store.database import Database

# Runs of scripts share an experiment: so many of the newest are looked through.
_MOST_LOOKED_AT = 1_000


class Predecessors:
    """Runs by what they came after, in the order they were made; deleted ones do not count.

    A notebook's run follows the notebook's last one, wherever it was logged; a run nested
    in another follows its last sibling; a script's run the last one of the script in the
    experiment.
    """

    def __init__(self, db: Database) -> None:
        self.db = db

    def find(self, run_id: str) -> str | None:
        """The id of the run before a run; None for a first one, or where nothing tells."""
        with self.db.lock:
            for key, query in _QUERIES:
                row = self.db.conn.execute(
                    "select run_number, value from runs join tags using (run_number) "
                    "where run_id = ? and key = ?",
                    (run_id, key),
                ).fetchone()
                if row is not None:
                    found = self.db.conn.execute(query, {"number": row[0], "value": row[1]})
                    before = found.fetchone()
                    return None if before is None else str(before[0])
        return None


# The index on tags ends with the number of the run: what comes first is the newest.
_SIBLING = """
select r.run_id
from tags t join runs r using (run_number)
where t.key = 'mlflow.parentRunId' and t.value = :value and length(t.value) <= 100
    and t.run_number < :number and r.stage = 'active'
order by t.run_number desc
limit 1
"""
_OF_NOTEBOOK = """
select r.run_id
from tags t join runs r using (run_number)
where t.key = 'nbruns.notebook' and t.value = :value and length(t.value) <= 100
    and t.run_number < :number and r.stage = 'active'
    and not exists (
        select 1 from tags p where p.run_number = r.run_number and p.key = 'mlflow.parentRunId')
order by t.run_number desc
limit 1
"""
_OF_SCRIPT = f"""
select r.run_id
from (
        select b.run_number, b.run_id
        from runs it join runs b on b.experiment_id = it.experiment_id
        where it.run_number = :number and b.stage = 'active'
            and (b.started_ms, b.run_number) < (it.started_ms, it.run_number)
        order by b.started_ms desc
        limit {_MOST_LOOKED_AT}
    ) r join tags t on t.run_number = r.run_number and t.key = 'mlflow.source.name'
where t.value = :value
    and not exists (
        select 1 from tags p where p.run_number = r.run_number and p.key = 'mlflow.parentRunId')
order by r.run_number desc
limit 1
"""
_QUERIES = (
    ("mlflow.parentRunId", _SIBLING),
    ("nbruns.notebook", _OF_NOTEBOOK),
    ("mlflow.source.name", _OF_SCRIPT),
)
