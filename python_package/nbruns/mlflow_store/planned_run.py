"""A run that is to be made, now or when the store can be written again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbruns.endpoints.experiments import checked_id
from nbruns.identity import new_id
from nbruns.kernel.session import current, notebook_tags, process_tags
from nbruns.protocol.fields import any_text
from nbruns.protocol.names import NOTEBOOK_TAG, RUN_NAME_TAG
from nbruns.records import Run
from nbruns.store import Store
from nbruns.store.run_names import friendly_name

_DEFAULT = "0"


@dataclass
class PlannedRun:
    """What a client wants a run to be."""

    experiment_id: str
    name: str | None
    user: str
    started_ms: int | None
    tags: Mapping[str, Any] = field(default_factory=dict)
    run_id: str | None = None

    def create(self, store: Store) -> Run:
        """The run, made; under its promised id where there is one."""
        tags = {key: any_text("value", value) for key, value in self.tags.items()}
        experiment_id = self.experiment_id
        if self.run_id is not None:
            experiment_id, tags = self._told_late(store, tags)
        return store.runs.create(
            checked_id(experiment_id),
            name=self.name,
            user=self.user,
            started_ms=self.started_ms,
            tags=tags,
            run_id=self.run_id,
        )

    def promise(self, home: Path) -> Run:
        """The run as it will be."""
        self.run_id = new_id()
        self.name = self.name or self.tags.get(RUN_NAME_TAG) or friendly_name()
        folder = home / "artifacts" / self.experiment_id / self.run_id / "artifacts"
        return Run(
            run_id=self.run_id,
            experiment_id=self.experiment_id,
            name=self.name,
            user=self.user,
            status="RUNNING",
            stage="active",
            started_ms=self.started_ms,
            ended_ms=None,
            artifact_uri=folder.as_uri(),
            tags=dict(self.tags),
        )

    def _told_late(self, store: Store, tags: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Experiment and tags that the store could not tell when the run was started."""
        session = current()
        notebook = None if session is None else session.notebook(store)
        if notebook is None or NOTEBOOK_TAG in tags:
            return self.experiment_id, tags
        experiment_id = self.experiment_id
        if experiment_id == _DEFAULT:
            experiment_id = store.notebooks.experiment(notebook.notebook_id).experiment_id
        return experiment_id, {**process_tags(store), **notebook_tags(notebook), **tags}
