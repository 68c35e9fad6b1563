"""What the server kept of a run: asked over REST, waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from lab_page import LabServer

T = TypeVar("T")


def until(look: Callable[[], T], patience_s: float = 20) -> T:
    """What a look gives, once it gives something."""
    end = time.monotonic() + patience_s
    while not (seen := look()):
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.05)
    return seen


def run_named(server: LabServer, name: str) -> dict[str, Any]:
    """The newest run of a name; its tags as a mapping, and its experiment's name, added."""
    _, found = server.ask("POST", "api/2.0/mlflow/experiments/search", {"max_results": 100})
    names = {one["experiment_id"]: one["name"] for one in found["experiments"]}
    body = {"experiment_ids": list(names), "filter": f"run_name = '{name}'", "max_results": 1}
    run = until(lambda: server.ask("POST", "api/2.0/mlflow/runs/search", body)[1].get("runs", []))[
        0
    ]
    told = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    return {**run["info"], "tags": told, "experiment": names[run["info"]["experiment_id"]]}


def revision_of(
    server: LabServer, run_id: str, is_right: Callable[[dict[str, Any]], bool] = bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The revision of a run, once there is one that is right, and the notebook it holds."""

    def look() -> dict[str, Any] | None:
        _, reply = server.ask("GET", f"api/1.0/revisions/of-run?run_id={run_id}")
        found: dict[str, Any] | None = reply["revision"]
        return found if found and is_right(found) else None

    revision = until(look)
    assert revision is not None
    query = f"revision_id={revision['revision_id']}"
    return revision, server.ask("GET", f"api/1.0/revisions/get?{query}")[1]["content"]
