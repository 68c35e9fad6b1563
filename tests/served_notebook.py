"""A notebook opened in a real server, with its kernel, and what the server says of its runs."""

from __future__ import annotations

import json
import time
from typing import Any

from jupyter_process import connected
from notebook_kernel import Reply, execute

RUN = "import mlflow\nrun = mlflow.start_run(run_name={name!r})\nmlflow.log_metric('a', 1, step=7)"


class ServedNotebook:
    """A notebook opened in the server: a file, a session, a kernel."""

    def __init__(
        self,
        server: Any,
        path: str,
        *cells: dict[str, Any],
        kind: str = "notebook",
        kernel: str = "python3",
    ) -> None:
        self.server = server
        self.path = path
        content = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}
        if cells:
            self.ask("PUT", f"contents/{path}", {"type": "notebook", "content": content})
        self.session = self.ask(
            "POST",
            "sessions",
            {"path": path, "name": path, "type": kind, "kernel": {"name": kernel}},
        )
        self.kernel_id: str = self.session["kernel"]["id"]
        self._connect()

    def _connect(self) -> None:
        file = self.server.folder / "runtime" / f"kernel-{self.kernel_id}.json"
        self.client = connected(file)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        answer = self.server.request(method, f"/api/{path}", sent)
        assert answer.status < 300, answer.body
        return answer.json() if answer.body else None

    def run(self, code: str, cell: str | None = None) -> Reply:
        reply = execute(self.client, code, cell=cell)
        assert reply.error == "", reply.error
        return reply

    def start_run(self, name: str, cell: str | None = None) -> dict[str, Any]:
        """Leave a run open."""
        self.run(RUN.format(name=name), cell=cell)
        return find_run(self.server, name)

    def rename(self, path: str) -> None:
        self.ask("PATCH", f"contents/{self.path}", {"path": path})
        self.ask("PATCH", f"sessions/{self.session['id']}", {"path": path, "name": path})
        self.path = path

    def pid(self) -> int:
        return int(self.run("import os; print(os.getpid())").stdout)


def find_run(server: Any, name: str) -> dict[str, Any]:
    status, found = server.ask(
        "POST", "api/2.0/mlflow/experiments/search", {"max_results": 100, "view_type": "ALL"}
    )
    assert status == 200
    ids = [one["experiment_id"] for one in found["experiments"]]
    _, page = server.ask(
        "POST",
        "api/2.0/mlflow/runs/search",
        {"experiment_ids": ids, "filter": f"run_name = '{name}'"},
    )
    (run,) = page["runs"]
    return run  # type: ignore[no-any-return]


def tags(run: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def experiment_name(server: Any, run: dict[str, Any]) -> str:
    path = f"api/2.0/mlflow/experiments/get?experiment_id={run['info']['experiment_id']}"
    return str(server.ask("GET", path)[1]["experiment"]["name"])


def ended(server: Any, name: str, within_s: float = 10) -> dict[str, Any]:
    """The run, once it says it has ended."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        run = find_run(server, name)
        if run["info"]["status"] != "RUNNING":
            return run
        time.sleep(0.1)
    raise AssertionError(f"Run '{name}' says it is running after {within_s} s")


def said_by(server: Any, name: str, reason: str, within_s: float = 10) -> str:
    """Why the run ended, once it begins like this: the server knows it after the kernel."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        said = tags(find_run(server, name)).get("nbruns.end_reason", "")
        if said.startswith(reason):
            return said
        time.sleep(0.1)
    raise AssertionError(f"Run '{name}' says '{said}'")
