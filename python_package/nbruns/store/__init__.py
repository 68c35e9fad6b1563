"""The SQLite file and the artifact folder: one shelf per thing."""

from __future__ import annotations

import logging
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nbruns.errors import StoreUnusable
from nbruns.store.activity import ActivityLog
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.environments import Environments
from nbruns.store.experiments import Experiments
from nbruns.store.file_systems import network_file_system
from nbruns.store.hidden_state import HiddenState
from nbruns.store.kernels import Kernels
from nbruns.store.leases import Leases
from nbruns.store.metrics import Metrics
from nbruns.store.migrations import migrate
from nbruns.store.models import Models
from nbruns.store.notebooks import Notebooks
from nbruns.store.predecessors import Predecessors
from nbruns.store.registry import Registry
from nbruns.store.revisions import Revisions
from nbruns.store.run_code import RunCode
from nbruns.store.runs import Runs
from nbruns.store.snapshots import Snapshots

if TYPE_CHECKING:
    from nbruns.permissions import Policy
    from nbruns.store.belonging import Belonging
    from nbruns.store.holders import Holders
    from nbruns.store.listing import Listing
    from nbruns.store.model_overview import ModelOverview
    from nbruns.store.overview import Overview
    from nbruns.store.requests import Requests

_log = logging.getLogger("nbruns")


class Store:
    """All shelves over one home folder.

    `artifact_base` is what artifact URIs of this door begin with: the artifact
    folder's own file URI in the process, `mlflow-artifacts:` over HTTP. `policy` is what
    the endpoints go by: the shelves themselves ask nobody.
    """

    def __init__(self, home: Path, db: Database, artifact_base: str | None = None) -> None:
        self.home = home
        self.db = db
        self.artifacts = Artifacts(home / "artifacts", artifact_base)
        self.experiments = Experiments(db, self.artifacts)
        self.metrics = Metrics(db)
        self.runs = Runs(db, self.artifacts, self.experiments, self.metrics)
        self.models = Models(db, self.artifacts)
        self.activity = ActivityLog(db)
        self.registry = Registry(db, self.artifacts, self.activity)
        self.policy: Policy | None = None
        self.notebooks = Notebooks(db, self.experiments)
        self.revisions = Revisions(db)
        self.kernels = Kernels(db)
        self.snapshots = Snapshots(self.activity, self.revisions)
        self.leases = Leases(home)
        self.environments = Environments(db)
        self.predecessors = Predecessors(db)
        self.run_code = RunCode(self.runs, self.revisions, self.predecessors)
        self.hidden_state = HiddenState(self.runs, self.revisions, self.kernels)

    @cached_property
    def listing(self) -> Listing:
        """The shelf of lists, which a kernel has no use for and so does not load."""
        from nbruns.store.listing import Listing

        return Listing(self.db, self.artifacts, self.runs)

    @cached_property
    def requests(self) -> Requests:
        """The shelf of requests that versions be moved, likewise."""
        from nbruns.store.requests import Requests

        return Requests(self.registry)

    @cached_property
    def holders(self) -> Holders:
        """The shelf of who held an alias or a stage, and when, likewise."""
        from nbruns.store.holders import Holders

        return Holders(self.db, self.activity)

    @cached_property
    def belonging(self) -> Belonging:
        """The shelf of what belongs to what, likewise."""
        from nbruns.store.belonging import Belonging

        return Belonging(self.db, self.artifacts)

    @cached_property
    def overview(self) -> Overview:
        """The shelf of experiments at a glance, likewise."""
        from nbruns.store.overview import Overview

        return Overview(self.db, self.notebooks)

    @cached_property
    def model_overview(self) -> ModelOverview:
        """The shelf of models at a glance, likewise."""
        from nbruns.store.model_overview import ModelOverview

        return ModelOverview(self.db, self.artifacts)

    @classmethod
    def open(cls, home: Path, *, artifact_base: str | None = None) -> Store:
        """Open the store of a home folder, making and migrating it where needed."""
        path = _made(home)
        if kind := network_file_system(home):
            _log.warning(
                "The store '%s' lies on a network file system (%s): several machines writing to "
                "it at once can damage it. Set NBRUNS_HOME to a local folder",
                path,
                kind,
            )
        db = Database(path)
        try:
            migrate(db)
        except BaseException:
            db.close()
            raise
        return cls(home, db, artifact_base)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()


def _made(home: Path) -> Path:
    """The database file of a home folder; what is new is its owner's alone."""
    path = home / "nbruns.db"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnusable(
            f"Cannot make the store in '{home}' ({error.strerror}): make that folder writable, "
            "or set NBRUNS_HOME to another one"
        ) from error
    return path
