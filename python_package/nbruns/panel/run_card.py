"""One run in full: what it logged, its models, where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import plotly_wanted, script
from nbruns.panel.signature import Column, Signature
from nbruns.panel.wording import badge, exact, number
from nbruns.protocol.names import (
    END_REASON_TAG,
    GIT_COMMIT_TAG,
    NOTE_TAG,
    REVISION_TAG,
    SOURCE_NAME_TAG,
)
from nbruns.records import LoggedModel, ModelVersion, Run

Pair = dict[str, str]
# Nobody reads further in a side panel, and the browser should not have to hold it.
_LONGEST = 2_000


class RunCard(anywidget.AnyWidget):
    """The ticked run's parameters, metrics, tags, models and source."""

    _esm = script("plotly", "run_card")

    card = t.Dict().tag(sync=True)
    plotly: t.Dict[str, str] = t.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        plotly_base: str,
        on_open: Callable[[str], None],
        on_register: Callable[[str], None],
    ) -> None:
        super().__init__(plotly=plotly_wanted(plotly_base))
        self.add_class("nbruns-card")
        self.can_open = False
        self._on_open, self._on_register = on_open, on_register
        self.on_msg(self._hear)

    def show(
        self,
        run: Run,
        models: Sequence[LoggedModel] = (),
        signatures: Mapping[str, Signature] | None = None,
        versions: Sequence[ModelVersion] = (),
    ) -> None:
        """Show a run with the models it logged."""
        self.card = {
            "id": run.run_id,
            "name": run.name or run.run_id[:8],
            "status": run.status,
            "reason": run.tags.get(END_REASON_TAG, ""),
            "started_ms": run.started_ms,
            "ended_ms": run.ended_ms,
            "user": run.user,
            "note": run.tags.get(NOTE_TAG, "")[:_LONGEST],
            "has_revision": self.can_open and REVISION_TAG in run.tags,
            "params": [_pair(key, value) for key, value in sorted(run.params.items())],
            "metrics": [
                {"name": point.key, "text": number(point.value), "full": exact(point.value)}
                for point in sorted(run.metrics, key=lambda point: point.key)
            ],
            "tags": [_pair(key, value) for key, value in _own_tags(run)],
            "datasets": [
                _pair(found.dataset.name or "dataset", found.dataset.digest)
                for found in run.dataset_inputs
            ],
            "models": [_model(model, signatures or {}, versions) for model in models],
            "source": _source(run),
        }

    def clear(self) -> None:
        """Show no run."""
        self.card = {}

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        run_id = self.card.get("id")
        if run_id and message.get("type") == "open":
            self._on_open(run_id)
        elif run_id and message.get("type") == "register":
            self._on_register(run_id)


def _model(
    model: LoggedModel, signatures: Mapping[str, Signature], versions: Sequence[ModelVersion]
) -> dict[str, Any]:
    signature = signatures.get(model.model_id, Signature())
    registered = [version for version in versions if version.model_id == model.model_id]
    return {
        "id": model.model_id,
        "name": model.name,
        "type": model.model_type,
        "badges": [badge([version])[0] for version in registered],
        "inputs": _columns(signature.inputs),
        "outputs": _columns(signature.outputs),
    }


def _columns(columns: Sequence[Column]) -> list[Pair]:
    return [{"name": column.name, "type": column.type} for column in columns[:60]]


def _own_tags(run: Run) -> list[tuple[str, str]]:
    """The tags people set; those of MLflow and nbruns have their own places on the card."""
    return [
        (key, value)
        for key, value in sorted(run.tags.items())
        if not key.startswith(("mlflow.", "nbruns."))
    ]


def _source(run: Run) -> list[Pair]:
    commit = run.tags.get(GIT_COMMIT_TAG, "")
    path = run.tags.get(SOURCE_NAME_TAG, "")
    found = [
        {"name": "Notebook", "text": PurePosixPath(path).name, "full": path},
        {"name": "Git commit", "text": commit[:10], "full": commit},
        _pair("User", run.user),
        _pair("Run id", run.run_id),
    ]
    return [pair for pair in found if pair["text"]]


def _pair(name: str, value: str) -> Pair:
    cut = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return {"name": name, "text": cut.replace("\n", " "), "full": cut}
