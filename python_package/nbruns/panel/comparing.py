"""Fetches what the comparison shows: the runs of the list, their histories, what changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbruns.charts.dimensions import brushed
from nbruns.charts.series import series_of
from nbruns.panel.chart_settings import OF_MANY
from nbruns.panel.code_changes import CodeChanges
from nbruns.panel.compare import Compare, Plan
from nbruns.panel.difference_table import in_order
from nbruns.panel.feed import Feed
from nbruns.panel.histories import Histories, Steps, points_per_line
from nbruns.panel.selection import Selection
from nbruns.records import MetricPoint, Run

# More points than this are a cloud, and more lines a wall.
MOST_CHARTED = 500
Range = tuple[float, float]
Points = Mapping[str, Sequence[MetricPoint]]


class Comparing:
    """Keeps the comparison true to the ticked runs and to the list; `feed` gives that of now."""

    def __init__(self, selection: Selection, feed: Callable[[], Feed], compare: Compare) -> None:
        self.selection = selection
        self.compare = compare
        self._feed = feed
        self._histories = Histories(lambda: self._feed().client)
        self._changes = CodeChanges(lambda: self._feed().client)
        self._zooms: dict[str, tuple[str, Range]] = {}

    async def renew(self, ticked: Sequence[Run]) -> None:
        """Show the charts and the differences as they are now."""
        feed, picked = self._feed(), self.selection.ticked
        settings = self.compare.settings
        of_list = len(ticked) < 2 or (settings.scope == "listed" and settings.kind in OF_MANY)
        listed = await feed.listed(self.selection, MOST_CHARTED) if of_list else ()
        plan = self.compare.plan(ticked, listed)
        self._brush(plan)
        compared = in_order(ticked, settings.baseline) if len(ticked) > 1 else []
        self._tell(compared, self._changes.known(compared))
        histories = {metric: await self._fetched(plan, metric) for metric in plan.metrics}
        if feed is not self._feed() or picked != self.selection.ticked:
            return
        # A brush makes the list shorter than what is charted of it.
        count = len(listed) if of_list else min(feed.count, MOST_CHARTED)
        more = count == MOST_CHARTED and (of_list or feed.count > count)
        self.compare.show(plan, histories, ticked=ticked, listed=count, more=more)
        # Last, for it is the longest to fetch: curves do not wait for cells.
        if compared and self._changes.known(compared) is None:
            changes = await self._changes.of(compared)
            if picked == self.selection.ticked:
                self._tell(compared, changes)

    def _tell(self, compared: Sequence[Run], changes: Mapping[str, Any] | None) -> None:
        self.compare.differences.show(
            compared,
            self.selection.colours,
            changes=changes,
            directions=self.selection.directions,
        )

    def zoom(self, metric: str, seen: Range | None) -> None:
        """Note which part of a chart's x axis is looked at, None for all of it."""
        if seen is None:
            self._zooms.pop(metric, None)
        else:
            self._zooms[metric] = (self.compare.settings.over, seen)

    def put_away(self) -> None:
        """Filter the list no more: the chart that was brushed is not to be seen."""
        self.selection.brushed = None

    def _brush(self, plan: Plan) -> None:
        brush = plan.settings.brush
        if plan.settings.kind != "parallel" or not brush:
            self.selection.brushed = None
        else:
            kept = brushed(plan.runs, brush)
            self.selection.brushed = tuple(run.run_id for run in kept)

    async def _fetched(self, plan: Plan, metric: str) -> Points:
        if plan.settings.kind == "bar":
            return {}
        points = points_per_line(len(plan.runs), small=plan.settings.many)
        whole = await self._histories.of(plan.runs, metric, points=points)
        over, seen = self._zooms.get(metric, ("", None))
        if seen is None or over != plan.settings.over:
            return whole
        steps = steps_within(plan, whole, seen)
        if steps is None:
            return whole
        return await self._histories.around(plan.runs, metric, points=points, steps=steps)


def steps_within(plan: Plan, histories: Points, seen: Range) -> Steps | None:
    """The steps that a part of the x axis shows, a point more on either side."""
    curves, _ = series_of(plan.runs, histories, plan.settings.over)
    ends: list[int] = []
    for curve in curves:
        points = histories[curve.run.run_id]
        first = max(bisect_left(curve.xs, seen[0]) - 1, 0)
        last = min(bisect_right(curve.xs, seen[1]), len(points) - 1)
        ends += [points[first].step, points[last].step]
    return (min(ends), max(ends)) if ends and min(ends) < max(ends) else None
