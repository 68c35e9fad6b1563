"""Where sources of runs are written: into the store of this process, or to a tracking server."""

from __future__ import annotations

import contextlib
import json
import platform
from pathlib import Path
from typing import Any

from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.kernel.session import current, guessed_path
from nbruns.kernel.source import Source, folder_of
from nbruns.protocol.names import (
    ENVIRONMENT_FILE,
    ENVIRONMENT_TAG,
    GIT_BRANCH_OF_MLFLOW_TAG,
    GIT_COMMIT_TAG,
    GIT_DIFF_FILE,
    GIT_REPOSITORY_TAG,
    HOST_TAG,
    PARENT_RUN_TAG,
    SOURCE_NAME_TAG,
    SOURCE_TYPE_TAG,
)
from nbruns.records import Environment, Run
from nbruns.store import Store
from nbruns.store.environments import digest_of, environment_to_wire

_MLFLOW_GIT_TAGS = (GIT_COMMIT_TAG, GIT_BRANCH_OF_MLFLOW_TAG, GIT_REPOSITORY_TAG)


class StoreKeeper:
    """The store on this machine, over a connection of its own."""

    def __init__(self, home: Path, script: str | None) -> None:
        self.store = Store.open(home)
        self.script = script
        self._kept: tuple[Environment, str] | None = None

    def folder(self) -> Path | None:
        """The folder of the kernel's notebook, or of the script."""
        session = current()
        if session is None:
            return folder_of(self.script)
        notebook = session.notebook(self.store)
        return None if notebook is None else Path(notebook.path).parent

    def keep(self, run_id: str, source: Source) -> None:
        """Write it down, unless the run is gone by now."""
        with contextlib.suppress(NotFound, InvalidState):
            run = self.store.runs.get(run_id)
            self._clear_of_others(run, source)
            digest = self._digest(source.environment)
            self.store.runs.set_tags(run_id, {**source.tags, ENVIRONMENT_TAG: digest})
            # The runs nested in it were started by the same code.
            if source.git_diff and PARENT_RUN_TAG not in run.tags:
                self._keep_diff(run, source.git_diff)

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def _digest(self, environment: Environment) -> str:
        # The same object as long as nothing was installed.
        if self._kept is None or self._kept[0] is not environment:
            self._kept = environment, self.store.environments.keep(environment)
        return self._kept[1]

    def _clear_of_others(self, run: Run, source: Source) -> None:
        """Remove the commit of another repository.

        In a kernel MLflow asks about the program's own file, which is the kernel's launcher.
        """
        told = run.tags.get(GIT_COMMIT_TAG)
        if current() is not None and told and told != source.tags.get(GIT_COMMIT_TAG):
            for key in run.tags.keys() & set(_MLFLOW_GIT_TAGS):
                self.store.runs.delete_tag(run.run_id, key)

    def _keep_diff(self, run: Run, diff: bytes) -> None:
        # Artifacts that lie elsewhere (s3://…) are written by MLflow alone.
        with contextlib.suppress(InvalidValue):
            folder = self.store.artifacts.folder(run.artifact_uri)
            place = (folder / GIT_DIFF_FILE).relative_to(self.store.artifacts.root)
            with self.store.artifacts.new_upload(place.as_posix()) as file:
                file.write(diff)


class ServerKeeper:
    """A tracking server, by what MLflow's protocol carries: tags and artifacts."""

    def __init__(self, uri: str) -> None:
        from mlflow import MlflowClient

        self.client: Any = MlflowClient(uri)

    def folder(self) -> Path | None:
        """The folder of the notebook as the front end named it."""
        path = guessed_path()
        return None if path is None else Path(path).parent

    def keep(self, run_id: str, source: Source) -> None:
        """Write it down."""
        from mlflow.entities import RunTag

        tags = {
            **source.tags,
            **_notebook_tags(),
            HOST_TAG: platform.node(),
            ENVIRONMENT_TAG: digest_of(source.environment),
        }
        self.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
        if PARENT_RUN_TAG in self.client.get_run(run_id).data.tags:
            return
        told = json.dumps(environment_to_wire(source.environment), indent=1)
        self.client.log_text(run_id, told, ENVIRONMENT_FILE)
        if source.git_diff:
            self.client.log_text(run_id, source.git_diff.decode("utf-8", "replace"), GIT_DIFF_FILE)

    def close(self) -> None:
        """Nothing is open between calls."""


def _notebook_tags() -> dict[str, str]:
    path = guessed_path()
    return {} if path is None else {SOURCE_NAME_TAG: path, SOURCE_TYPE_TAG: "NOTEBOOK"}
