"""A Jupyter Server in this process, for what only its insides show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from served_notebook import ServedNotebook


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    """A server with our extension, its store under this test's folder."""
    return {
        "ServerApp": {"jpserver_extensions": {"nbruns": True}},
        "NbrunsApp": {"home": str(tmp_path / "a home")},
    }


@pytest.fixture(scope="module")
def opened(live_server: Any) -> Iterator[Callable[..., ServedNotebook]]:
    """Open notebooks in the module's server."""
    notebooks: list[ServedNotebook] = []

    def open_one(path: str, *cells: dict[str, Any], **settings: str) -> ServedNotebook:
        notebooks.append(ServedNotebook(live_server, path, *cells, **settings))
        return notebooks[-1]

    yield open_one
    for notebook in notebooks:
        notebook.client.stop_channels()
