"""Runs that kernels without nbruns start by REST belong to their notebook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from notebook_kernel import code_cell
from served_notebook import ServedNotebook, experiment_name, tags
from shell_kernel import install, post

CREATE = "api/2.0/mlflow/runs/create"

Open = Callable[..., ServedNotebook]


@pytest.fixture(scope="module")
def shell(opened: Open, live_server: Any) -> ServedNotebook:
    install(live_server.folder / "data", live_server.work, live_server.url, live_server.token)
    return opened("work.ipynb", code_cell("s", "echo of the file"), kernel="shell")


def started(notebook: ServedNotebook, **body: object) -> dict[str, Any]:
    """The run that a cell of a notebook starts by a call."""
    said = notebook.run(post(CREATE, run_name="by REST", **body)).stdout
    run_id = json.loads(said)["run"]["info"]["run_id"]
    return found(notebook.server, run_id)


def found(server: Any, run_id: str) -> dict[str, Any]:
    return server.ask("GET", f"api/2.0/mlflow/runs/get?run_id={run_id}")[1]["run"]  # type: ignore[no-any-return]


def until(look: Callable[[], Any]) -> Any:
    patience = time.monotonic() + 10
    while not (seen := look()):
        assert time.monotonic() < patience
        time.sleep(0.05)
    return seen


def test_a_run_of_a_shell_goes_to_the_notebook_s_experiment(
    shell: ServedNotebook, live_server: Any
) -> None:
    run = started(shell)

    assert experiment_name(live_server, run) == "work"
    assert tags(run)["nbruns.kernel"] == shell.kernel_id
    assert tags(run)["mlflow.source.name"] == "work.ipynb"
    assert tags(run)["mlflow.source.type"] == "NOTEBOOK"


def test_an_experiment_that_is_named_wins(shell: ServedNotebook, live_server: Any) -> None:
    told = [{"key": "mlflow.source.name", "value": "my own words"}]

    run = started(shell, experiment_id="0", tags=told)

    assert experiment_name(live_server, run) == "Default"
    assert tags(run)["mlflow.source.name"] == "my own words"
    assert "nbruns.notebook" in tags(run)


def test_without_a_browser_the_file_is_kept(shell: ServedNotebook, live_server: Any) -> None:  # N5
    run_id = started(shell)["info"]["run_id"]

    def revision() -> Any:
        return live_server.ask("GET", f"api/1.0/revisions/of-run?run_id={run_id}")[1]["revision"]

    kept = until(revision)
    assert (kept["method"], kept["path"]) == ("file", "work.ipynb")
    _, whole = live_server.ask("GET", f"api/1.0/revisions/get?revision_id={kept['revision_id']}")
    assert whole["content"]["cells"][0]["source"] == "echo of the file"
    assert tags(found(live_server, run_id))["nbruns.revision"] == kept["revision_id"]


def test_kernels_are_told_apart(opened: Open, shell: ServedNotebook, live_server: Any) -> None:
    other = opened("other.ipynb", code_cell("o", "x"), kernel="shell")

    assert experiment_name(live_server, started(other)) == "other"
    assert experiment_name(live_server, started(shell)) == "work"


def test_a_run_from_elsewhere_is_left_alone(shell: ServedNotebook, live_server: Any) -> None:
    _, reply = live_server.ask("POST", CREATE, {"run_name": "from the test"})

    assert reply["run"]["info"]["experiment_id"] == "0"
    assert "nbruns.kernel" not in tags(reply["run"])


def test_a_kernel_that_is_shut_down_leaves_no_run_open(opened: Open, live_server: Any) -> None:
    notebook = opened("brief.ipynb", code_cell("b", "x"), kernel="shell")
    run_id = started(notebook)["info"]["run_id"]

    notebook.ask("DELETE", f"sessions/{notebook.session['id']}")

    ended = until(
        lambda: run if (run := found(live_server, run_id))["info"]["status"] == "KILLED" else None
    )
    assert "kernel" in tags(ended)["nbruns.end_reason"]


def test_nothing_is_complained_of(live_server: Any) -> None:
    lines = [line for line in live_server.log.splitlines() if "nbruns" in line.lower()]

    assert [line for line in lines if "[E " in line or "[W " in line or "Traceback" in line] == []
