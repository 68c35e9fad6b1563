"""The notebook's commands without a kernel, with a tracking server, and where neither answers."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyter_process import LiveServer
from notebook_kernel import NotebookKernel

from nbruns.store import Store

NewKernel = Callable[..., NotebookKernel]

FAULT = "nbruns: %run_start did nothing: "
WORK = "%run_start tried\n%run_params a=1\n%run_metrics b=2\n%run_note c\nwork = 'done'\n%run_end"


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def in_a_terminal(folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """Lines typed into a plain IPython."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
    return subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor"],
        env=kept | {"NBRUNS_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")},
        input="\n".join(["%load_ext nbruns.magics", *lines, "exit", ""]),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_a_plain_ipython_has_them_too(tmp_path: Path) -> None:
    told = in_a_terminal(
        tmp_path,
        "%run_start typed",
        "%run_metrics loss=0.5",
        "%run_end",
        "%runs",
        "%runs status = 'FAILED'",
        "%run_end",
    )

    store = Store.open(tmp_path / "home")
    try:
        (found,) = store.db.conn.execute("select name, status from run_list").fetchall()
    finally:
        store.close()
    assert found == ("typed", "FINISHED")
    assert "Run 'typed' started (" in told.stdout
    assert "typed  FINISHED" in told.stdout
    assert "No run of this notebook matches status = 'FAILED'" in told.stdout
    assert "UsageError: %run_end: no run is active" in told.stdout + told.stderr
    assert "Traceback" not in told.stdout + told.stderr


def test_a_tracking_server_keeps_the_runs(live_server: LiveServer, new_kernel: NewKernel) -> None:
    kernel = new_kernel(
        MLFLOW_TRACKING_URI=live_server.url, MLFLOW_TRACKING_TOKEN=live_server.token
    )
    began = kernel.run("%run_start remote --tag team=red\n%run_params depth=3\n%run_end")
    kernel.run("%%tracked failing\n1 / 0")

    assert "Run 'remote' started" in began.plain
    assert began.stderr + began.error == ""
    table = kernel.run("%runs")
    assert "remote" in table.plain
    assert "failing  FAILED" in table.plain
    assert kernel.completions("%run_start --resume rem") == ["%run_start --resume remote"]
    assert kernel.completions("%run_params ") == ["%run_params depth="]
    wrong = kernel.run("%runs metrics.")
    assert wrong.stderr.startswith("UsageError: %runs: ")
    assert "goes on" in kernel.run("%run_start --resume remote\n%run_end").plain
    store = Store.open(live_server.home)
    try:
        rows = store.db.conn.execute("select name, status from run_list").fetchall()
        tags = store.db.conn.execute("select value from run_tags where key = 'nbruns.end_reason'")
        assert sorted(rows) == [("failing", "FAILED"), ("remote", "FINISHED")]
        assert ("ZeroDivisionError: division by zero",) in tags.fetchall()
    finally:
        store.close()


def test_a_server_that_is_gone_costs_a_line_and_no_cell(new_kernel: NewKernel) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    kernel = new_kernel(MLFLOW_TRACKING_URI=address)
    told = kernel.run(f"import mlflow\n{WORK}")

    assert told.error == ""
    assert told.stderr.splitlines()[0].startswith(f"{FAULT}no tracking server answers at {address}")
    assert [line.split()[1] for line in told.stderr.splitlines()] == [
        "%run_start",
        "%run_params",
        "%run_metrics",
        "%run_note",
        "%run_end",
    ]
    assert kernel.run("print(work)").stdout == "done\n"
    assert kernel.run("%%tracked x\nwork = 'more'").stderr.count("\n") == 1
    assert kernel.run("print(work)").stdout == "more\n"
    assert kernel.run("%runs").stderr.startswith("nbruns: %runs did nothing: no tracking server")
    assert kernel.completions("%run_start --resume ") == kernel.completions("%run_start --resume ")
    assert told.took_s < 20


def test_a_locked_file_costs_a_line_and_no_cell(new_kernel: NewKernel) -> None:
    kernel = new_kernel()
    kernel.run("%run_start first\n%run_end")
    # A tenth of a second stands for the thirty a program waits its turn.
    kernel.run(
        "from nbruns.store.database import PatientConnection as Connection\n"
        "import gc\nConnection.patience_s = 0.1\n"
        "for one in gc.get_objects():\n"
        "    if isinstance(one, Connection):\n        one.patience_s = 0.1"
    )
    holder = sqlite3.connect(kernel.home / "nbruns.db", isolation_level=None)
    holder.execute("begin exclusive")
    try:
        told = kernel.run(WORK)
        tracked = kernel.run("%%tracked x\nwork = 'more'")
        registered = kernel.run("%run_register m")
    finally:
        holder.execute("rollback")
        holder.close()

    assert told.error + tracked.error == ""
    said = told.stderr + tracked.stderr + registered.stderr
    assert said
    assert all(line.startswith(("nbruns: ", "UsageError: ")) for line in said.splitlines())
    assert kernel.run("print(work)").stdout == "more\n"
    assert "started" in kernel.run("%run_start afterwards\n%run_end").plain


def test_a_home_that_cannot_be_made_costs_a_line_and_no_cell(
    new_kernel: NewKernel, tmp_path: Path
) -> None:
    taken = tmp_path / "file"
    taken.write_text("no folder")
    kernel = new_kernel(NBRUNS_HOME=str(taken / "home"))
    told = kernel.run(WORK)

    assert told.error == ""
    assert "Cannot make the store" in told.stderr
    assert all(line.startswith("nbruns: ") for line in told.stderr.splitlines())
    assert kernel.run("print(work)").stdout == "done\n"
    assert kernel.run("%runs").stderr.startswith("nbruns: %runs did nothing: Cannot make the store")


@pytest.mark.parametrize("line", ["%run_end", "%runs metrics."])
def test_a_wrong_use_stays_one_after_a_fault(new_kernel: NewKernel, line: str) -> None:
    kernel = new_kernel()

    assert kernel.run(line).stderr.startswith("UsageError")
