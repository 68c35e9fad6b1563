"""The table of a model's versions: where each stands, what made it, and what that came to."""

from __future__ import annotations

from typing import Any

import traitlets as t

from nbruns.errors import NotFound
from nbruns.panel.browser_side import own_style, script
from nbruns.panel.columns import ranked, short_labels
from nbruns.panel.models.model_client import ListedVersion, ModelClient, Versions
from nbruns.panel.models.part import Part
from nbruns.panel.models.place import MODEL, Place
from nbruns.panel.wording import exact, number
from nbruns.records import SourceRun

_PAGE, _MOST, _METRICS = 50, 500, 3
_MOST_TAGS = 3


class VersionTable(Part):
    """The newest versions first, more of them when asked for."""

    shown_on = (MODEL,)
    _esm = script("section", "standing_chips", "version_row", "version_table")
    _css = own_style("version_table")

    table: t.Dict[str, Any] = t.Dict().tag(sync=True)
    turned = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.client = ModelClient(self.connection)
        self._name, self._count = "", _PAGE
        self._metrics: list[str] = []
        self._runs: dict[str, SourceRun] = {}

    async def renew(self) -> None:
        """Fetch as many versions as are shown anew."""
        name = self.place.name
        if name != self._name:
            self._name, self._count, self._metrics = name, _PAGE, []
        try:
            found: Versions | None = await self._fetch(name)
        except NotFound:
            # The head of the page says that it is not there.
            found = None
        if name != self.place.name:
            return
        if found is None:
            self.table = {}
            return
        runs = [one.run for one in found.items if one.run is not None]
        self._runs = {run.run_id: run for run in runs}
        labels = short_labels(self._metrics)
        self.table = {
            "name": name,
            "total": found.total,
            "more": found.below is not None and self._count < _MOST,
            "metrics": [
                {"key": key, "label": label}
                for key, label in zip(self._metrics, labels, strict=True)
            ],
            "versions": [_row(one, self._metrics) for one in found.items],
        }

    def hear(self, message: dict[str, Any]) -> None:
        """The reader goes to a version or to its run, or wants to see more."""
        kind = message.get("type")
        if kind == "go":
            self.go(Place.of_version(self._name, int(message["version"])).text)
        elif kind == "run":
            run = self._runs.get(str(message["run_id"]))
            if run is not None:
                is_trash = run.stage == "deleted"
                self.show_runs(run.experiment_id, {"ticked": (run.run_id,), "trash": is_trash})
        elif kind == "more":
            self._count = min(self._count + 2 * _PAGE, _MOST)
            self.do(self.renew())

    async def _fetch(self, name: str) -> Versions:
        """The versions with the metrics that tell most of their runs, chosen at first."""
        found = await self.client.versions(name, metrics=self._metrics, count=self._count)
        chosen = ranked(found.keys, most=_METRICS)
        if self._metrics or not chosen:
            return found
        self._metrics = chosen
        return await self.client.versions(name, metrics=chosen, count=self._count)


def _row(listed: ListedVersion, metrics: list[str]) -> dict[str, Any]:
    version, run = listed.version, listed.run
    own = {k: v for k, v in version.tags.items() if not k.startswith(("mlflow.", "nbruns."))}
    tags = [f"{key}: {value}" if value else key for key, value in sorted(own.items())]
    return {
        "version": version.version,
        "status": "" if version.status == "READY" else version.status,
        "aliases": list(version.aliases),
        "stage": "" if version.stage == "None" else version.stage,
        "tags": [tag[:80] for tag in tags[:_MOST_TAGS]],
        "more_tags": max(0, len(tags) - _MOST_TAGS),
        "user": version.user,
        "created_ms": version.created_ms,
        "updated_ms": version.updated_ms,
        "run": {"id": run.run_id, "name": run.name or run.run_id[:8]} if run else None,
        "values": [_value(run, key) for key in metrics],
    }


def _value(run: SourceRun | None, key: str) -> dict[str, str] | None:
    if run is None or key not in run.metrics:
        return None
    value = run.metrics[key]
    return {"text": number(value), "full": exact(value)}
