"""What MLflow loads through its entry points, in the middle of `import mlflow`.

So nothing here imports anything heavy before it is called, and nothing here raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbruns.kernel.session import Session
    from nbruns.mlflow_store import NbrunsRegistryStore, NbrunsTrackingStore
    from nbruns.records import Notebook
    from nbruns.store import Store


def tracking_store(
    store_uri: str | None = None, artifact_uri: str | None = None
) -> NbrunsTrackingStore:
    """The tracking store of an `nbruns:` address."""
    from nbruns.mlflow_store import NbrunsTrackingStore

    return NbrunsTrackingStore(store_uri)


def registry_store(store_uri: str | None = None) -> NbrunsRegistryStore:
    """The model registry of an `nbruns:` address."""
    from nbruns.mlflow_store import NbrunsRegistryStore

    return NbrunsRegistryStore(store_uri)


class NotebookExperiment:
    """The experiment of runs that name none: that of the notebook they are started in."""

    def in_context(self) -> bool:
        """Whether this is a notebook's kernel that writes to an `nbruns:` store."""
        return self._find() is not None

    def get_experiment_id(self) -> str | None:
        """The id of the notebook's experiment, which its first run makes."""
        found = self._find()
        if found is None:
            return None
        store, notebook = found
        return store.notebooks.experiment(notebook.notebook_id).experiment_id

    def _find(self) -> tuple[Store, Notebook] | None:
        store, session = _local_store(), _kernel_session()
        notebook = session.notebook(store) if store is not None and session is not None else None
        return None if store is None or notebook is None else (store, notebook)


class NotebookContext:
    """The tags of a run that say where it was started."""

    def in_context(self) -> bool:
        """Whether the run goes to an `nbruns:` store."""
        return _local_store() is not None

    def tags(self) -> dict[str, str]:
        """Process, and in a notebook's kernel the notebook, the kernel and the cell."""
        from nbruns.kernel.capture import executing_cell
        from nbruns.kernel.session import process_tags
        from nbruns.protocol import names

        store, session = _local_store(), _kernel_session()
        if store is None:
            return {}
        tags = process_tags(store)
        if session is None:
            return tags
        cell, notebook = executing_cell(), session.notebook(store)
        if cell is not None:
            tags[names.CELL_TAG] = cell
        if notebook is not None:
            tags[names.NOTEBOOK_TAG] = notebook.notebook_id
            tags[names.SOURCE_NAME_TAG] = notebook.path
            tags[names.SOURCE_TYPE_TAG] = "NOTEBOOK"
        return tags


def _local_store() -> Store | None:
    """The store MLflow's tracking URI names, if it is one of ours in this process."""
    import mlflow

    uri = mlflow.get_tracking_uri()
    if uri.partition(":")[0] != "nbruns":
        return None
    from nbruns.mlflow_store.homes import store_at

    return store_at(uri)


def _kernel_session() -> Session | None:
    from nbruns.kernel.session import current

    return current()
