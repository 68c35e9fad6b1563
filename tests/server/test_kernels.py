"""What the server does for notebooks and kernels, with real kernels it started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from notebook_kernel import code_cell
from served_notebook import ServedNotebook, ended, experiment_name, find_run, tags


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


def test_following_leaves_no_complaint_in_the_log(live_server: Any) -> None:
    lines = [line for line in live_server.log.splitlines() if "nbruns" in line.lower()]

    assert [line for line in lines if "[E " in line or "[W " in line or "Traceback" in line] == []
