"""The SQLite file and the artifact folder: one shelf per thing."""

from __future__ import annotations

from pathlib import Path

from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.experiments import Experiments
from nbruns.store.kernels import Kernels
from nbruns.store.metrics import Metrics
from nbruns.store.models import Models
from nbruns.store.notebooks import Notebooks
from nbruns.store.registry import Registry
from nbruns.store.revisions import Revisions
from nbruns.store.runs import Runs
from nbruns.store.schema import migrate


class Store:
    """All shelves over one home folder.

    `artifact_base` is what artifact URIs of this door begin with: the artifact
    folder's own file URI in the process, `mlflow-artifacts:` over HTTP.
    """

    def __init__(self, home: Path, db: Database, artifact_base: str | None = None) -> None:
        self.home = home
        self.db = db
        self.artifacts = Artifacts(home / "artifacts", artifact_base)
        self.experiments = Experiments(db, self.artifacts)
        self.metrics = Metrics(db)
        self.runs = Runs(db, self.artifacts, self.experiments, self.metrics)
        self.models = Models(db, self.artifacts)
        self.registry = Registry(db, self.artifacts)
        self.notebooks = Notebooks(db, self.experiments)
        self.revisions = Revisions(db)
        self.kernels = Kernels(db)

    @classmethod
    def open(cls, home: Path, *, artifact_base: str | None = None) -> Store:
        """Open the store of a home folder, making and migrating it where needed."""
        home.mkdir(parents=True, exist_ok=True)
        db = Database(home / "nbruns.db")
        migrate(db)
        return cls(home, db, artifact_base)

    def close(self) -> None:
        self.db.close()
