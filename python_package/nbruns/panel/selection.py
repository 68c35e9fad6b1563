"""What is picked in the panel: the one thing all its views follow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

import traitlets as t

from nbruns.charts.palette import colours_for
from nbruns.panel.run_filter import as_filter
from nbruns.protocol.names import PARENT_RUN_TAG
from nbruns.records import Run

NEWEST_FIRST = "attributes.start_time DESC"

# What a link carries: a colour follows from a tick, and a form that is open is nobody else's.
KEPT = (
    "experiment_id",
    "filter_text",
    "order",
    "columns",
    "aggregates",
    "directions",
    "expanded",
    "trash",
    "ticked",
    "metric",
    "charts",
    "artifact",
    "experiments",
    "registry",
)

# What belongs to the runs of one experiment, and is put away with it.
_OF_EXPERIMENT = (
    "experiment_id",
    "filter_text",
    "order",
    "columns",
    "aggregates",
    "expanded",
    "metric",
    "trash",
)


class Selection(t.HasTraits):
    """What the reader has chosen: runs, which and how they are listed, how they are drawn.

    `columns` are search columns (``metrics.`acc```, `params.depth`), None where the panel
    chooses them; `aggregates` says which value of a metric's history a column shows
    ('last', 'min', 'max', 'best'), `directions` whether more is better ('max' or 'min'),
    `artifact` is the file of the ticked run that is looked at, `experiments` whether the list
    of all experiments stands in place of the runs, `registry` the place in the Models view that
    does (as `panel/models/place.py` reads it), None for none.
    """

    ticked = t.Tuple()
    colours: t.Dict[str, str] = t.Dict()
    metric = t.Unicode(None, allow_none=True)
    registering = t.Unicode(None, allow_none=True)

    experiment_id = t.Unicode(None, allow_none=True)
    filter_text = t.Unicode("")
    order = t.Unicode(NEWEST_FIRST)
    columns: Any = t.Tuple(default_value=None, allow_none=True)
    aggregates: t.Dict[str, str] = t.Dict()
    directions: t.Dict[str, str] = t.Dict()
    expanded = t.Tuple()
    trash = t.Bool(False)
    charts: t.Dict[str, Any] = t.Dict()
    # The runs that a brush over a chart keeps, None while nothing is brushed.
    brushed: Any = t.Tuple(default_value=None, allow_none=True)
    artifact = t.Unicode("")
    experiments = t.Bool(False)
    registry = t.Unicode(None, allow_none=True)

    def state(self) -> dict[str, Any]:
        """What a link or a reload of the page needs to bring the same view back, as JSON values.

        What stands as it does at the start is left out.
        """
        kept = {name: getattr(self, name) for name in KEPT}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in kept.items()
            if value != self.trait_defaults(name)
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Bring back what `state` gave; what is missing or no longer fits is left as it is."""
        for name in KEPT:
            if name not in state:
                continue
            value = state[name]
            with contextlib.suppress(t.TraitError):
                if name == "ticked" and isinstance(value, list):
                    self._set(str(run_id) for run_id in value)
                elif name != "ticked":
                    setattr(self, name, tuple(value) if isinstance(value, list) else value)

    @property
    def list_filter(self) -> str:
        """What the list is searched with: the reader's filter, and what a brush keeps.

        Raises UnreadableFilter.
        """
        asked = as_filter(self.filter_text)
        if self.brushed is None:
            return asked
        named = ", ".join(f"'{run_id}'" for run_id in self.brushed or ("none",))
        kept = f"attributes.run_id IN ({named})"
        return f"{asked} and {kept}" if asked else kept

    def listed_state(self) -> dict[str, Any]:
        """What was chosen among the runs of the experiment in front, to be taken up later."""
        names = (*_OF_EXPERIMENT, "colours", "ticked")
        return {name: getattr(self, name) for name in names}

    def turn_to(self, state: Mapping[str, Any]) -> None:
        """Choose among the runs of another experiment: what `state` says, else nothing yet."""
        with self.hold_trait_notifications():
            self.colours = dict(state.get("colours", {}))
            self._set(state.get("ticked", ()))
            self.brushed = None
            for name in _OF_EXPERIMENT:
                setattr(self, name, state.get(name, self.trait_defaults(name)))
        # Whoever hears of other ticks puts the file away that was looked at.
        self.artifact = state.get("artifact", self.artifact)

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Go on with what `listed_state` gave, in the experiment it was given for."""
        self.turn_to({**state, "experiment_id": self.experiment_id})

    def toggle(self, run_id: str) -> None:
        """Tick a run, or untick it."""
        if run_id in self.ticked:
            self._set(other for other in self.ticked if other != run_id)
        else:
            self._set((*self.ticked, run_id))

    def tick(self, run_id: str, *, ticked: bool = True) -> None:
        """Tick a run, or untick it; one that is as it is to be stays so."""
        if ticked is not (run_id in self.ticked):
            self.toggle(run_id)

    def only(self, run_id: str) -> None:
        """Tick this run alone."""
        self._set((run_id,))

    def clear(self) -> None:
        """Untick every run."""
        self._set(())

    def forget(self, gone: Iterable[str]) -> None:
        """Untick runs that are no more."""
        lost = set(gone)
        self._set(run_id for run_id in self.ticked if run_id not in lost)

    def sort_by(self, column: str, *, rising_first: bool = False) -> None:
        """Order by a search column, falling values first; asked again, turn the order round."""
        orders = [f"{column} DESC", f"{column} ASC"]
        first, second = reversed(orders) if rising_first else orders
        self.order = second if self.order == first else first

    def set_columns(self, names: Iterable[str] | None) -> None:
        """Show these columns; None has the panel choose."""
        self.columns = None if names is None else tuple(names)

    def expand(self, run_id: str, *, expanded: bool = True) -> None:
        """Show the runs nested in this one, or fold them away."""
        others = tuple(other for other in self.expanded if other != run_id)
        self.expanded = (*others, run_id) if expanded else others

    def _set(self, run_ids: Iterable[str]) -> None:
        ticked = tuple(run_ids)
        # Colours first: whoever hears of the ticks finds them there.
        self.colours = colours_for(ticked, self.colours)
        if self.registering is not None and self.registering not in ticked:
            self.registering = None
        self.ticked = ticked


def showing(run: Run) -> dict[str, Any]:
    """As much of a list's state as does not hide this run, and has it ticked alone."""
    parent = run.tags.get(PARENT_RUN_TAG)
    return {
        "filter_text": "",
        "ticked": (run.run_id,),
        "expanded": (parent,) if parent else (),
        "trash": run.stage == "deleted",
    }
