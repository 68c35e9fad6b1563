"""The way from the runs to all experiments and back, alone or with a run to be moved."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from nbruns.panel.choosing import Choosing
from nbruns.panel.listing import Listing
from nbruns.panel.pulse import Pulse
from nbruns.panel.selection import Selection

_CHOOSING = "nbruns-choosing"


class Elsewhere:
    """Puts the list of experiments in place of the runs while `selection.experiments` is set.

    `on_move` is told a run and the experiment it is to go to, `on_leave` that the runs are back.
    """

    def __init__(
        self,
        panel: w.VBox,
        selection: Selection,
        choosing: Choosing,
        listing: Listing,
        *,
        on_move: Callable[[str, str], None],
        on_leave: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._panel, self._selection = panel, selection
        self._choosing, self._listing = choosing, listing
        self._on_move, self._on_leave = on_move, on_leave
        self._pulse = Pulse(choosing.renew, failed=failed, pause_s=1.0)
        choosing.on_choose = self._choose
        selection.observe(lambda _: self._turn(), ["experiments"])
        if selection.experiments:
            self._turn()

    def begin_move(self, run_id: str, name: str) -> None:
        """Ask where a run is to go."""
        self._choosing.begin_move(run_id, name)
        self._selection.experiments = True

    def changed(self) -> None:
        """The store has changed."""
        self._pulse.ask()

    def hurry(self) -> None:
        """Fetch the list at once."""
        self._pulse.hurry()

    def close(self) -> None:
        """Fetch no more."""
        self._pulse.close()

    @property
    def _own(self) -> str | None:
        """The experiment of the notebook in front."""
        notebook = self._listing.feed.notebook
        return notebook.experiment_id if notebook else None

    def _turn(self) -> None:
        is_choosing = self._selection.experiments
        (self._panel.add_class if is_choosing else self._panel.remove_class)(_CHOOSING)
        if not is_choosing:
            self._on_leave()
            return
        choosing = self._choosing
        choosing.current = self._own
        choosing.text, choosing.trash = "", False
        choosing.way_back = bool(self._listing.path or self._selection.experiment_id)
        self._pulse.ask()

    def _choose(self, experiment_id: str | None) -> None:
        """Show the runs of the experiment that was chosen; None for those shown before."""
        moved = self._choosing.end_move()
        if moved is not None and experiment_id is not None:
            self._on_move(moved, experiment_id)
        elif experiment_id is not None:
            self._selection.experiment_id = None if experiment_id == self._own else experiment_id
        self._selection.experiments = False
