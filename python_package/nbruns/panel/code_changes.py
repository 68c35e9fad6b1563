"""What records do not say of how runs differ: their cells and packages, from the server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbruns.errors import NbrunsError
from nbruns.panel.client import Client
from nbruns.panel.connection import Unreachable
from nbruns.protocol.names import CODE_TAG, ENVIRONMENT_TAG, OWN_PREFIX, REVISION_TAG
from nbruns.records import Run

# As many as the server compares at once.
MOST_RUNS = 20
_MOST_KEPT = 8
_TELLING = (REVISION_TAG, CODE_TAG, ENVIRONMENT_TAG)


class CodeChanges:
    """Comparisons fetched so far; a run that ends or is captured anew is compared anew."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._kept: OrderedDict[object, Mapping[str, Any]] = OrderedDict()

    def known(self, runs: Sequence[Run]) -> Mapping[str, Any] | None:
        """What was fetched of these runs, in this order, as they are now."""
        return self._kept.get(_key(runs))

    async def of(self, runs: Sequence[Run]) -> Mapping[str, Any]:
        """The comparison with the first of these runs; empty from a server that has none."""
        key = _key(runs)
        if key not in self._kept:
            asked = {"run_ids": [run.run_id for run in runs[:MOST_RUNS]]}
            try:
                reply = await self._client().connection.post(f"{OWN_PREFIX}runs/compare", asked)
            except Unreachable:
                raise
            except NbrunsError:
                # An MLflow server elsewhere compares nothing; a run may be gone by now.
                reply = {}
            self._kept[key] = reply.get("comparison", {})
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]


def _key(runs: Sequence[Run]) -> object:
    return tuple((run.run_id, run.status, *(run.tags.get(tag) for tag in _TELLING)) for run in runs)
