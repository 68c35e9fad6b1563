"""The calls the panel makes, each answering with records.

All but the notebook's own are MLflow's protocol, so that the panel works the same
when the server forwards it to an MLflow server elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from nbruns.errors import NotFound
from nbruns.panel.connection import Connection
from nbruns.protocol.messages import experiment_from_wire, metric_from_wire, run_from_wire
from nbruns.protocol.model_messages import (
    logged_model_from_wire,
    version_from_wire,
)
from nbruns.protocol.names import ARTIFACTS_PATH, OWN_PREFIX, PROXY_SCHEME
from nbruns.records import (
    Experiment,
    LoggedModel,
    MetricPoint,
    ModelVersion,
    Notebook,
    Page,
    Run,
)

_V2 = "api/2.0/mlflow/"
PAGE_SIZE = 100
MOST_POINTS = 1000
_MLMODEL_BYTES = 256 * 1024


class Client:
    """What the panel asks of the server."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def find_notebook(self, path: str) -> Notebook | None:
        """The notebook at a path, None while nbruns has not met it."""
        try:
            reply = await self.connection.get(f"{OWN_PREFIX}notebooks/get", path=path)
        except NotFound:
            return None
        found = reply.get("notebook")
        return _notebook(found) if found else None

    async def experiment(self, experiment_id: str) -> Experiment:
        """An experiment with its tags."""
        reply = await self.connection.get(f"{_V2}experiments/get", experiment_id=experiment_id)
        return experiment_from_wire(reply["experiment"])

    async def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an experiment."""
        body = {"experiment_id": experiment_id, "key": key, "value": value}
        await self.connection.post(f"{_V2}experiments/set-experiment-tag", body)

    async def search_runs(
        self,
        experiment_id: str,
        *,
        order: Sequence[str] = (),
        filter_text: str = "",
        token: str | None = None,
        limit: int = PAGE_SIZE,
        is_trash: bool = False,
    ) -> Page[Run]:
        """A page of an experiment's runs."""
        body: dict[str, Any] = {
            "experiment_ids": [experiment_id],
            "filter": filter_text,
            "run_view_type": "DELETED_ONLY" if is_trash else "ACTIVE_ONLY",
            "max_results": limit,
            "order_by": list(order),
        }
        if token:
            body["page_token"] = token
        reply = await self.connection.post(f"{_V2}runs/search", body)
        runs = [run_from_wire(item) for item in reply.get("runs", ())]
        return Page(runs, reply.get("next_page_token") or None)

    async def get_runs(
        self, experiment_id: str, run_ids: Sequence[str], *, is_trash: bool = False
    ) -> list[Run]:
        """Some runs of an experiment, in no order: the active ones, or those of the trash."""
        if not run_ids:
            return []
        named = ", ".join(f"'{run_id}'" for run_id in run_ids)
        page = await self.search_runs(
            experiment_id,
            filter_text=f"attributes.run_id IN ({named})",
            limit=len(run_ids),
            is_trash=is_trash,
        )
        return page.items

    async def histories(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        points: int = MOST_POINTS,
        steps: tuple[int, int] | None = None,
    ) -> dict[str, list[MetricPoint]]:
        """A metric of some runs over its steps, thinned by the server where it is long.

        Runs without it are left out; with `steps`, so is what lies before or after them.
        """
        ends = {"start_step": steps[0], "end_step": steps[1]} if steps else {}
        reply = await self.connection.get(
            "ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            run_ids=list(run_ids),
            metric_key=key,
            max_results=points,
            **ends,
        )
        found: dict[str, list[MetricPoint]] = {run_id: [] for run_id in run_ids}
        for item in reply.get("metrics", ()):
            point = metric_from_wire(item)
            found.setdefault(point.run_id or "", []).append(point)
        return {run_id: points for run_id, points in found.items() if points}

    async def models_of(self, run: Run) -> list[LoggedModel]:
        """The models a run logged, oldest first."""
        body = {
            "experiment_ids": [run.experiment_id],
            "filter": f"source_run_id = '{run.run_id}'",
            "max_results": 50,
        }
        reply = await self.connection.post(f"{_V2}logged-models/search", body)
        models = [logged_model_from_wire(item) for item in reply.get("models", ())]
        return sorted(models, key=lambda model: model.created_ms)

    async def describe_model(self, model: LoggedModel) -> str:
        """The text of a model's MLmodel file; empty where there is none to read."""
        scheme, _, path = model.artifact_uri.partition(":/")
        if scheme != PROXY_SCHEME:
            return ""
        try:
            return await self.connection.read_text(
                f"{ARTIFACTS_PATH}/{path.lstrip('/')}/MLmodel", most_bytes=_MLMODEL_BYTES
            )
        except NotFound:
            return ""

    async def versions_of(self, run_ids: Sequence[str]) -> list[ModelVersion]:
        """The registered versions that came out of some runs."""
        if not run_ids:
            return []
        named = ", ".join(f"'{run_id}'" for run_id in run_ids)
        reply = await self.connection.get(
            f"{_V2}model-versions/search", filter=f"run_id IN ({named})", max_results=1000
        )
        return [version_from_wire(item) for item in reply.get("model_versions", ())]


def _notebook(wire: dict[str, Any]) -> Notebook:
    """Our own records travel field by field; those of a newer server are left out."""
    known = {field.name for field in fields(Notebook)}
    return Notebook(**{name: value for name, value in wire.items() if name in known})
