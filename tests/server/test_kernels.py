"""What the server does for notebooks and kernels, with real kernels it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_process import connected
from notebook_kernel import Reply, code_cell, execute

RUN = "import mlflow\nrun = mlflow.start_run(run_name={name!r})\nmlflow.log_metric('a', 1, step=7)"


class ServedNotebook:
    """A notebook opened in the server: a file, a session, a kernel."""

    def __init__(self, server: Any, path: str, *cells: dict[str, Any]) -> None:
        self.server = server
        self.path = path
        content = {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}
        if cells:
            self.ask("PUT", f"contents/{path}", {"type": "notebook", "content": content})
        self.session = self.ask(
            "POST",
            "sessions",
            {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}},
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

    def start_run(self, name: str) -> dict[str, Any]:
        """Leave a run open."""
        self.run(RUN.format(name=name))
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


@pytest.fixture(scope="module")
def opened(live_server: Any) -> Iterator[Callable[..., ServedNotebook]]:
    notebooks: list[ServedNotebook] = []

    def open_one(path: str, *cells: dict[str, Any]) -> ServedNotebook:
        notebooks.append(ServedNotebook(live_server, path, *cells))
        return notebooks[-1]

    yield open_one
    for notebook in notebooks:
        notebook.client.stop_channels()


def test_a_renamed_notebook_keeps_its_experiment_while_it_runs(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # F2
    notebook = opened("churn.ipynb", code_cell("a1", "x"), code_cell("a2", "y"))
    before = notebook.start_run("before")
    assert experiment_name(live_server, before) == "churn"

    notebook.rename("leavers.ipynb")
    notebook.run("mlflow.end_run()")
    after = notebook.start_run("after")
    notebook.run("mlflow.end_run()")

    assert after["info"]["experiment_id"] == before["info"]["experiment_id"]
    assert experiment_name(live_server, after) == "leavers"
    assert tags(after)["mlflow.source.name"].endswith("/work/leavers.ipynb")
    _, reply = live_server.ask("GET", "api/1.0/notebooks/get?path=leavers.ipynb")
    assert reply["notebook"]["experiment_id"] == before["info"]["experiment_id"]
    assert live_server.ask("GET", "api/1.0/notebooks/get?path=churn.ipynb")[0] == 404


def test_a_copy_has_an_experiment_of_its_own(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:
    original = opened("study.ipynb", code_cell("b1", "x"), code_cell("b2", "y"))
    first = original.start_run("original")
    original.run("mlflow.end_run()")
    original.ask("POST", "contents", {"copy_from": "study.ipynb"})

    copy = opened("study-Copy1.ipynb")
    second = copy.start_run("of the copy")
    copy.run("mlflow.end_run()")

    assert experiment_name(live_server, second) == "study-Copy1"
    _, reply = live_server.ask("GET", "api/1.0/notebooks/get?path=study-Copy1.ipynb")
    assert reply["notebook"]["forked_from"] == tags(first)["nbruns.notebook"]


def test_the_live_document_becomes_the_revision(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # F4
    notebook = opened("live.ipynb", code_cell("d1", "saved"))
    run = notebook.start_run("captured")
    notebook.run("mlflow.end_run()")
    live = {
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": [code_cell("d1", "not saved")],
    }
    run_id = run["info"]["run_id"]
    body = {"run_id": run_id, "path": "live.ipynb", "content": live, "reason": "start"}

    status, captured = live_server.ask("POST", "api/1.0/revisions/capture", body)
    assert (status, captured["revision"]["method"]) == (200, "browser")
    time.sleep(1.5)  # what the kernel makes without a browser must not come after it

    _, found = live_server.ask("GET", f"api/1.0/revisions/of-run?run_id={run_id}")
    revision_id = captured["revision"]["revision_id"]
    assert found["revision"]["revision_id"] == revision_id
    _, whole = live_server.ask("GET", f"api/1.0/revisions/get?revision_id={revision_id}")
    assert whole["content"] == live
    assert tags(find_run(live_server, "captured"))["nbruns.revision"] == revision_id
    _, executed = live_server.ask("GET", f"api/1.0/kernels/executed?run_id={run_id}")
    assert "start_run" in "".join(cell["source"] for cell in executed["cells"])


def test_a_killed_kernel_s_run_says_so_within_ten_seconds(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # N4
    notebook = opened("killed.ipynb", code_cell("e1", "x"))
    notebook.start_run("killed")

    os.kill(notebook.pid(), signal.SIGKILL)

    run = ended(live_server, "killed")
    assert run["info"]["status"] == "KILLED"
    assert tags(run)["nbruns.end_reason"].startswith("the kernel died; last cell [")
    assert tags(run)["nbruns.end_reason"].endswith("last step 7")
    assert run["info"]["end_time"] >= run["info"]["start_time"]


def test_a_restarted_kernel_leaves_no_run_open(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # N4
    notebook = opened("restarted.ipynb", code_cell("f1", "x"))
    notebook.start_run("restarted")

    notebook.ask("POST", f"kernels/{notebook.kernel_id}/restart")

    run = ended(live_server, "restarted")
    assert run["info"]["status"] == "KILLED"
    assert "kernel" in tags(run)["nbruns.end_reason"]


def test_a_busy_kernel_that_is_shut_down_leaves_no_run_open(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # N4
    notebook = opened("busy.ipynb", code_cell("g1", "x"))
    notebook.start_run("busy")
    notebook.client.execute("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)")
    notebook.client.execute("import time; time.sleep(60)")
    time.sleep(0.5)

    notebook.ask("DELETE", f"sessions/{notebook.session['id']}")

    run = ended(live_server, "busy")
    assert run["info"]["status"] == "KILLED"
    assert "kernel" in tags(run)["nbruns.end_reason"]


def test_a_script_that_died_is_noticed(live_server: Any) -> None:
    code = "import mlflow, os\nmlflow.start_run(run_name='script')\nos._exit(1)"
    environment = live_server.environment() | {"MLFLOW_TRACKING_URI": "nbruns:"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60)

    run = ended(live_server, "script")
    assert run["info"]["status"] == "KILLED"
    assert tags(run)["nbruns.end_reason"] == "the process ended"


def test_a_run_resumed_by_another_process_is_that_one_s(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # F27
    code = "import mlflow, os\nmlflow.start_run(run_name='resumed')\nos._exit(1)"
    environment = live_server.environment() | {"MLFLOW_TRACKING_URI": "nbruns:"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60)
    run_id = ended(live_server, "resumed")["info"]["run_id"]

    notebook = opened("resumes.ipynb", code_cell("h1", "x"))
    notebook.run(f"import mlflow; mlflow.start_run(run_id='{run_id}')")
    time.sleep(3)

    run = find_run(live_server, "resumed")
    assert run["info"]["status"] == "RUNNING"
    assert "nbruns.end_reason" not in tags(run)
    notebook.run("mlflow.end_run()")


def test_a_notebook_opened_for_collaboration_is_the_same_notebook(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:
    alone = opened("shared.ipynb", code_cell("i1", "x")).start_run("alone")
    together = opened("RTC:shared.ipynb").start_run("together")

    assert together["info"]["experiment_id"] == alone["info"]["experiment_id"]


@pytest.mark.parametrize("text", ["[" * 100_000, '["a list"]', '{"nbformat": "4", "cells": [3]}'])
def test_a_file_that_is_no_notebook_is_followed_too(
    opened: Callable[..., ServedNotebook], live_server: Any, text: str
) -> None:
    path = f"odd-{len(text)}.ipynb"
    (live_server.work / path).write_text(text)
    notebook = opened(path)
    run = notebook.start_run(path)
    assert experiment_name(live_server, run) == path.removesuffix(".ipynb")

    os.kill(notebook.pid(), signal.SIGKILL)

    assert ended(live_server, path)["info"]["status"] == "KILLED"


def test_a_server_that_starts_closes_what_was_left_open(
    new_server: Callable[..., Any],
) -> None:
    server = new_server()
    code = "import mlflow, os\nmlflow.start_run(run_name='left')\nos._exit(1)"
    server.process.kill()
    server.process.wait()
    environment = server.environment() | {"MLFLOW_TRACKING_URI": "nbruns:"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60)

    server.start()

    assert ended(server, "left")["info"]["status"] == "KILLED"


def test_following_leaves_no_complaint_in_the_log(live_server: Any) -> None:
    lines = [line for line in live_server.log.splitlines() if "nbruns" in line.lower()]

    assert [line for line in lines if "[E " in line or "[W " in line or "Traceback" in line] == []
