"""Brings what the views show from the server: the notebook's runs, their versions and models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nbruns.panel.client import PAGE_SIZE, Client
from nbruns.panel.registry import models_in_tags
from nbruns.panel.run_pages import RunPages
from nbruns.panel.signature import Signature, read_signature
from nbruns.records import LoggedModel, MetricPoint, ModelVersion, Run

Histories = dict[str, list[MetricPoint]]


@dataclass
class Feed:
    """The runs of one notebook as far as they were fetched, and what was read about them.

    Another notebook gets another feed: what is still on its way for this one ends up here.
    """

    client: Client
    experiment_id: str | None = None
    title: str = ""
    pages: RunPages = field(default_factory=RunPages)
    versions: dict[str, list[ModelVersion]] = field(default_factory=dict)
    _models: dict[tuple[str, int, str], list[LoggedModel]] = field(default_factory=dict)
    _signatures: dict[str, Signature] = field(default_factory=dict)
    _drawn: tuple[object, Histories] | None = None

    async def find_experiment(self, path: str) -> bool:
        """Learn which experiment a notebook has; whether it has one."""
        notebook = await self.client.find_notebook(path)
        if notebook is None or notebook.experiment_id is None:
            return False
        self.experiment_id = notebook.experiment_id
        self.title = await self.client.experiment_name(notebook.experiment_id)
        return True

    async def refresh(self, order: str, visible: Sequence[str], reading_from: int) -> None:
        """Fetch the first page again, and the runs in sight where they lie further down."""
        if self.experiment_id is None:
            return
        page = await self.client.search_runs(self.experiment_id, order=[order])
        self.pages.refresh(page, reading_from=reading_from)
        fresh = {run.run_id for run in page.items}
        further_down = [run_id for run_id in visible if run_id not in fresh]
        if further_down and reading_from >= PAGE_SIZE:
            self.pages.replace(await self.client.get_runs(self.experiment_id, further_down))
        await self.refresh_versions([*fresh, *further_down])
        if not page.items:
            # It may have been deleted: the notebook's next run then makes another one.
            self.experiment_id = None

    async def extend(self, order: str) -> None:
        """Fetch the next page."""
        pages = self.pages
        token = pages.next_token
        if self.experiment_id is None or token is None:
            return
        page = await self.client.search_runs(self.experiment_id, order=[order], token=token)
        # Pages of another order may have taken the place of these in the meantime.
        pages.extend(page)
        await self.refresh_versions([run.run_id for run in page.items])

    async def refresh_versions(self, run_ids: Sequence[str]) -> None:
        """Learn which versions came out of these runs."""
        found = await self.client.versions_of(run_ids)
        self.versions = {k: v for k, v in self.versions.items() if k not in set(run_ids)}
        for version in found:
            self.versions.setdefault(version.run_id, []).append(version)

    async def models_of(self, run: Run) -> list[LoggedModel]:
        """The models a run logged; asked again once it has logged another or has ended."""
        key = (run.run_id, len(run.model_outputs), run.status)
        if key not in self._models:
            models = await self.client.models_of(run) or models_in_tags(run)
            if run.status == "RUNNING":
                return models
            self._models[key] = models
        return self._models[key]

    async def signatures_of(self, models: Sequence[LoggedModel]) -> dict[str, Signature]:
        """The signatures of models, read from their files once."""
        for model in models:
            if model.model_id not in self._signatures and model.status == "READY":
                text = await self.client.describe_model(model)
                self._signatures[model.model_id] = read_signature(text)
        return self._signatures

    async def histories(self, runs: Sequence[Run], metric: str) -> Histories:
        """A metric of some runs over time; fetched only when one of them has a new point."""
        newest = tuple(
            (run.run_id, tuple(point for point in run.metrics if point.key == metric))
            for run in runs
        )
        # NaN is not equal to itself; its text is.
        asked = (metric, repr(newest))
        if self._drawn is None or self._drawn[0] != asked:
            found = await self.client.histories([run.run_id for run in runs], metric)
            self._drawn = (asked, found)
        return self._drawn[1]

    async def picked(self, run_ids: Sequence[str]) -> list[Run]:
        """The records of ticked runs, in the order of ticking; those that are gone are left out."""
        known = {run.run_id: run for run in self.pages.runs}
        missing = [run_id for run_id in run_ids if run_id not in known]
        if missing and self.experiment_id is not None:
            for run in await self.client.get_runs(self.experiment_id, missing):
                known[run.run_id] = run
        return [known[run_id] for run_id in run_ids if run_id in known]
