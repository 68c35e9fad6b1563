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


# MLflow's id of the experiment that is always there.
_DEFAULT = "0"


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
    """The experiment of runs that name none: that of the notebook or script they are started in."""

    def in_context(self) -> bool:
        """Whether this is a notebook's kernel, or a script, that writes to an `nbruns:` store."""
        return self._find() is not None

    def get_experiment_id(self) -> str | None:
        """The id of the notebook's or script's experiment, which its first run makes."""
        found = self._find()
        if found is None:
            return None
        store, notebook = found
        from nbruns.kernel.faults import harmless

        experiment_id = _DEFAULT
        with harmless("find the notebook's experiment"):
            experiment_id = store.notebooks.experiment(notebook.notebook_id).experiment_id
        return experiment_id

    def _find(self) -> tuple[Store, Notebook] | None:
        store, session = _local_store(), _kernel_session()
        notebook = _notebook(store, session)
        return None if store is None or notebook is None else (store, notebook)


class NotebookContext:
    """The tags of a run that say where it was started."""

    def in_context(self) -> bool:
        """Whether the run goes to an `nbruns:` store."""
        return _local_store() is not None

    def tags(self) -> dict[str, str]:
        """Process, and in a notebook's kernel the notebook, the kernel and the cell."""
        from nbruns.kernel.faults import harmless

        tags: dict[str, str] = {}
        store = _local_store()
        if store is not None:
            with harmless("say where the run was started"):
                _tell_where(store, tags)
        return tags


def _tell_where(store: Store, tags: dict[str, str]) -> None:
    from nbruns.kernel.capture import executing_cell
    from nbruns.kernel.session import notebook_tags, process_tags
    from nbruns.protocol.names import CELL_TAG

    tags.update(process_tags(store))
    session = _kernel_session()
    if session is None:
        return
    cell, notebook = executing_cell(), _notebook(store, session)
    if cell is not None:
        tags[CELL_TAG] = cell
    if notebook is not None:
        tags.update(notebook_tags(notebook))


def _local_store() -> Store | None:
    """The store MLflow's tracking URI names, if it is one of ours in this process."""
    import mlflow

    uri = mlflow.get_tracking_uri()
    if uri.partition(":")[0] != "nbruns":
        return None
    from nbruns.mlflow_store.homes import store_at

    try:
        return store_at(uri)
    except Exception:
        # Said by the tracking store, which is asked next.
        return None


def _notebook(store: Store | None, session: Session | None) -> Notebook | None:
    from nbruns.kernel.faults import harmless

    with harmless("find the notebook in the store"):
        if store is not None:
            return _script(store) if session is None else session.notebook(store)
    return None


def _script(store: Store) -> Notebook | None:
    """The script this process was started with, known as a notebook is."""
    from nbruns.kernel.script import script_path

    path = script_path()
    if path is None:
        return None
    return store.notebooks.find_by_path(str(path)) or store.notebooks.resolve(str(path))


def _kernel_session() -> Session | None:
    from nbruns.kernel.session import current

    return current()
