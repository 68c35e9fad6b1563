"""The table of what differs between the ticked runs, and the cells that changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.panel.changed_cells import changed_cells
from nbruns.panel.differences import Section, package_rows, sections
from nbruns.panel.registry import has_model
from nbruns.records import Run

MOST_ROWS = 500


class Differences(anywidget.AnyWidget):
    """What tells the ticked runs apart, one column per run; the reader chooses the baseline."""

    _esm = script("changed_cells", "differences")

    table: t.Dict[str, Any] = t.Dict({"runs": [], "sections": []}).tag(sync=True)
    code: t.Dict[str, Any] = t.Dict().tag(sync=True)

    def __init__(
        self, *, on_baseline: Callable[[str], None], on_register: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._on_baseline, self._on_register = on_baseline, on_register
        self.on_msg(self._hear)

    def show(
        self,
        runs: Sequence[Run],
        colours: Mapping[str, str],
        *,
        changes: Mapping[str, Any] | None = None,
        directions: Mapping[str, str] | None = None,
    ) -> None:
        """Compare these runs with the first; `changes` is the server's comparison of them."""
        heads = [
            {
                "id": run.run_id,
                "name": run.name,
                "colour": colours.get(run.run_id, ""),
                "has_model": has_model(run),
            }
            for run in runs
        ]
        packages = package_rows(changes or {})
        found = sections(runs, directions=directions, packages=packages) if runs else []
        self.table = {"runs": heads, "sections": [_wire(each) for each in found]}
        if changes is not None or not runs:
            self.code = _code(changes or {})

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        if message.get("type") == "baseline":
            self._on_baseline(str(message["run_id"]))
        elif message.get("type") == "register":
            self._on_register(str(message["run_id"]))


def in_order(runs: Sequence[Run], baseline: str) -> list[Run]:
    """The runs with the baseline first; without one among them, as they are."""
    return sorted(runs, key=lambda run: run.run_id != baseline)


def _code(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Each run's code against the baseline's: the sentence, and the cells that changed."""
    found = {}
    for each in changes.get("code", ()):
        words = each["words"] if each["words"] else ""
        found[each["run_id"]] = {"words": words, **changed_cells(each["cells"])}
    return {"runs": found, "unknown": list(changes.get("unknown", ()))}


def _wire(section: Section) -> dict[str, Any]:
    wire = asdict(section)
    more = max(len(section.rows) - MOST_ROWS, 0)
    shown = {"rows": wire["rows"][:MOST_ROWS], "same": wire["same"][:MOST_ROWS]}
    return {**wire, **shown, "more": more}
