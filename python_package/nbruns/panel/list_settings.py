"""How the runs of an experiment are listed, kept on the experiment: whoever opens it sees it so.

An experiment tag carries it, as MLflow's protocol does anything that is to stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from nbruns.panel.selection import Selection
from nbruns.protocol.names import LIST_TAG

_KEPT = ("columns", "aggregates", "directions")
_LONGEST = 5_000


def settings_of(selection: Selection) -> str:
    """What is kept: the columns that were chosen, and what is best in which metric."""
    kept = {name: getattr(selection, name) for name in _KEPT}
    return json.dumps({name: value for name, value in kept.items() if value})


def take_settings(selection: Selection, tags: Mapping[str, str]) -> None:
    """Bring back what was kept, where nothing else was chosen yet."""
    try:
        kept = json.loads(tags.get(LIST_TAG, "{}")[:_LONGEST])
    except ValueError:
        return
    if isinstance(kept, dict) and selection.columns is None:
        directions = {**_texts(kept.get("directions")), **selection.directions}
        known = {**kept, "directions": directions}
        selection.restore({name: known[name] for name in _KEPT if name in known})


def _texts(found: object) -> dict[str, str]:
    return dict(found) if isinstance(found, dict) else {}
