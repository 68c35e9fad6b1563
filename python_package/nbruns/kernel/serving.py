"""Whose cell is executing, in a kernel that serves several notebooks.

A cell is known by its id, once its notebook was saved or captured with it; a new one by
the front end's connection, of which each notebook that is open has its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbruns.store import Store


class Serving:
    """Remembers which connection belongs to which notebook."""

    def __init__(self) -> None:
        self._of_client: dict[str, str] = {}

    def notebook(self, store: Store, served: Sequence[str], newest: str) -> str:
        """The one of the served notebooks that executes; the newest where nothing tells."""
        cell_id, client = _executing_cell(), _client()
        holding = store.notebooks.holding(cell_id, served) if cell_id else []
        if len(holding) == 1:
            self._of_client[client] = holding[0]
            return holding[0]
        # A notebook and its copy hold cells of the same ids.
        known = self._of_client.get(client, newest)
        return known if known in (holding or served) else newest


def _executing_cell() -> str | None:
    from nbruns.kernel.capture import executing_cell

    return executing_cell()


def _client() -> str:
    """The session in the header of the message being answered."""
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return ""
    try:
        header = kernel.get_parent("shell").get("header", {})
    except LookupError:
        return ""  # a thread of the user's
    return str(header.get("session", ""))
