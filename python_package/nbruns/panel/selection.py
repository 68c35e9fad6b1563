"""What is picked in the panel: the one thing all its views follow."""

from __future__ import annotations

from collections.abc import Iterable

import traitlets as t

NEWEST_FIRST = "attributes.start_time DESC"

# Told apart by people who confuse red and green, on white and on near-black alike.
COLOURS = (
    "#3f7fd9",
    "#e58a1f",
    "#1fa187",
    "#d1495b",
    "#8f63c9",
    "#b5a12c",
    "#3fa7c9",
    "#c26fa8",
    "#6d9b3a",
    "#8a7a6d",
)


Picked = tuple[tuple[str, ...], dict[str, str], str | None]
NOTHING_PICKED: Picked = ((), {}, None)


class Selection(t.HasTraits):
    """Ticked runs with their colours, the metric drawn, the order, the run being registered."""

    ticked = t.Tuple()
    colours: t.Dict[str, str] = t.Dict()
    metric = t.Unicode(None, allow_none=True)
    order = t.Unicode(NEWEST_FIRST)
    registering = t.Unicode(None, allow_none=True)

    @property
    def picked(self) -> Picked:
        """The ticks, their colours and the metric, to be picked again later."""
        return self.ticked, self.colours, self.metric

    @picked.setter
    def picked(self, picked: Picked) -> None:
        ticked, self.colours, metric = picked
        self._set(ticked)
        self.metric = metric

    def toggle(self, run_id: str) -> None:
        """Tick a run, or untick it."""
        if run_id in self.ticked:
            self._set(other for other in self.ticked if other != run_id)
        else:
            self._set((*self.ticked, run_id))

    def only(self, run_id: str) -> None:
        """Tick this run alone; untick it when it is alone already."""
        self._set(() if self.ticked == (run_id,) else (run_id,))

    def clear(self) -> None:
        """Untick every run."""
        self._set(())

    def forget(self, gone: Iterable[str]) -> None:
        """Untick runs that are no more."""
        lost = set(gone)
        self._set(run_id for run_id in self.ticked if run_id not in lost)

    def sort_by(self, column: str) -> None:
        """Order by a search column, falling values first; asked again, turn the order round."""
        falling = f"{column} DESC"
        self.order = f"{column} ASC" if self.order == falling else falling

    def _set(self, run_ids: Iterable[str]) -> None:
        ticked = tuple(run_ids)
        # Colours first: whoever hears of the ticks finds them there.
        self.colours = colours_for(ticked, self.colours)
        if self.registering is not None and self.registering not in ticked:
            self.registering = None
        self.ticked = ticked


def colours_for(run_ids: Iterable[str], before: dict[str, str]) -> dict[str, str]:
    """A colour for each run: the one it had, else the first that is free."""
    wanted = list(run_ids)
    given = {run_id: before[run_id] for run_id in wanted if run_id in before}
    for run_id in wanted:
        if run_id not in given:
            free = [colour for colour in COLOURS if colour not in given.values()]
            given[run_id] = free[0] if free else COLOURS[len(given) % len(COLOURS)]
    return given
