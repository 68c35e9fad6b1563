"""A run in a notebook's kernel: where it goes, what it says, how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_kernel import NotebookKernel, code_cell

from nbruns.records import Run
from nbruns.store import Store


@pytest.fixture(scope="module", autouse=True)
def mlflow_is_there(kernel: NotebookKernel) -> None:
    kernel.run("import mlflow", cell="first")


def newest(kernel: NotebookKernel, name: str):  # type: ignore[no-untyped-def]
    return next(run for run in kernel.runs() if run.name == name)


def traceback_of(run: Run) -> str:
    return (Path(run.artifact_uri.removeprefix("file://")) / "traceback.txt").read_text()


def test_a_run_goes_to_the_notebook_s_experiment(kernel: NotebookKernel) -> None:  # F1 F2
    kernel.run("with mlflow.start_run(run_name='plain'): mlflow.log_metric('a', 1)", cell="c1")

    run = newest(kernel, "plain")
    assert "churn" in kernel.experiments()
    assert run.status == "FINISHED"
    assert run.tags["mlflow.source.name"] == str(kernel.path)
    assert run.tags["mlflow.source.type"] == "NOTEBOOK"
    assert run.tags["nbruns.cell"] == "c1"
    assert run.tags["nbruns.pid"].isdecimal()
    assert {"nbruns.kernel", "nbruns.notebook", "nbruns.host"} <= set(run.tags)


def test_a_chosen_experiment_wins(kernel: NotebookKernel) -> None:  # F29
    kernel.run("mlflow.set_experiment('shared')")
    kernel.run("with mlflow.start_run(run_name='elsewhere'): pass")
    kernel.run(
        "import os; mlflow.tracking.fluent._active_experiment_id = None\n"
        "os.environ.pop('MLFLOW_EXPERIMENT_ID', None)"
    )

    store = Store.open(kernel.home)
    shared = store.experiments.find_by_name("shared")
    store.close()
    assert shared is not None
    assert newest(kernel, "elsewhere").experiment_id == shared.experiment_id


def test_a_log_call_alone_starts_a_run_and_the_next_cell_s_joins_it(
    kernel: NotebookKernel,
) -> None:  # F23
    kernel.run("mlflow.log_metric('alone', 1)\nrun = mlflow.active_run()")
    kernel.run("mlflow.log_metric('later', 2)\nmlflow.set_tag('mlflow.runName', 'unasked')")
    kernel.run("mlflow.end_run()")

    run = kernel.named("unasked")
    assert {metric.key: metric.value for metric in run.metrics} == {"alone": 1, "later": 2}
    assert run.status == "FINISHED"
    assert "churn" in kernel.experiments()


def test_a_wrong_call_is_told_once_and_leaves_the_former_run_open(kernel: NotebookKernel) -> None:
    kernel.run("mlflow.start_run(run_name='goes on')")
    reply = kernel.run("mlflow.start_run(named='x')")
    kernel.run("mlflow.end_run()")

    assert "unexpected keyword argument 'named'" in reply.error
    assert reply.stderr == ""
    assert "nbruns.end_reason" not in kernel.named("goes on").tags


def test_a_cell_executed_again_ends_its_former_run(kernel: NotebookKernel) -> None:  # F25
    cell = "run = mlflow.start_run(run_name='again'); print(run.info.run_id)"
    first = kernel.run(cell).stdout.strip()
    again = kernel.run(cell)

    assert again.error == ""
    assert again.stdout.count("\n") == 2
    assert again.stderr == ""
    run = next(run for run in kernel.runs() if run.run_id == first)
    assert run.status == "FINISHED"
    assert run.tags["nbruns.end_reason"].startswith("ended by the start of another run; last cell")
    kernel.run("mlflow.end_run()")


def test_a_run_left_open_stays_open_over_cells(kernel: NotebookKernel) -> None:
    kernel.run("mlflow.start_run(run_name='kept open')")
    kernel.run("mlflow.log_metric('later', 1)")
    kernel.run("with mlflow.start_run(run_name='child', nested=True): pass")

    run, child = newest(kernel, "kept open"), newest(kernel, "child")
    assert run.status == "RUNNING"
    assert run.metrics[0].key == "later"
    assert child.tags["mlflow.parentRunId"] == run.run_id
    kernel.run("mlflow.end_run()")


def test_a_with_block_of_the_same_cell_keeps_mlflow_s_error(kernel: NotebookKernel) -> None:
    reply = kernel.run("with mlflow.start_run():\n    mlflow.start_run()")

    assert "is already active" in reply.error


def test_an_exception_leaves_the_run_failed_with_its_traceback(
    kernel: NotebookKernel,
) -> None:  # F24
    kernel.run("with mlflow.start_run(run_name='broken'):\n    raise ValueError('no such column')")

    run = newest(kernel, "broken")
    assert run.status == "FAILED"
    assert run.tags["nbruns.end_reason"].startswith("ValueError: no such column; last cell [")
    assert "raise ValueError('no such column')" in traceback_of(run)


def test_a_cell_that_raises_takes_the_run_it_has_started_with_it(
    kernel: NotebookKernel,
) -> None:  # F24
    kernel.run(
        "mlflow.start_run(run_name='open')\n"
        "mlflow.log_metric('a', 1, step=4)\n"
        "raise ValueError('no such column')"
    )

    run = newest(kernel, "open")
    assert (run.status, run.ended_ms is not None) == ("FAILED", True)
    assert run.tags["nbruns.end_reason"].startswith("ValueError: no such column; last cell [")
    assert run.tags["nbruns.end_reason"].endswith("; last step 4")
    assert "raise ValueError('no such column')" in traceback_of(run)
    assert kernel.run("print(mlflow.active_run())").stdout == "None\n"


def test_a_cell_that_raises_leaves_the_runs_of_former_cells_open(kernel: NotebookKernel) -> None:
    kernel.run("mlflow.start_run(run_name='former')")
    kernel.run("mlflow.start_run(run_name='child', nested=True)\n1 / 0")
    kernel.run("this is no Python")

    assert newest(kernel, "child").status == "FAILED"
    assert newest(kernel, "former").status == "RUNNING"
    kernel.run("mlflow.end_run()")
    assert "nbruns.end_reason" not in newest(kernel, "former").tags


@pytest.mark.parametrize(
    ("name", "waiting"),
    [
        ("waits", "import time; time.sleep(30)"),
        ("awaits", "import asyncio\nwhile True: await asyncio.sleep(0.1)"),
    ],
)
def test_an_interrupted_cell_takes_its_open_run_with_it(
    kernel: NotebookKernel, name: str, waiting: str
) -> None:
    kernel.run(
        "import os, signal, threading\n"
        "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        f"mlflow.start_run(run_name='{name}')\n{waiting}"
    )

    run = newest(kernel, name)
    assert run.status == "KILLED"
    assert run.tags["nbruns.end_reason"].startswith("interrupted; last cell [")


def test_a_failed_run_whose_artifacts_lie_elsewhere_ends_without_a_word(
    kernel: NotebookKernel,
) -> None:
    reply = kernel.run(
        "there = mlflow.create_experiment('remote', artifact_location='s3://bucket/there')\n"
        "with mlflow.start_run(run_name='remote', experiment_id=there): 1 / 0"
    )

    assert "ZeroDivisionError" in reply.error
    assert reply.stderr == ""
    assert newest(kernel, "remote").tags["nbruns.end_reason"].startswith("ZeroDivisionError")


def test_an_interrupt_leaves_the_run_killed(kernel: NotebookKernel) -> None:
    kernel.run(
        "import os, signal, threading\n"
        "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "with mlflow.start_run(run_name='stopped'):\n    import time; time.sleep(30)"
    )

    run = newest(kernel, "stopped")
    assert run.status == "KILLED"
    assert run.tags["nbruns.end_reason"].startswith("interrupted; last cell [")


def test_a_graceful_end_of_the_kernel_says_so(new_kernel: Callable[..., NotebookKernel]) -> None:
    kernel = new_kernel()
    kernel.run(
        "import mlflow; mlflow.start_run(run_name='left'); mlflow.log_metric('a', 1)", cell="c"
    )
    kernel.stop(now=False)

    run = newest(kernel, "left")
    assert (run.status, run.tags["nbruns.end_reason"]) == (
        "FINISHED",
        "the kernel ended with the run open; last cell [1]; last step 0",
    )
    # At exit what was still due is written: the revision did not wait for its second.
    assert kernel.revision(run) is not None


def test_a_kernel_that_ends_after_an_exception_has_finished_nothing(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    kernel.run("import mlflow; mlflow.start_run(run_name='left')")
    kernel.run("1 / 0")
    kernel.stop(now=False)

    assert newest(kernel, "left").status == "KILLED"


def test_a_user_s_own_tracking_uri_is_respected(
    new_kernel: Callable[..., NotebookKernel], tmp_path: Path
) -> None:
    # MLflow's own SQLite store, which mlflow-skinny comes without.
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("alembic")
    kernel = new_kernel(MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path}/own.db")
    reply = kernel.run(
        "import mlflow\nwith mlflow.start_run() as run: print(run.info.experiment_id)"
    )

    assert (reply.error, reply.stdout.strip()) == ("", "0")
    assert not kernel.home.exists()


def test_the_browser_is_asked_at_the_start_and_at_the_end(kernel: NotebookKernel) -> None:  # F4
    reply = kernel.run("%%capture\nwith mlflow.start_run() as run: pass")

    assert [one["reason"] for one in reply.captures] == ["start", "end"]
    assert {one["run_id"] for one in reply.captures} == {kernel.runs()[0].run_id}


def test_runs_that_a_thread_starts_between_cells_each_ask_the_browser(
    kernel: NotebookKernel,
) -> None:
    reply = kernel.run(
        "import threading\n"
        "def work(name):\n"
        "    with mlflow.start_run(run_name=name): pass\n"
        "asked = []\n"
        "send = get_ipython().kernel.session.send\n"
        "def sending(stream, kind, content=None, *args, **more):\n"
        "    if kind == 'update_display_data':\n"
        "        asked.append(content['transient']['display_id'])\n"
        "    return send(stream, kind, content, *args, **more)\n"
        "get_ipython().kernel.session.send = sending\n"
        "timers = [threading.Timer(at, work, [f'timed {at}']) for at in (0.3, 0.6)]\n"
        "for timer in timers: timer.start()"
    )
    assert reply.error == ""
    time.sleep(1.5)

    asked = kernel.run("get_ipython().kernel.session.send = send; print(*asked)").stdout.split()

    assert len({name for name in asked if name.endswith("-start")}) == 2


def test_without_a_browser_the_executed_cells_join_the_file(kernel: NotebookKernel) -> None:  # N5
    kernel.save(code_cell("m", "note"), code_cell("e", "old text"))
    kernel.run("with mlflow.start_run(run_name='offline'): 'new text'", cell="e")

    found = kernel.revision(newest(kernel, "offline"))
    assert found is not None
    revision, content = found
    assert (revision.method, revision.path) == ("executed", str(kernel.path))
    texts = {cell["id"]: cell["source"] for cell in content["cells"]}
    assert texts["e"].endswith("'new text'")
    assert texts["m"] == "note"
    assert newest(kernel, "offline").tags["nbruns.revision"] == revision.revision_id


def test_runs_of_one_execution_share_the_revision(kernel: NotebookKernel) -> None:
    reply = kernel.run(
        "for n in range(20):\n    with mlflow.start_run(run_name=f'many {n}'): pass", cell="many"
    )

    assert len(reply.captures) == 2
    first, last = (kernel.revision(newest(kernel, f"many {n}")) for n in (0, 19))
    assert first is not None
    assert last is not None
    assert first[0].revision_id == last[0].revision_id


def kept_texts(kernel: NotebookKernel) -> bytes:
    """All texts of cells in the store."""
    store = Store.open(kernel.home)
    numbers = [row[0] for row in store.db.conn.execute("select content_number from contents")]
    texts = [store.revisions.contents.get(number) for number in numbers]
    store.close()
    return b"\n".join(texts)


def test_a_skipped_cell_s_text_never_reaches_the_store(kernel: NotebookKernel) -> None:
    kernel.save(code_cell("s", "password = 'hunter-file'", "nbruns-skip"))
    kernel.run("password = 'hunter-tagged'", cell="s1", tags=["nbruns-skip"])
    kernel.run("password = 'hunter-file'", cell="s")
    kernel.run("password = 'hunter-file'")  # as papermill asks: no id, no tags
    kernel.run("password = 'hunter-file'", cell="vscode-notebook-cell:a")
    kernel.run("with mlflow.start_run(run_name='secret'): pass", cell="t")
    assert kernel.revision(newest(kernel, "secret")) is not None

    assert b"run_name='secret'" in kept_texts(kernel)
    assert b"hunter" not in kept_texts(kernel)


@pytest.mark.parametrize("tags", [["nbruns-skip"], []])
def test_a_skipped_cell_s_lines_are_left_out_of_a_traceback(
    kernel: NotebookKernel, tags: list[str]
) -> None:
    secret = "def connect(): raise OSError('refused')  # hunter"
    kernel.save(code_cell("s", secret, "nbruns-skip"))
    kernel.run(secret, cell="s", tags=tags)
    cell = "with mlflow.start_run(run_name='refused'):\n    try: connect()\n"
    kernel.run(f"{cell}    except OSError as error: raise ValueError('none') from error", cell="u")

    told = traceback_of(newest(kernel, "refused"))
    assert "hunter" not in told
    assert "in connect\n    (not kept: the cell is tagged nbruns-skip)" in told
    assert "try: connect()" in told


def test_what_ran_is_recorded_with_its_outcome(new_kernel: Callable[..., NotebookKernel]) -> None:
    kernel = new_kernel()
    kernel.run("x = 1", cell="a")
    kernel.run("1 / 0", cell="b")
    kernel.run("import mlflow\nwith mlflow.start_run(): pass", cell="c")

    until, cells = time.monotonic() + 5, []
    store = Store.open(kernel.home)
    while time.monotonic() < until and [c.outcome for c in cells] != ["ok", "error", "ok"]:
        cells = store.kernels.executed(kernel.runs()[0].tags["nbruns.kernel"])
        time.sleep(0.05)
    store.close()
    assert [(c.cell_id, c.outcome, c.execution_count) for c in cells] == [
        ("a", "ok", 1),
        ("b", "error", 2),
        ("c", "ok", 3),
    ]
    assert cells[0].source == "x = 1"


def test_what_a_cell_runs_is_part_of_it(new_kernel: Callable[..., NotebookKernel]) -> None:
    kernel = new_kernel()
    kernel.run("get_ipython().run_cell('x = 1'); get_ipython().run_cell('1 / 0')", cell="outer")
    reply = kernel.run(
        "import mlflow, nbruns\n"
        "get_ipython().run_cell('run = mlflow.start_run(); mlflow.end_run()')",
        cell="starts",
    )
    assert reply.error == ""
    said = kernel.run(
        "ran = nbruns.executed(run)\n"
        "print([(one.cell_id, one.outcome, one.position) for one in ran], ran[0].source[:11])",
        cell="asks",
    )

    assert said.stdout.strip() == "[('outer', 'ok', 1), ('starts', 'ok', 2)] get_ipython"
    (run,) = kernel.runs()
    assert run.tags["nbruns.cell"] == "starts"


def test_a_fault_of_ours_costs_one_line(new_kernel: Callable[..., NotebookKernel]) -> None:
    kernel = new_kernel()
    kernel.run(
        "import mlflow, nbruns.kernel.capture as c\nc.Capturer._ask = lambda *given: 1 / 0\n"
    )
    reply = kernel.run("with mlflow.start_run(run_name='goes on'): print('went on')")

    assert (reply.stdout, reply.error) == ("went on\n", "")
    assert [line.split(":")[0] for line in reply.stderr.splitlines()] == ["nbruns"]
    assert newest(kernel, "goes on").status == "FINISHED"


def test_starting_a_run_costs_little(kernel: NotebookKernel) -> None:
    cell = (
        "import time; began = time.perf_counter()\n"
        "for n in range(10):\n"
        "    with mlflow.start_run(): pass\n"
        "print((time.perf_counter() - began) / 10)"
    )
    kernel.run(cell)

    assert float(kernel.run(cell).stdout) < 0.05


def test_a_forked_child_leaves_the_parent_s_record_alone(kernel: NotebookKernel) -> None:
    reply = kernel.run(
        "import os\nfrom nbruns.kernel.session import current\n"
        "pid = os.fork()\n"
        "if pid == 0: os._exit(0 if current() is None else 1)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), current() is not None)"
    )

    assert reply.stdout.strip() == "0 True"
