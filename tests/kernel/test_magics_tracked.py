"""%%tracked: one run around a cell, and the cell as it is without it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from notebook_kernel import NotebookKernel, code_cell

from nbruns.store import Store


def artifact(kernel: NotebookKernel, name: str, file: str) -> str:
    """An artifact of the newest run of a name."""
    store = Store.open(kernel.home)
    try:
        folder = store.artifacts.folder(kernel.named(name).artifact_uri)
        return (folder / file).read_text("utf-8")
    finally:
        store.close()


def test_one_run_around_a_cell(kernel: NotebookKernel) -> None:
    told = kernel.run("%%tracked 'first try' --tag a=b --description why\nx = 5\nx + 1", cell="c-1")

    run = kernel.named("first try")
    assert told.plain.splitlines() == [
        f"Run 'first try' started ({run.run_id})",
        "6",
        f"Run 'first try' ended: FINISHED ({run.run_id})",
    ]
    assert (run.status, run.tags["a"], run.tags["mlflow.note.content"]) == ("FINISHED", "b", "why")
    assert run.tags["nbruns.cell"] == "c-1"
    assert kernel.run("print(x)").stdout == "5\n"


# F24
def test_a_cell_that_raises_fails_its_run_and_stops(kernel: NotebookKernel) -> None:
    told = kernel.run("%%tracked bad\ndef f():\n    return 1 / 0\nbefore = 1\nf()\nafter = 1")

    run = kernel.named("bad")
    assert told.error.count("ZeroDivisionError: division by zero") == 1
    assert told.error.count("Traceback") == 1
    assert told.stderr == ""
    assert run.status == "FAILED"
    assert run.tags["nbruns.end_reason"].startswith("ZeroDivisionError: division by zero")
    assert "in f" in artifact(kernel, "bad", "traceback.txt")
    assert kernel.run("print(before, 'after' in dir())").stdout == "1 False\n"


def test_run_all_stops_at_a_cell_that_raises(kernel: NotebookKernel) -> None:
    client = kernel.client
    assert client is not None
    client.execute("%%tracked stopping\nimport time\ntime.sleep(0.5)\n1 / 0", stop_on_error=True)
    later = client.execute("never = 1", stop_on_error=True)

    assert kernel._answer_to(later)["status"] in ("aborted", "error")
    assert kernel.run("print('never' in dir())").stdout == "False\n"


@pytest.mark.parametrize("waiting", ["time.sleep(60)", "await asyncio.sleep(60)"])
def test_an_interrupt_kills_the_run(kernel: NotebookKernel, waiting: str) -> None:
    threading.Thread(target=interrupt, args=(kernel, f"stop {waiting[:5]}"), daemon=True).start()
    told = kernel.run(f"%%tracked 'stop {waiting[:5]}'\nimport asyncio, time\n{waiting}")

    run = kernel.named(f"stop {waiting[:5]}")
    assert "KeyboardInterrupt" in told.error or "CancelledError" in told.error
    assert run.status == "KILLED"
    assert run.tags["nbruns.end_reason"].startswith("interrupted")


def interrupt(kernel: NotebookKernel, name: str) -> None:
    """Interrupt the kernel once a run of a name is there."""
    until = time.monotonic() + 20
    while time.monotonic() < until and name not in [run.name for run in kernel.runs()]:
        time.sleep(0.05)
    kernel.manager.signal_kernel(signal.SIGINT)


def test_await_works_and_the_last_value_shows(kernel: NotebookKernel) -> None:
    told = kernel.run("%%tracked waiting\nimport asyncio\nawait asyncio.sleep(0.01)\ny = 9\ny")

    assert kernel.named("waiting").status == "FINISHED"
    assert "\n9\n" in told.plain
    assert kernel.run("print(y)").stdout == "9\n"


def test_what_is_logged_inside_belongs_to_it(kernel: NotebookKernel) -> None:
    kernel.run(
        "%%tracked holder\nimport mlflow\nmlflow.log_param('a', 1)\n%run_metrics loss=2\n"
        "with mlflow.start_run(nested=True, run_name='part'):\n    mlflow.log_param('b', 2)"
    )

    run = kernel.named("holder")
    assert (run.params, run.metrics[0].key) == ({"a": "1"}, "loss")
    assert kernel.named("part").tags["mlflow.parentRunId"] == run.run_id


def test_another_run_inside_is_a_mistake_as_in_a_with_block(kernel: NotebookKernel) -> None:
    told = kernel.run("%%tracked only\nimport mlflow\nmlflow.start_run()")

    assert "already active" in told.error
    assert kernel.named("only").status == "FAILED"


def test_a_run_left_open_inside_ends_with_it(kernel: NotebookKernel) -> None:
    kernel.run("%%tracked around\nimport mlflow\nmlflow.start_run(nested=True, run_name='left')")

    assert kernel.named("left").status == "FINISHED"
    assert kernel.named("around").status == "FINISHED"
    assert "no run is active" in kernel.run("%run_end").stderr


def test_a_run_ended_inside_stays_as_it_was_ended(kernel: NotebookKernel) -> None:
    kernel.run("%run_start outside")
    kernel.run("%%tracked early --nested\n%run_end --status KILLED")

    assert kernel.named("early").status == "KILLED"
    assert kernel.named("outside").status == "RUNNING"
    kernel.run("%run_end")


@pytest.mark.parametrize("above", ["%%capture", "%%time", "%%capture said\n%%time"])
def test_it_stands_under_other_cell_magics(kernel: NotebookKernel, above: str) -> None:
    name = f"under {above.replace('%', '')!r}".replace("'", "").replace("\\n", " ")
    kernel.run(f"{above}\n%%tracked '{name}'\nunder = 1")

    assert kernel.named(name).status == "FINISHED"
    assert kernel.run("%run_end").stderr.startswith("UsageError")


def test_the_cell_counts_once_and_is_kept_as_written(kernel: NotebookKernel) -> None:
    source = "%%tracked recorded\nz = 1"
    kernel.run(source, cell="c-9")

    run = kernel.named("recorded")
    found = kernel.revision(run)
    assert found is not None
    assert [c["source"] for c in found[1]["cells"] if c["id"] == "c-9"] == [source]
    history = "get_ipython().history_manager.input_hist_raw[-2]"
    assert kernel.run(history).plain.strip() == repr(source)


def test_the_capture_asks_for_the_cell_s_outputs_at_its_end(kernel: NotebookKernel) -> None:
    kernel.save(code_cell("c-2", "%%tracked asked\n1"))
    told = kernel.run("%%tracked asked\n1", cell="c-2")

    run_id = kernel.named("asked").run_id
    assert [(wish["run_id"], wish["reason"]) for wish in told.captures] == [
        (run_id, "start"),
        (run_id, "end"),
    ]


def test_a_syntax_error_starts_no_run(kernel: NotebookKernel) -> None:
    kernel.run("%%tracked unread\nx = = 1")

    assert "unread" not in [run.name for run in kernel.runs()]


def test_a_notebook_made_into_a_script_tracks_its_cells(tmp_path: Path) -> None:
    script = tmp_path / "churn.ipy"
    script.write_text(
        "%load_ext nbruns.magics\n"
        "get_ipython().run_cell_magic('tracked', 'scripted', 'x = 1\\n%run_params a={x}\\n')\n"
        "print('x is', x)\n"
        "get_ipython().run_cell_magic('tracked', 'broken', 'x = 1\\n1 / 0\\n')\n"
    )
    environment = {"NBRUNS_HOME": str(tmp_path / "home"), "IPYTHONDIR": str(tmp_path / "ipython")}
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", str(script)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    store = Store.open(tmp_path / "home")
    try:
        rows = store.db.conn.execute(
            "select name, status from run_list order by started"
        ).fetchall()
    finally:
        store.close()
    assert "x is 1" in ran.stdout, ran.stderr
    assert json.dumps(sorted(rows)) == json.dumps([["broken", "FAILED"], ["scripted", "FINISHED"]])
