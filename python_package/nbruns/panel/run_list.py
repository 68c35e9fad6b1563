"""The list of runs: rows stay in Python, the browser holds the few in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.panel.columns import metric_columns, short_labels
from nbruns.panel.selection import Selection
from nbruns.panel.sight import Later, Sight
from nbruns.panel.wording import badge, exact, number
from nbruns.protocol.names import (
    END_REASON_TAG,
    LOGGED_MODELS_TAG,
    PARENT_RUN_TAG,
    REVISION_TAG,
)
from nbruns.records import ModelVersion, Run

Versions = Mapping[str, Sequence[ModelVersion]]
FIRST_LOOK = 40


class RunList(anywidget.AnyWidget):
    """One row per run; ticking a row adds the run to the selection."""

    _esm = script("run_list")

    window = t.Dict({"first": 0, "total": 0, "more": False, "rows": []}).tag(sync=True)
    columns = t.List(t.Dict()).tag(sync=True)
    order = t.Unicode().tag(sync=True)
    ticked_count = t.Int(0).tag(sync=True)
    note = t.Dict().tag(sync=True)

    looking_from = t.Int(0)
    seen = t.Bool(True)

    def __init__(
        self,
        selection: Selection,
        *,
        on_open: Callable[[str], None],
        on_register: Callable[[str], None],
        on_end: Callable[[], None],
        on_retry: Callable[[], None],
        later: Later | None = None,
    ) -> None:
        super().__init__()
        self.add_class("nbruns-list")
        self.selection = selection
        self._on_open, self._on_register = on_open, on_register
        self._on_end, self._on_retry = on_end, on_retry
        self._runs: Sequence[Run] = ()
        self._versions: Versions = {}
        self._more = False
        self._metrics: list[str] = []
        self._count = FIRST_LOOK
        # Only where someone can open a revision is there a button for it.
        self.can_open = False
        self.order = selection.order
        self._sight = Sight(self._turn, later=later)
        self.on_msg(self._hear)
        selection.observe(self._follow, ["ticked", "order"])

    def show(self, runs: Sequence[Run], versions: Versions, *, more: bool = False) -> None:
        """Show runs in this order; `more` says that the server has others after them."""
        self._runs, self._versions, self._more = runs, versions, more
        metrics = metric_columns(runs[:200])
        # Columns stay where they are until a metric is new: then the best come first, for
        # a narrow panel shows only one or two.
        if set(metrics) != set(self._metrics):
            self._metrics = metrics
        self.columns = [
            {"key": key, "label": label, "title": key, "order": f"metrics.`{key}`"}
            for key, label in zip(self._metrics, short_labels(self._metrics), strict=True)
        ]
        self.note = {}
        self._send_window()

    def say(self, title: str, text: str = "", **more: str) -> None:
        """Show words in place of rows; `code`, `action` and `icon` go with them."""
        self._runs, self._more, self._metrics = (), False, []
        self._send_window()
        self.note = {"title": title, "text": text, **more}

    def close(self) -> None:
        """Leave every page, and wait for no word from them."""
        self._sight.close()
        super().close()

    def visible_ids(self) -> list[str]:
        """The runs the browser holds now."""
        return [run.run_id for run in self._visible()]

    def _visible(self) -> Sequence[Run]:
        return self._runs[self.looking_from : self.looking_from + self._count]

    def _send_window(self) -> None:
        self.looking_from = max(0, min(self.looking_from, len(self._runs) - 1))
        self.window = {
            "first": self.looking_from,
            "total": len(self._runs),
            "more": self._more,
            "rows": [self._row(run) for run in self._visible()],
        }

    def _row(self, run: Run) -> dict[str, Any]:
        values = {point.key: point.value for point in run.metrics}
        text, full = badge(self._versions.get(run.run_id, ()))
        name = run.name or run.run_id[:8]
        return {
            "id": run.run_id,
            "name": name,
            "hover": f"{name}\n{run.run_id}",
            "status": run.status,
            "reason": run.tags.get(END_REASON_TAG, ""),
            "started_ms": run.started_ms,
            "ended_ms": run.ended_ms,
            "cells": [
                [number(values[key]), f"{key} = {exact(values[key])}"]
                if key in values
                else ["", ""]
                for key in self._metrics
            ],
            "badge": text,
            "badge_full": full,
            "colour": self.selection.colours.get(run.run_id),
            "nested": PARENT_RUN_TAG in run.tags,
            "has_revision": self.can_open and REVISION_TAG in run.tags,
            "has_model": bool(run.model_outputs) or LOGGED_MODELS_TAG in run.tags,
        }

    def _follow(self, _: object) -> None:
        self.order = self.selection.order
        self.ticked_count = len(self.selection.ticked)
        self._send_window()

    def _turn(self, is_seen: bool) -> None:
        self.seen = is_seen

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        kind, run_id = message.get("type"), str(message.get("run_id", ""))
        if kind == "look":
            self._look(int(message["first"]), int(message["count"]))
        elif kind == "seen":
            self._sight.hear(str(message["view"]), bool(message["seen"]))
        elif kind == "tick":
            self.selection.toggle(run_id)
        elif kind == "only":
            self.selection.only(run_id)
        elif kind == "clear":
            self.selection.clear()
        elif kind == "sort":
            self.selection.sort_by(str(message["column"]))
        elif kind == "open":
            self._on_open(run_id)
        elif kind == "register":
            self._on_register(run_id)
        elif kind == "retry":
            self._on_retry()

    def _look(self, first: int, count: int) -> None:
        self.looking_from = max(0, first)
        self._count = max(1, min(count, 200))
        self._send_window()
        if self._more and first + count >= len(self._runs):
            self._on_end()
