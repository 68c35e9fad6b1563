"""What a server that has the extension does not pay for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HEAVY = {"mlflow", "plotly", "pandas", "numpy", "ipywidgets", "anywidget", "sklearn", "sqlalchemy"}

TELLS_WHAT_IT_LOADED = """
import atexit, pathlib, sys
atexit.register(lambda: pathlib.Path({path!r}).write_text("\\n".join(sys.modules)))
"""


def loaded_by(new_server: Callable[..., Any], path: Path, *, calls: bool) -> set[str]:
    """The modules a server had loaded when it ended."""
    server = new_server(config=TELLS_WHAT_IT_LOADED.format(path=str(path)))
    if calls:
        server.ask("POST", "api/2.0/mlflow/experiments/create", {"name": "x"})
        server.ask("GET", "api/2.0/mlflow/registered-models/search")
        server.ask("POST", "api/2.0/mlflow/runs/search", {"experiment_ids": ["1"]})
        server.ask("GET", "api/1.0/notebooks/list")
        server.ask("GET", "api/1.0/serving/list")
        server.request("PUT", "api/2.0/mlflow-artifacts/artifacts/0/x", b"x")
        server.request("GET", "api/2.0/mlflow-artifacts/artifacts/0/x")
    server.stop()
    return set(path.read_text().split("\n"))


def test_starting_the_server_loads_nothing_heavy(
    new_server: Callable[..., Any], tmp_path: Path
) -> None:
    loaded = loaded_by(new_server, tmp_path / "modules", calls=False)

    assert "nbruns.server.app" in loaded
    assert [name for name in loaded if name.startswith("nbruns.server.serving.")] == []
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()


def test_nor_does_answering(new_server: Callable[..., Any], tmp_path: Path) -> None:
    loaded = loaded_by(new_server, tmp_path / "modules", calls=True)

    assert "nbruns.endpoints.registry" in loaded
    assert [name for name in loaded if name.startswith("nbruns.server.serving.")] == []
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
