"""This notebook's runs as the commands look them up: in the file, or by way of MLflow.

Where the store is ours and local it is read directly: a table or a completion then needs no
`import mlflow`, which takes most of a second.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from nbruns.identity import home_folder
from nbruns.kernel.session import current
from nbruns.kernel.tracking import STORE_URI

if TYPE_CHECKING:
    from nbruns.kernel.session import Session
    from nbruns.records import Run
    from nbruns.store import Store

_BEGINNING_OF_ID = re.compile(r"[0-9a-f]{4,32}")
# Ids cannot be searched by their beginning in every store: they are looked for in this many.
_LOOKED_THROUGH = 1_000
_SUGGESTED = 5


def tracking_uri() -> str:
    """Where MLflow keeps the runs of this process."""
    mlflow = sys.modules.get("mlflow")
    # A module in the middle of its import has not got it yet.
    ask = getattr(mlflow, "get_tracking_uri", None)
    return str(ask()) if ask else os.environ.get("MLFLOW_TRACKING_URI") or STORE_URI


def registry_uri() -> str:
    """Where MLflow keeps the registered models of this process."""
    ask = getattr(sys.modules.get("mlflow"), "get_registry_uri", None)
    return str(ask()) if ask else os.environ.get("MLFLOW_REGISTRY_URI") or tracking_uri()


def local_home(uri: str) -> Path | None:
    """The home folder an address names; None where it is not ours on this machine."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(uri)
    if parts.scheme != "nbruns" or parts.netloc:
        return None
    return Path(url2pathname(parts.path)) if parts.path.strip("/") else home_folder()


@contextmanager
def store_of_notebook() -> Iterator[Store]:
    """The store on this machine that keeps the notebook, wherever its runs go."""
    from nbruns.store import Store

    store = Store.open(local_home(tracking_uri()) or home_folder())
    try:
        yield store
    finally:
        store.close()


@contextmanager
def local_store(uri: str = "") -> Iterator[Store | None]:
    """The store of the runs, open for a moment; None where MLflow keeps them elsewhere."""
    home = local_home(uri or tracking_uri())
    if home is None:
        yield None
        return
    from nbruns.store import Store

    store = Store.open(home)
    try:
        yield store
    finally:
        store.close()


def search(filter_text: str = "", *, limit: int = 50) -> list[Run]:
    """This notebook's runs that match a filter, newest first.

    Raises InvalidValue (or MLflow's exception) for a filter that cannot be read.
    """
    session = current()
    with local_store() as store:
        # Outside a kernel, MLflow knows which experiment a program's runs go to.
        if store is None or session is None:
            return _search_by_mlflow(filter_text, limit)
        from nbruns.conditions import Search
        from nbruns.protocol.filters import parse_search
        from nbruns.protocol.grammar import RUNS

        asked = parse_search(filter_text, [], RUNS) if filter_text else Search()
        experiment_id = _experiment_id(store, session)
        if experiment_id is None:
            return []
        page = store.runs.search([experiment_id], asked, view="active", limit=limit, token=None)
        return page.items


def find(reference: str, command: str) -> Run:
    """The run meant by an id, the beginning of an id, or a name (then the newest of that name)."""
    if "'" not in reference:
        named = search(f"attributes.run_name = '{reference}'", limit=1)
    else:
        named = [run for run in search(limit=_LOOKED_THROUGH) if run.name == reference][:1]
    if named:
        return named[0]
    if re.fullmatch(r"[0-9a-f]{32}", reference):
        return _get(reference)
    recent = search(limit=_LOOKED_THROUGH)
    if _BEGINNING_OF_ID.fullmatch(reference):
        meant = [run for run in recent if run.run_id.startswith(reference)]
        if len(meant) == 1:
            return meant[0]
        if meant:
            ids = ", ".join(run.run_id[:12] for run in meant[:_SUGGESTED])
            raise UsageError(f"{command}: '{reference}' begins more than one id: {ids}")
    names = list(dict.fromkeys(f"'{run.name}'" for run in recent))[:_SUGGESTED]
    known = f"its newest are {', '.join(names)}" if names else "it has none yet"
    raise UsageError(f"{command}: this notebook has no run '{reference}'; {known}")


def newest(command: str) -> Run:
    """The notebook's newest run."""
    found = search(limit=1)
    if not found:
        raise UsageError(f"{command}: this notebook has no runs yet")
    return found[0]


def active_run() -> Any:
    """MLflow's active run; there is none before MLflow is imported."""
    ask = getattr(sys.modules.get("mlflow"), "active_run", None)
    return ask() if ask else None


def other_experiment() -> str | None:
    """The experiment that was chosen here instead of the notebook's own."""
    fluent = sys.modules.get("mlflow.tracking.fluent")
    chosen = getattr(fluent, "_active_experiment_id", None) or os.environ.get(
        "MLFLOW_EXPERIMENT_ID"
    )
    return str(chosen) if chosen else None


def _experiment_id(store: Store, session: Session) -> str | None:
    """The experiment that runs started here go to; None before a notebook's first run."""
    chosen = other_experiment()
    if chosen is not None:
        return chosen
    notebook = session.notebook(store)
    return notebook.experiment_id if notebook is not None else "0"


def _search_by_mlflow(filter_text: str, limit: int) -> list[Run]:
    import mlflow

    found: Any = mlflow.search_runs(
        filter_string=filter_text, max_results=limit, output_format="list"
    )
    return [run_of(one) for one in found]


def _get(run_id: str) -> Run:
    with local_store() as store:
        if store is not None:
            return store.runs.get(run_id)
    import mlflow

    return run_of(mlflow.get_run(run_id))


def run_of(run: Any) -> Run:
    """MLflow's entity as our record."""
    from nbruns.records import MetricPoint, ModelLink, Run

    outputs = run.outputs.model_outputs if run.outputs else ()
    return Run(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        name=run.info.run_name or "",
        user=run.info.user_id or "",
        status=run.info.status,
        stage=run.info.lifecycle_stage,
        started_ms=run.info.start_time,
        ended_ms=run.info.end_time,
        artifact_uri=run.info.artifact_uri,
        params=run.data.params,
        tags=run.data.tags,
        metrics=tuple(MetricPoint(key, value) for key, value in run.data.metrics.items()),
        model_outputs=tuple(ModelLink(one.model_id) for one in outputs),
    )
