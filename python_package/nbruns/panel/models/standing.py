"""How a version stands against its baseline: metrics with deltas, what differs, in one sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nbruns.errors import NotFound, NotPermitted
from nbruns.panel.client import Client
from nbruns.panel.code_changes import CodeChanges
from nbruns.panel.columns import known_direction
from nbruns.panel.differences import ABSENT, Section, sections
from nbruns.panel.models.baselines import Baseline, baselines, chosen
from nbruns.panel.models.place import Place
from nbruns.panel.models.version_client import NEWEST, VersionClient
from nbruns.panel.models.version_feed import Known, measured
from nbruns.panel.wording import exact, number
from nbruns.records import MetricPoint, ModelVersion, Run

Json = dict[str, Any]
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Sides:
    """A version's numbers and its baseline's; `trouble` says what keeps them from comparison.

    Where the baseline's run is gone, `run` is what its model alone has measured.
    """

    known: Known
    choices: tuple[Baseline, ...] = ()
    baseline: Baseline | None = None
    run: Run | None = None
    has_run: bool = False
    trouble: str = ""
    sentence: str = ""

    @property
    def pair(self) -> list[Run]:
        """The two source runs, the baseline's first; empty where they are not two."""
        own, other = self.known.run, self.run
        if own is None or other is None or not self.has_run or own.run_id == other.run_id:
            return []
        return [other, own]

    @property
    def can_open(self) -> bool:
        """Whether the list of runs can show both: it is one experiment's, without its trash."""
        pair = self.pair
        is_one = len({run.experiment_id for run in pair}) == 1
        return is_one and {run.stage for run in pair} == {"active"}


class Standing:
    """Fetches the baseline's side, once for each; `key` is the baseline the reader asked for."""

    def __init__(self, client: VersionClient) -> None:
        self.client = client
        self.key: str | None = None
        self._changes = CodeChanges(lambda: Client(client.connection))
        self._found: tuple[object, Sides] | None = None

    async def sides(self, known: Known) -> Sides:
        """Both sides, as far as they are known."""
        if known.version is None:
            return Sides(known)
        aliases: Mapping[str, int] = {}
        if len(known.others) >= NEWEST:
            aliases = await self.client.aliases(known.version.name)
        choices = tuple(baselines(known.version, known.others, aliases))
        baseline = chosen(choices, self.key)
        sides = Sides(known, choices, baseline)
        if baseline is None:
            return sides
        found = await self._side(known, baseline.version)
        sides = replace(sides, run=found.run, has_run=found.has_run, trouble=found.trouble)
        pair = sides.pair
        return replace(sides, sentence=_sentence(self._changes.known(pair)) if pair else "")

    async def with_sentence(self, sides: Sides) -> Sides:
        """What differs between the two source runs, in one sentence."""
        pair = sides.pair
        return replace(sides, sentence=_sentence(await self._changes.of(pair))) if pair else sides

    async def _side(self, known: Known, number: int) -> Sides:
        """The baseline's side, from what was fetched of it last where it is the same one."""
        name = known.place.name
        if self._found is None or self._found[0] != (name, number):
            version = next((one for one in known.others if one.version == number), None)
            side = await self._fetch(version or await self.client.get(name, number))
            self._found = ((name, number), side)
        return self._found[1]

    async def _fetch(self, version: ModelVersion) -> Sides:
        """A version's source run, with its own model's metrics where the run made several."""
        run = model = None
        with contextlib.suppress(NotFound, NotPermitted):
            run = await self.client.run(version.run_id) if version.run_id else None
        if version.model_id and (run is None or len(run.model_outputs) > 1):
            with contextlib.suppress(NotFound, NotPermitted):
                model = await self.client.logged_model(version.model_id)
        found = measured(run, model)
        gone = f"The run that version {version.version} came from cannot be seen."
        return Sides(
            Known(Place()),
            run=found,
            has_run=run is not None,
            trouble="" if found is not None else gone,
        )


def standing_of(sides: Sides, directions: Mapping[str, str]) -> Json:
    """What the browser is told: metrics beside the baseline's, and parameters that differ."""
    own, base = sides.known.measured, sides.baseline
    told: Json = {
        "choices": [{"key": one.key, "words": one.words} for one in sides.choices],
        "key": base.key if base else None,
        "to": Place.of_version(sides.known.place.name, base.version).text if base else "",
        "version": base.version if base else 0,
        "trouble": sides.trouble,
        "sentence": sides.sentence,
        "same_run": False,
        "can_open": False,
        "metrics": [],
        "params": [],
        "more": 0,
    }
    if own is None:
        return told
    if sides.run is None:
        return told | _rows([_alone(point) for point in own.metrics], [])
    known = {p.key: known_direction(directions, p.key) for p in own.metrics}
    parts = {part.key: part for part in sections([sides.run, own], directions=known)}
    metrics = _metrics(parts.get("metrics"))
    params = [
        {"name": row.name, "text": row.cells[1].text, "other": row.cells[0].text}
        for row in (parts["params"].rows if "params" in parts else ())
    ]
    here = sides.known.run
    same_run = here is not None and here.run_id == sides.run.run_id
    return told | _rows(metrics, params) | {"same_run": same_run, "can_open": sides.can_open}


def _sentence(changes: Mapping[str, Any] | None) -> str:
    return str((changes or {}).get("sentence", ""))


def _rows(metrics: list[Json], params: list[Json]) -> Json:
    # What only the baseline has measured comes last.
    metrics.sort(key=lambda row: (row["text"] == ABSENT.text, str(row["name"])))
    more = max(len(metrics) - MOST_ROWS, 0) + max(len(params) - MOST_ROWS, 0)
    return {"metrics": metrics[:MOST_ROWS], "params": params[:MOST_ROWS], "more": more}


def _metrics(part: Section | None) -> list[Json]:
    if part is None:
        return []
    rows = []
    for row in part.rows:
        other, own = row.cells
        rows.append(
            {
                "name": row.name,
                "text": own.text,
                "full": own.full,
                "other": other.text,
                "other_full": other.full,
                "delta": own.delta,
                "mood": own.mood,
            }
        )
    same = {"delta": "±0", "mood": "", "full": "", "other_full": ""}
    rows += [{"name": name, "text": text, "other": text, **same} for name, text in part.same]
    return rows


def _alone(point: MetricPoint) -> Json:
    return {"name": point.key, "text": number(point.value), "full": exact(point.value)}
