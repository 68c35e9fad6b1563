"""A store of thousands of runs, written in bulk: what it takes to measure a list."""

from __future__ import annotations

import random
from pathlib import Path

from nbruns.store import Store


def filled(folder: Path, count: int, notebook: Path | None = None) -> Store:
    """A store of ended runs with 20 params, 20 metrics and 5 tags each, written in bulk.

    They are the runs of a notebook where one is named.
    """
    store, chance = Store.open(folder), random.Random(7)
    experiment = int(experiment_of(store, notebook)) if notebook else 0
    conn, texts = store.db.conn, [f"{k:02}" for k in range(20)]
    with store.db.atomic():
        conn.executemany("insert into metric_keys (key) values (?)", [(f"m{k}",) for k in texts])
        for number in range(1, count + 1):
            run_id, at_ms = f"{chance.getrandbits(128):032x}", 1_700_000_000_000 + number * 1000
            conn.execute(
                """
                insert into runs (run_number, run_id, experiment_id, name, user, status,
                    started_ms, ended_ms, artifact_uri)
                values (?, ?, ?, ?, 'ada', 'FINISHED', ?, ?, ?)
                """,
                (
                    number,
                    run_id,
                    experiment,
                    f"run-{number}",
                    at_ms,
                    at_ms + 500,
                    f"mlflow-artifacts:/{experiment}/{run_id}",
                ),
            )
            values = [(number, k, chance.random()) for k in range(1, 21)]
            conn.executemany(
                """
                insert into histories (run_number, key_number, is_settled, step, at_ms, value)
                values (?, ?, 1, 1, 1700000000000, ?)
                """,
                values,
            )
            conn.executemany(
                "insert into recent_metrics values (?, 1, ?, 1700000000000, ?, 0)", values
            )
            conn.executemany(
                "insert into params values (?, ?, ?)",
                [(number, f"p{k}", str(chance.randrange(10))) for k in texts],
            )
            conn.executemany(
                "insert into tags values (?, ?, ?)",
                [
                    (number, "mlflow.runName", f"run-{number}"),
                    (number, "mlflow.user", "ada"),
                    (number, "mlflow.source.name", "churn.ipynb"),
                    *((number, f"t{k}", str(chance.randrange(50))) for k in range(2)),
                ],
            )
    conn.execute("pragma wal_checkpoint(truncate)")
    return store


def experiment_of(store: Store, notebook: Path) -> str:
    """The id of a notebook's own experiment."""
    found = store.notebooks.resolve(str(notebook))
    return store.notebooks.experiment(found.notebook_id).experiment_id
