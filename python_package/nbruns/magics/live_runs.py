"""%runs in a cell: the panel's own list, live, with the plain table beside it.

The front end draws what it can: the list where it has widgets, else the table.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from nbruns.identity import home_folder
from nbruns.kernel.capture import executing_cell
from nbruns.kernel.faults import harmless
from nbruns.kernel.session import current
from nbruns.magics import runs_here
from nbruns.magics.run_table import RunTable

# Each listens to the server for as long as it is there.
_MOST_PANELS = 8
# What stands above the rows, and a row, in pixels.
_ABOVE, _ROW, _MOST_ROWS = 107, 44, 8

_panels: OrderedDict[str, Any] = OrderedDict()


class LiveRuns:
    """A table of runs that a front end with widgets shows as the panel's list."""

    def __init__(self, table: RunTable, panel: Any) -> None:
        self.table = table
        self.panel = panel

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        shown = self.panel._repr_mimebundle_()
        return {**shown, "text/html": self.table._repr_html_(), "text/plain": repr(self.table)}


def shown_runs(table: RunTable, filter_text: str) -> LiveRuns | RunTable:
    """The table, live where this is a notebook's kernel that keeps its runs on this machine."""
    panel = None
    with harmless("show the runs live"):
        panel = _panel(filter_text)
    return table if panel is None else LiveRuns(table, panel)


def _panel(filter_text: str) -> Any | None:
    home = runs_here.local_home(runs_here.tracking_uri())
    if current() is None or home is None or home != home_folder():
        return None
    import nbruns

    try:
        make = nbruns.RunPanel
    except ImportError:  # no ipywidgets
        return None
    state = {"filter_text": filter_text, "experiment_id": runs_here.other_experiment()}
    panel = make(state={key: value for key, value in state.items() if value})
    panel.add_class("nbruns-inCell")
    panel.selection.observe(lambda _: _arrange(panel), ["ticked", "registry", "experiments"])
    panel.list.observe(lambda _: _fit(panel), ["window"])
    _arrange(panel)
    _keep(panel)
    return panel


def _arrange(panel: Any) -> None:
    """The list alone, until a run is ticked; what stands in place of the runs stays."""
    others = [part for part in panel.children if part is not panel.detail]
    if panel.selection.ticked:
        others.insert(others.index(panel.list) + 1, panel.detail)
    if tuple(others) != panel.children:
        panel.children = others
    _fit(panel)


def _fit(panel: Any) -> None:
    """As high as its rows, to a point, while nothing but them is shown."""
    rows = min(max(panel.list.window["total"] or 0, 2), _MOST_ROWS)
    chosen = panel.selection
    is_list = not (chosen.ticked or chosen.experiments or chosen.registry)
    height = f"{_ABOVE + rows * _ROW}px" if is_list else ""
    if panel.layout.height != height:
        panel.layout.height = height


def _keep(panel: Any) -> None:
    """Close the panel that this cell showed before, and the oldest where there are many."""
    cell = executing_cell() or panel.model_id
    former = [_panels.pop(cell)] if cell in _panels else []
    _panels[cell] = panel
    while len(_panels) > _MOST_PANELS:
        former.append(_panels.popitem(last=False)[1])
    for one in former:
        one.close_all()
