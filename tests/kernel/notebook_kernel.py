"""A real kernel of this environment, as a notebook gets it, and what it left in the store."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from nbruns.conditions import Search
from nbruns.protocol.names import CAPTURE_MIME
from nbruns.records import Revision, Run
from nbruns.store import Store

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Reply:
    """What a cell showed: its streams, its error, the messages to the browser."""

    stdout: str = ""
    stderr: str = ""
    error: str = ""
    html: str = ""
    plain: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)
    captures: list[dict[str, str]] = field(default_factory=list)
    took_s: float = 0.0

    def hear(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            setattr(self, content["name"], getattr(self, content["name"]) + content["text"])
        elif kind == "error":
            self.error = _COLOURS.sub("", "\n".join(content["traceback"]))
        elif kind == "update_display_data" and CAPTURE_MIME in content["data"]:
            self.captures.append(content["data"][CAPTURE_MIME])
        elif kind in ("execute_result", "display_data", "update_display_data"):
            self.shown.append(content["data"])
            self.html += content["data"].get("text/html", "")
            self.plain += content["data"].get("text/plain", "") + "\n"


def execute(
    client: BlockingKernelClient,
    code: str,
    *,
    cell: str | None = None,
    tags: list[str] | None = None,
) -> Reply:
    """Execute a cell as JupyterLab asks for it, with the cell's id and tags."""
    reply, began = Reply(), time.monotonic()
    message = client.session.msg(
        "execute_request",
        {"code": code, "silent": False, "store_history": True, "stop_on_error": False},
        metadata={"cellId": cell, "tags": tags or []} if cell else {},
    )
    client.shell_channel.send(message)
    asked = message["header"]["msg_id"]
    while True:
        heard = client.get_iopub_msg(timeout=90)
        if heard["parent_header"].get("msg_id") != asked:
            continue
        reply.hear(heard)
        if heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
            break
    reply.took_s = time.monotonic() - began
    return reply


class NotebookKernel:
    """A kernel that believes it was started for a notebook."""

    def __init__(self, folder: Path, notebook: str = "churn.ipynb", **environment: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.path = folder / "work" / notebook
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
        self.environment = kept | {
            "NBRUNS_HOME": str(self.home),
            "JPY_SESSION_NAME": str(self.path),
            "IPYTHONDIR": str(folder / "ipython"),
            **environment,
        }
        self.manager = KernelManager(kernel_name="python3")
        self.client: BlockingKernelClient | None = None

    def start(self) -> None:
        self.manager.start_kernel(env=self.environment, cwd=str(self.path.parent))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def stop(self, *, now: bool = True) -> None:
        if self.client is not None:
            self.client.stop_channels()
        self.manager.shutdown_kernel(now=now)

    def run(self, code: str, *, cell: str | None = None, tags: list[str] | None = None) -> Reply:
        """Execute a cell."""
        assert self.client is not None
        return execute(self.client, code, cell=cell, tags=tags)

    def paged(self, code: str) -> str:
        """What a cell opens in the pager."""
        assert self.client is not None
        content = self._answer_to(self.client.execute(code))
        return "".join(one["data"]["text/plain"] for one in content["payload"])

    def completions(self, code: str) -> list[str]:
        """The code as each completion of its end makes it."""
        assert self.client is not None
        found = self._answer_to(self.client.complete(code, len(code)))
        start, end = found["cursor_start"], found["cursor_end"]
        return [code[:start] + text + code[end:] for text in found["matches"]]

    def _answer_to(self, asked: str) -> dict[str, Any]:
        assert self.client is not None
        while True:
            heard = self.client.get_shell_msg(timeout=30)
            if heard["parent_header"].get("msg_id") == asked:
                return dict(heard["content"])

    def save(self, *cells: dict[str, Any]) -> None:
        """Write the notebook's file."""
        self.path.write_text(
            json.dumps({"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)})
        )

    def runs(self) -> list[Run]:
        """Every run in the store, newest first."""
        store = Store.open(self.home)
        try:
            ids = [
                e.experiment_id
                for e in store.experiments.search(Search(), view="active", limit=100).items
            ]
            return store.runs.search(ids, Search(), view="active", limit=100, token=None).items
        finally:
            store.close()

    def named(self, name: str) -> Run:
        """The newest run of a name."""
        return next(run for run in self.runs() if run.name == name)

    def experiments(self) -> list[str]:
        store = Store.open(self.home)
        try:
            found = store.experiments.search(Search(), view="active", limit=100).items
            return sorted(one.name for one in found)
        finally:
            store.close()

    def revision(self, run: Run) -> tuple[Revision, dict[str, Any]] | None:
        """The run's revision and its content, waited for."""
        store = Store.open(self.home)
        try:
            until = time.monotonic() + 8
            while time.monotonic() < until:
                found = store.revisions.of_run(run.run_id)
                if found is not None:
                    return found, store.revisions.content(found.revision_id)
                time.sleep(0.05)
            return None
        finally:
            store.close()


def code_cell(cell_id: str, source: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
