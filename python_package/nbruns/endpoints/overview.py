"""Our own call about all experiments: a list to choose from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nbruns.endpoints.sight import sight_of
from nbruns.protocol.fields import flag, limit, optional_int, text
from nbruns.store import Store

Body = dict[str, Any]

MOST_ROWS = 1_000


def overview(store: Store, body: Body) -> Body:
    """GET experiments/overview: those whose name or notebook holds `text`, last used first.

    `first` and `count` choose the part, `deleted` the trash; `has_more` says whether others
    follow.
    """
    page = store.overview.page(
        text(body, "text"),
        first=max(0, optional_int(body, "first") or 0),
        count=limit(body, "count", 100, MOST_ROWS),
        stage="deleted" if flag(body, "deleted") else "active",
        sight=sight_of(store, "experiment"),
    )
    return {
        "experiments": [asdict(item) for item in page.items],
        "has_more": page.next_token is not None,
    }


ROUTES = (("GET", "experiments/overview", overview),)
