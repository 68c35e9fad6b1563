"""One run in full: what it logged, its models, where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.panel.card_content import content_of, metric_row
from nbruns.panel.signature import Signature
from nbruns.records import LoggedModel, ModelVersion, Run

Wish = Callable[[str, dict[str, Any]], None]
_PARTS = (
    "section",
    "editor",
    "note",
    "popup",
    "menu",
    "spark",
    "metrics",
    "pairs",
    "models",
    "host",
    "what_changed",
    "card_head",
)


class RunCard(anywidget.AnyWidget):
    """The ticked run's parameters, metrics, tags, models and source.

    Metrics travel as messages, only those that changed: 500 of them move while one looks.
    What the reader asks for or writes goes to `on_wish`, with the run's id.
    """

    _esm = script(*_PARTS, "run_card")

    card = t.Dict().tag(sync=True)
    # What was fetched on request, by its name: traceback, environment, changes.
    extras = t.Dict().tag(sync=True)
    # The sections that stand otherwise than at the start, kept over other runs and reloads.
    turned = t.List(t.Unicode()).tag(sync=True)

    def __init__(
        self,
        *,
        on_open: Callable[[str], None],
        on_register: Callable[[str], None],
        on_wish: Wish,
    ) -> None:
        super().__init__()
        self.add_class("nbruns-card")
        self.can_open = False
        self._on_open, self._on_register, self._on_wish = on_open, on_register, on_wish
        self._metrics: list[dict[str, Any]] = []
        self.on_msg(self._hear)

    def show(
        self,
        run: Run,
        models: Sequence[LoggedModel] | None = None,
        signatures: Mapping[str, Signature] | None = None,
        versions: Sequence[ModelVersion] = (),
    ) -> None:
        """Show a run; without `models`, those that are shown of it already stay."""
        is_another = self.card.get("id") != run.run_id
        content = content_of(run, models or (), signatures, versions, can_open=self.can_open)
        if models is None and not is_another:
            content["models"] = self.card["models"]
        if is_another:
            self.extras = {}
        self.card = content
        self._show_metrics(run, whole=is_another)

    def add(self, name: str, said: dict[str, Any]) -> None:
        """Show something that was fetched on request."""
        self.extras = {**self.extras, name: said}

    def tell(self, kind: str, **said: Any) -> None:
        """Answer the view, for the run it shows now."""
        self.send({"type": kind, "run": self.card.get("id"), **said})

    def clear(self) -> None:
        """Show no run."""
        self.card, self.extras, self._metrics = {}, {}, []

    def _show_metrics(self, run: Run, *, whole: bool) -> None:
        rows = [metric_row(point) for point in sorted(run.metrics, key=lambda point: point.key)]
        before, self._metrics = self._metrics, rows
        if whole or [row["name"] for row in before] != [row["name"] for row in rows]:
            self._tell_metrics()
            return
        changed = [new for old, new in zip(before, rows, strict=True) if old != new]
        if changed:
            self.tell("metrics-changed", rows=changed)

    def _tell_metrics(self) -> None:
        self.tell("metrics", rows=self._metrics)

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        run_id, kind = self.card.get("id"), message.get("type")
        if not run_id or message.get("run", run_id) != run_id:
            return
        if kind == "ready":
            self._tell_metrics()
            self._on_wish(run_id, message)
        elif kind == "open":
            self._on_open(run_id)
        elif kind == "register":
            self._on_register(run_id)
        else:
            self._on_wish(run_id, message)
