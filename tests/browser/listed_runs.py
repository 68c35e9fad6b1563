"""A few dozen runs as a notebook leaves them, written past the kernels: what a list has to show."""

from __future__ import annotations

import math
import random
import time

from nbruns.records import MetricPoint, Run
from nbruns.store import Store

HOUR_MS = 3_600_000


class ListedRuns:
    """Sweeps with their trials, a run that goes on, failures, a registered model."""

    def __init__(self, store: Store, path: str) -> None:
        self.store = store
        self.chance = random.Random(4)
        self.now_ms = int(time.time() * 1000)
        notebook = store.notebooks.resolve(path)
        self.notebook_id = notebook.notebook_id
        self.experiment_id = store.notebooks.experiment(notebook.notebook_id).experiment_id

    def fill(self) -> None:
        """All that tests and pictures look at; the newest comes last."""
        for number in range(20):
            self.add(f"baseline-{number:02}", hours=400 - number, status="FINISHED", depth=number)
        self.add("broken", hours=30, status="FAILED", reason="ValueError: NaN in column 3")
        for name, hours in (("coarse sweep", 26), ("fine sweep", 4)):
            sweep = self.add(name, hours=hours, metrics=0, depth=0)
            for trial in range(8):
                model = ("rf", "gbm", "svm")[trial % 3]
                under = self.add(
                    f"trial-{trial}", hours=hours, parent=sweep, depth=trial, model=model
                )
                if trial == 2:
                    for fold in range(3):
                        self.add(f"fold-{fold}", hours=hours, parent=under, depth=trial)
        self.add("interrupted", hours=2, status="KILLED", reason="kernel restarted")
        champion = self.add("champion candidate", hours=1, depth=12, tags={"team": "growth"})
        self.register(champion)
        self.add("a run whose name goes on and on until no panel has room for it", hours=0.5)
        self.add("training now", hours=0.02, status="RUNNING", depth=9)

    def add(
        self,
        name: str,
        *,
        hours: float,
        status: str = "FINISHED",
        parent: Run | None = None,
        metrics: int = 40,
        depth: int = 4,
        model: str = "rf",
        reason: str = "",
        tags: dict[str, str] | None = None,
    ) -> Run:
        """A run that began so many hours ago."""
        started_ms = self.now_ms - int(hours * HOUR_MS) + self.chance.randrange(1000)
        known = {
            "nbruns.notebook": self.notebook_id,
            "nbruns.code_change": self.chance.choice(("unchanged", "cells 3, 7 edited, 1 added")),
            **({"mlflow.parentRunId": parent.run_id} if parent else {}),
            **({"nbruns.end_reason": reason} if reason else {}),
            **({"nbruns.hidden_state": "cell 4 ran before cell 2"} if depth % 5 == 4 else {}),
            **(tags or {}),
        }
        run = self.store.runs.create(
            self.experiment_id, name=name, user="ada", started_ms=started_ms, tags=known
        )
        self.store.runs.log_params(
            run.run_id, {"max_depth": str(depth), "model": model, "seed": "7"}
        )
        self.store.metrics.append(run.run_id, self.curves(metrics, started_ms, depth))
        if status != "RUNNING":
            took_ms = self.chance.randrange(2_000, 400_000)
            self.store.runs.update(run.run_id, status=status, ended_ms=started_ms + took_ms)  # type: ignore[arg-type]
        return run

    def curves(self, count: int, started_ms: int, depth: int) -> list[MetricPoint]:
        """A loss that falls and an accuracy that rises, both with noise."""
        ceiling = 0.8 + 0.012 * depth
        points = []
        for step in range(count):
            noise = self.chance.uniform(-0.02, 0.02)
            at_ms = started_ms + 1000 * step
            gone = math.exp(-step / 10)
            points.append(MetricPoint("val_accuracy", ceiling - gone / 2 + noise, step, at_ms))
            points.append(MetricPoint("val_loss", 0.2 + gone + noise, step, at_ms))
            points.append(MetricPoint("train_loss", 0.1 + gone + noise / 2, step, at_ms))
        return points

    def register(self, run: Run) -> None:
        """Register a model of a run as the champion."""
        model = self.store.models.create(run.experiment_id, name="model", source_run_id=run.run_id)
        self.store.models.finalize(model.model_id, "READY")
        self.store.registry.create_model("churn")
        version = self.store.registry.create_version(
            "churn", source=f"models:/{model.model_id}", run_id=run.run_id
        )
        self.store.registry.set_alias("churn", "champion", version.version)
