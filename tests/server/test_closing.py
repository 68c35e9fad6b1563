"""No run says for ever that it is running: real kernels and scripts that end in every way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from notebook_kernel import NotebookKernel, code_cell
from served_notebook import ServedNotebook, ended, find_run, said_by, tags

LEFT = "import mlflow, os\nmlflow.start_run(run_name={name!r})\nos._exit(1)"


@pytest.fixture
def survivor(tmp_path: Path) -> Iterator[Callable[[Any], NotebookKernel]]:
    """Start a kernel that writes to a server's home and is not the server's child."""
    kernels: list[NotebookKernel] = []

    def start(server: Any) -> NotebookKernel:
        kernels.append(NotebookKernel(tmp_path, NBRUNS_HOME=str(server.home)))
        kernels[-1].start()
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


def script(server: Any, code: str) -> subprocess.CompletedProcess[str]:
    """Run a script that writes to the server's home without asking it."""
    environment = server.environment() | {"MLFLOW_TRACKING_URI": "nbruns:"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )


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
    assert run["info"]["status"] == "FINISHED"
    said = said_by(live_server, "restarted", "the kernel was restarted with the run open")
    assert said.endswith("; last cell [1]; last step 7")


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
    # The cell that would not be interrupted is the third; who sees the end first says why.
    said = tags(run)["nbruns.end_reason"]
    assert re.match(r"the kernel (died|was shut down|ended)", said), said
    assert said.endswith("; last cell [3]; last step 7"), said


def test_an_idle_kernel_that_is_shut_down_has_finished_its_run(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # N4
    notebook = opened("idle.ipynb", code_cell("g1", "x"))
    notebook.start_run("idle")

    notebook.ask("DELETE", f"sessions/{notebook.session['id']}")

    assert ended(live_server, "idle")["info"]["status"] == "FINISHED"
    said = said_by(live_server, "idle", "the kernel was shut down with the run open")
    assert said.endswith("; last cell [1]; last step 7")


def test_a_script_that_died_is_noticed(live_server: Any) -> None:
    script(live_server, LEFT.format(name="script"))

    run = ended(live_server, "script")
    assert run["info"]["status"] == "KILLED"
    assert tags(run)["nbruns.end_reason"] == "the process ended"


def test_a_run_resumed_by_another_process_is_that_one_s(
    opened: Callable[..., ServedNotebook], live_server: Any
) -> None:  # F27
    script(live_server, LEFT.format(name="resumed"))
    run_id = ended(live_server, "resumed")["info"]["run_id"]

    notebook = opened("resumes.ipynb", code_cell("h1", "x"))
    notebook.run(f"import mlflow; mlflow.start_run(run_id='{run_id}')")
    time.sleep(3)

    run = find_run(live_server, "resumed")
    assert run["info"]["status"] == "RUNNING"
    assert "nbruns.end_reason" not in tags(run)
    notebook.run("mlflow.end_run()")


def test_a_server_that_starts_closes_what_was_left_open(
    new_server: Callable[..., Any],
) -> None:
    server = new_server()
    server.process.kill()
    server.process.wait()
    script(server, LEFT.format(name="left"))

    server.start()

    assert ended(server, "left")["info"]["status"] == "KILLED"


def test_a_server_that_was_killed_tells_the_kernels_that_died_from_those_that_live(
    new_server: Callable[..., Any], survivor: Callable[[Any], NotebookKernel]
) -> None:
    server = new_server()
    with_it = ServedNotebook(server, "with-it.ipynb", code_cell("k1", "x"))
    with_it.start_run("dies with it")
    with_it.client.stop_channels()
    living = survivor(server)
    living.run("import mlflow; mlflow.start_run(run_name='survives')")

    server.process.kill()
    server.process.wait()
    time.sleep(2)  # ipykernel looks for its parent once a second
    server.start()

    died = ended(server, "dies with it")
    assert died["info"]["status"] == "KILLED"
    assert tags(died)["nbruns.end_reason"] == "the kernel died; last cell [1]; last step 7"
    time.sleep(2.5)
    assert find_run(server, "survives")["info"]["status"] == "RUNNING"
    living.run("mlflow.log_metric('a', 2); mlflow.end_run()")
    assert find_run(server, "survives")["info"]["status"] == "FINISHED"


def test_a_culled_kernel_s_run_says_how_long_it_was_not_used(
    new_server: Callable[..., Any],
) -> None:  # N4
    server = new_server(
        options=(
            "--MappingKernelManager.cull_idle_timeout=2",
            "--MappingKernelManager.cull_interval=1",
            "--MappingKernelManager.cull_connected=True",
        )
    )
    ServedNotebook(server, "culled.ipynb", code_cell("l1", "x")).start_run("culled")

    ended(server, "culled", within_s=20)
    said = said_by(server, "culled", "the kernel was shut down after ")
    assert re.search(r"after \d+ seconds without use with the run open; last cell \[1\]", said)


def test_a_script_that_an_exception_ended_has_failed(live_server: Any) -> None:  # F24
    shown = script(live_server, "import mlflow\nmlflow.start_run(run_name='raised')\n1 / 0")
    script(live_server, "import mlflow\nmlflow.start_run(run_name='went well')")

    run = find_run(live_server, "raised")
    assert "ZeroDivisionError" in shown.stderr
    assert run["info"]["status"] == "FAILED"
    assert tags(run)["nbruns.end_reason"] == "ZeroDivisionError: division by zero"
    assert find_run(live_server, "went well")["info"]["status"] == "FINISHED"


def test_a_run_resumed_over_http_is_not_taken_for_the_dead_process_s(live_server: Any) -> None:
    script(live_server, LEFT.format(name="resumed far away"))
    run_id = ended(live_server, "resumed far away")["info"]["run_id"]

    resumed = {"run_id": run_id, "status": "RUNNING"}
    assert live_server.ask("POST", "api/2.0/mlflow/runs/update", resumed)[0] == 200
    time.sleep(3)

    run = find_run(live_server, "resumed far away")
    assert run["info"]["status"] == "RUNNING"
    assert "end_time" not in run["info"]
    assert "nbruns.end_reason" not in tags(run)


def test_the_children_of_a_search_end_with_it(live_server: Any) -> None:
    child = (
        "mlflow.MlflowClient().create_run('0', run_name='child', tags={'mlflow.parentRunId': r})"
    )
    script(
        live_server,
        "import mlflow, os\nr = mlflow.start_run(run_name='parent').info.run_id\n"
        f"{child}\nos._exit(1)",
    )

    assert ended(live_server, "parent")["info"]["status"] == "KILLED"
    assert ended(live_server, "child")["info"]["status"] == "KILLED"
