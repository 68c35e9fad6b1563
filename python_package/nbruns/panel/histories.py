"""Metrics of runs over time as the charts draw them, fetched once for each new point.

A run's history is kept under its newest point: ticking one run more fetches that run only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from nbruns.panel.client import Client
from nbruns.records import MetricPoint, Run

Points = list[MetricPoint]
Steps = tuple[int, int]
_MOST_KEPT = 400
# As many as MLflow's protocol allows.
_RUNS_A_REQUEST = 100
# What a chart of a few hundred pixels shows of one line, and what is sent of all together.
_A_LINE, _ALL_LINES, _FEWEST = 1000, 5000, 200
_A_SMALL_LINE = 160


def points_per_line(lines: int, *, small: bool = False) -> int:
    """How many points of each of some lines are worth fetching."""
    return _A_SMALL_LINE if small else max(_FEWEST, min(_A_LINE, _ALL_LINES // max(lines, 1)))


class Histories:
    """Histories fetched so far, the least used forgotten first."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._kept: OrderedDict[tuple[str, str, int, Steps | None], tuple[str, Points]] = (
            OrderedDict()
        )

    async def of(
        self, runs: Sequence[Run], metric: str, *, points: int, steps: Steps | None = None
    ) -> dict[str, Points]:
        """A metric's points by run, thinned where there are more, between two steps or all.

        Runs without the metric are left out.
        """
        newest = {run.run_id: _newest(run, metric) for run in runs}
        logged = [run_id for run_id, point in newest.items() if point]
        stale = [
            run_id
            for run_id in logged
            if self._kept.get((run_id, metric, points, steps), ("",))[0] != newest[run_id]
        ]
        for place in range(0, len(stale), _RUNS_A_REQUEST):
            some = stale[place : place + _RUNS_A_REQUEST]
            found = await self._client().histories(some, metric, points=points, steps=steps)
            for run_id in some:
                self._kept[run_id, metric, points, steps] = (newest[run_id], found.get(run_id, []))
        answer = {run_id: self._take(run_id, metric, points, steps) for run_id in logged}
        while len(self._kept) > max(_MOST_KEPT, len(logged)):
            self._kept.popitem(last=False)
        return {run_id: found for run_id, found in answer.items() if found}

    async def around(
        self,
        runs: Sequence[Run],
        metric: str,
        *,
        points: int,
        steps: Steps,
    ) -> dict[str, Points]:
        """The same, with the points between two steps in more detail than the rest."""
        whole = await self.of(runs, metric, points=points)
        fine = await self.of(runs, metric, points=points, steps=steps)
        return {
            run_id: _joined(each, fine.get(run_id, []), steps) for run_id, each in whole.items()
        }

    def _take(self, run_id: str, metric: str, points: int, steps: Steps | None) -> Points:
        self._kept.move_to_end((run_id, metric, points, steps))
        return self._kept[run_id, metric, points, steps][1]


def _newest(run: Run, metric: str) -> str:
    # As text: NaN is not equal to itself.
    return next((repr(point) for point in run.metrics if point.key == metric), "")


def _joined(whole: Points, fine: Points, steps: Steps) -> Points:
    first, last = steps
    before = [point for point in whole if point.step < first]
    return [*before, *fine, *(point for point in whole if point.step > last)]
