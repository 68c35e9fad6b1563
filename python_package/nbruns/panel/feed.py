"""Brings what the views show from the server: the rows in sight, versions, models."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nbruns.panel.client import Client
from nbruns.panel.columns import Column, Columns, listed
from nbruns.panel.list_client import ListClient, Part, Wanted
from nbruns.panel.list_rows import ROW_TAGS, spark_text
from nbruns.panel.registry import models_of_old_clients
from nbruns.panel.run_filter import as_filter
from nbruns.panel.run_window import RunWindow
from nbruns.panel.selection import NEWEST_FIRST, Selection
from nbruns.panel.signature import Signature, read_signature
from nbruns.records import (
    Experiment,
    ListedRun,
    LoggedModel,
    ModelVersion,
    Notebook,
    Run,
    RunCounts,
)

_OURS_ALONE = "attributes.duration"


@dataclass
class Feed:
    """The runs of one experiment as far as they were fetched, and what was read about them.

    Another notebook gets another feed: what is still on its way for this one ends up here.
    """

    client: Client
    experiment_id: str | None = None
    title: str = ""
    notebook: Notebook | None = None
    window: RunWindow = field(default_factory=RunWindow)
    columns: list[Column] = field(default_factory=list)
    counts: RunCounts = field(default_factory=RunCounts)
    best: str | None = None
    versions: dict[str, list[ModelVersion]] = field(default_factory=dict)
    sparks: dict[tuple[str, str], str] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=lambda: Wanted(""))
    _columns: Columns = field(default_factory=Columns)
    _drawn: dict[tuple[str, str], str] = field(default_factory=dict)
    _listed: tuple[object, list[Run]] | None = None
    _renewals: int = 0
    _models: dict[tuple[str, int, str], list[LoggedModel]] = field(default_factory=dict)
    _signatures: dict[str, Signature] = field(default_factory=dict)

    @property
    def lists(self) -> ListClient:
        """The calls about lists."""
        return ListClient(self.client.connection)

    @property
    def count(self) -> int:
        """How many rows the list has."""
        return self.window.total or 0

    async def find_notebook(self, path: str) -> None:
        """Learn which notebook lies at a path, and so which experiment is its own."""
        self.notebook = await self.client.find_notebook(path)

    async def look_up(self, experiment_id: str) -> Experiment:
        """Show an experiment from now on."""
        experiment = await self.client.experiment(experiment_id)
        self.experiment_id, self.title = experiment_id, experiment.name
        return experiment

    async def refresh(
        self, selection: Selection, first: int, count: int, *, show: Callable[[], None]
    ) -> int:
        """Fetch the rows of a range anew; how far they moved down under a reader.

        Of another list than before `show` is called as soon as there are rows: to count
        all that match takes longer than to find the first.
        """
        if self.experiment_id is None:
            return 0
        former = self.wanted
        if not await self._hasten(selection, first, count, show):
            return 0
        wanted, part = await self._newest(selection, first, count)
        if first and not part.rows and part.total:
            first = max(0, part.total - count)
            part = await self.lists.part(wanted, first, count)
        is_same = wanted == former
        self.wanted, self.counts, self.best = wanted, part.counts, part.best
        self._renewals += 1
        moved = self.window.renew(first, part.rows, part.total)
        await self.complete(part.rows)
        if not part.counts.by_status and not wanted.is_trash:
            # It may have been deleted: the notebook's next run then makes another one.
            self.experiment_id = None
        return moved if is_same else 0

    async def _hasten(
        self, selection: Selection, first: int, count: int, show: Callable[[], None]
    ) -> bool:
        """Show the rows of another list before all is counted; whether that list is still wanted.

        How long it is, is guessed meanwhile, unless it ends with these rows.
        """
        wanted, former = self._wanted(selection, self.columns), self.wanted
        if wanted == former or wanted.experiment_id != former.experiment_id:
            return True
        part = await self.lists.part(wanted, first, count, totals=False)
        if self._wanted(selection, self.columns) != wanted:
            return False
        if (wanted.order, wanted.filter_text) != (former.order, former.filter_text):
            self.best = None
        self.wanted, end = wanted, first + len(part.rows)
        is_end = 0 < len(part.rows) < count
        self.window.renew(first, part.rows, end if is_end else max(end, self.count))
        show()
        await self.complete(part.rows)
        show()
        return self._wanted(selection, self.columns) == wanted

    async def reach(self, first: int, count: int) -> None:
        """Fetch the rows of another range of the same list."""
        wanted = self.wanted
        part = await self.lists.part(wanted, first, count, totals=False)
        if wanted == self.wanted:
            self.window.add(first, part.rows)
            await self.complete(part.rows)

    async def place_of(self, run_id: str) -> int | None:
        """Where a run stands in the list, None where it is not in it."""
        near = self.window.place_of(run_id)
        return await self.lists.place(self.wanted, run_id) if near is None else near

    def is_of(self, selection: Selection) -> bool:
        """Whether what was fetched is the list that is selected now."""
        return self._wanted(selection, self.columns) == self.wanted

    async def complete(self, rows: Sequence[ListedRun]) -> None:
        """Learn which versions came out of some rows, and how their metrics went."""
        run_ids = [row.run.run_id for row in rows]
        await asyncio.gather(self._refresh_versions(run_ids), self._refresh_sparks(rows))

    async def _newest(self, selection: Selection, first: int, count: int) -> tuple[Wanted, Part]:
        """What is wanted now, and its rows: asked twice where new metrics change the columns."""
        wanted = self._wanted(selection, self.columns)
        part = await self.lists.part(wanted, first, count)
        columns = self._columns.of(selection, part.keys)
        if columns != self.columns:
            self.columns = columns
            changed = self._wanted(selection, columns)
            if changed != wanted:
                wanted, part = changed, await self.lists.part(changed, first, count)
        return wanted, part

    def _wanted(self, selection: Selection, columns: Sequence[Column]) -> Wanted:
        filter_text = selection.list_filter
        is_folded = (
            not filter_text and not selection.trash and selection.order.startswith("attributes.")
        )
        return Wanted(
            self.experiment_id or "",
            filter_text,
            selection.order,
            listed(columns, tags=ROW_TAGS),
            tuple(selection.expanded) if is_folded else (),
            is_folded,
            selection.trash,
        )

    async def _refresh_versions(self, run_ids: Sequence[str]) -> None:
        found = await self.client.versions_of(run_ids)
        self.versions = {k: v for k, v in self.versions.items() if k not in set(run_ids)}
        for version in found:
            self.versions.setdefault(version.run_id, []).append(version)

    async def _refresh_sparks(self, rows: Sequence[ListedRun]) -> None:
        """Fetch the curves of those rows that have logged since."""
        newest = {
            (row.run.run_id, point.key): repr(point) for row in rows for point in row.run.metrics
        }
        changed = [place for place, said in newest.items() if self._drawn.get(place) != said]
        if not changed:
            return
        run_ids, keys = ({place[i] for place in changed} for i in (0, 1))
        found = await self.lists.sparks(sorted(run_ids), sorted(keys))
        self._drawn |= {place: newest[place] for place in changed}
        self.sparks |= {
            (run_id, key): spark_text(values)
            for run_id, curves in found.items()
            for key, values in curves.items()
        }

    async def models_of(self, run: Run) -> list[LoggedModel]:
        """The models a run logged; asked again once it has logged another or has ended."""
        key = (run.run_id, len(run.model_outputs), run.status)
        if key not in self._models:
            models = await self.client.models_of(run) or models_of_old_clients(run)
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

    async def picked(self, run_ids: Sequence[str]) -> list[Run]:
        """The records of ticked runs, in the order of ticking; those that are gone are left out."""
        if not run_ids or self.experiment_id is None:
            return []
        found = await self.client.get_runs(
            self.experiment_id, run_ids, is_trash=self.wanted.is_trash
        )
        known = {run.run_id: run for run in found}
        return [known[run_id] for run_id in run_ids if run_id in known]

    async def listed(self, selection: Selection, most: int) -> list[Run]:
        """The first runs of the list in full, as if nobody had brushed; fetched once a renewal."""
        if self.experiment_id is None:
            return []
        order = NEWEST_FIRST if selection.order.startswith(_OURS_ALONE) else selection.order
        asked = (as_filter(selection.filter_text), order, most, self._renewals)
        if self._listed is None or self._listed[0] != asked:
            page = await self.client.search_runs(
                self.experiment_id, order=[order], filter_text=asked[0], limit=most
            )
            self._listed = (asked, page.items)
        return self._listed[1]
