"""A Jupyter Server in this process, for what only its insides show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    """A server with our extension, its store under this test's folder."""
    return {
        "ServerApp": {"jpserver_extensions": {"nbruns": True}},
        "NbrunsApp": {"home": str(tmp_path / "a home")},
    }
