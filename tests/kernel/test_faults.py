"""Whatever befalls the store, the cell goes on, one line says so, and what can be kept is kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from notebook_kernel import NotebookKernel, Reply

from nbruns.records import Run
from nbruns.store import Store

TRAIN = """
with mlflow.start_run(run_name={name!r}):
    mlflow.log_params({{"depth": 3}})
    for step in range(1000):
        mlflow.log_metric("loss", step / 7, step=step)
    mlflow.set_tag("team", "blue")
    {more}
print("went on")
"""


def train(kernel: NotebookKernel, name: str, more: str = "pass") -> Reply:
    return kernel.run(TRAIN.format(name=name, more=more), cell="train")


def whole(kernel: NotebookKernel, name: str, within_s: float = 15) -> Run:
    """The run, once everything it logged has arrived."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        for run in kernel.runs():
            if run.name == name and run.status == "FINISHED":
                steps = history(kernel, run)
                assert steps == list(range(1000))
                assert (run.params["depth"], run.tags["team"]) == ("3", "blue")
                return run
        time.sleep(0.1)
    raise AssertionError(f"Run '{name}' is not complete")


def history(kernel: NotebookKernel, run: Run) -> list[int]:
    store = Store.open(kernel.home)
    try:
        return [point.step for point in store.metrics.history(run.run_id, "loss").items]
    finally:
        store.close()


@contextmanager
def locked(kernel: NotebookKernel) -> Iterator[None]:
    """Another program is in the middle of a write, for as long as it likes."""
    holder = sqlite3.connect(kernel.home / "nbruns.db", isolation_level=None)
    holder.execute("begin immediate")
    try:
        yield
    finally:
        holder.execute("rollback")
        holder.close()


@contextmanager
def full_disk(kernel: NotebookKernel) -> Iterator[None]:
    """No file of the kernel may grow: what the system says then is said of a full disk too."""
    limit = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({}, r.RLIM_INFINITY))"
    kernel.run(limit.format(30_000))
    try:
        yield
    finally:
        kernel.run(limit.format("r.RLIM_INFINITY"))


def line_of(reply: Reply) -> str:
    """The one line that the cell showed beside its own."""
    assert (reply.stdout, reply.error) == ("went on\n", "")
    (line,) = reply.stderr.splitlines()
    assert line.startswith("nbruns: could not ")
    return line


@pytest.fixture(scope="module", autouse=True)
def tracked(kernel: NotebookKernel) -> None:
    kernel.run("import mlflow\nwith mlflow.start_run(run_name='before'): pass", cell="first")


def test_a_locked_file_loses_nothing(kernel: NotebookKernel) -> None:
    with locked(kernel):
        reply = train(kernel, "locked")
        assert reply.took_s < 15
        again = train(kernel, "locked too")

    assert "other programs keep its file locked" in line_of(reply)
    assert (again.stdout, again.stderr, again.error) == ("went on\n", "", "")
    whole(kernel, "locked")
    run = whole(kernel, "locked too")
    assert run.tags["mlflow.source.name"] == str(kernel.path)


def test_the_first_run_of_a_notebook_finds_its_experiment_when_it_can(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    Store.open(kernel.home).close()
    kernel.run("import mlflow")
    with locked(kernel):
        reply = train(kernel, "at first")

    assert (reply.stdout, reply.error) == ("went on\n", "")
    assert 1 <= len(reply.stderr.splitlines()) <= 3, reply.stderr
    run = whole(kernel, "at first")
    assert "churn" in kernel.experiments()
    assert run.experiment_id != "0"
    assert run.tags["nbruns.notebook"]


def test_a_full_disk_loses_no_point_and_no_cell(kernel: NotebookKernel) -> None:
    with full_disk(kernel):
        reply = train(kernel, "full")
        artifact = kernel.run(
            "with mlflow.start_run(run_name='big'): mlflow.log_text('x' * 100_000, 'big.txt')\n"
            "print('went on')"
        )

    assert "disk" in line_of(reply)
    assert "the artifact" in line_of(artifact)
    whole(kernel, "full")


def test_a_mistake_of_the_user_s_is_still_one(kernel: NotebookKernel) -> None:
    with locked(kernel):
        train(kernel, "with a mistake behind it")
    whole(kernel, "with a mistake behind it")
    reply = kernel.run(
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_param('depth', 3)\n    mlflow.log_param('depth', 4)"
    )
    missing = kernel.run("mlflow.log_artifact('no such file')")

    assert "MlflowException" in reply.error
    assert "FileNotFoundError" in missing.error


def test_a_call_whose_answer_is_needed_raises(new_kernel: Callable[..., NotebookKernel]) -> None:
    kernel = new_kernel()
    kernel.home.mkdir()
    (kernel.home / "nbruns.db").write_text("this is no database, and too long to be taken for one")
    reply = train(kernel, "nowhere", more="pass").error
    assert "name 'mlflow' is not defined" in reply
    kernel.run("import mlflow")

    reply = train(kernel, "nowhere")
    asked = kernel.run("mlflow.search_runs()")

    assert "is not a SQLite database" in line_of(reply)
    assert "MlflowException" in asked.error
    assert "is not a SQLite database" in asked.error


def test_a_deleted_file_is_made_anew_by_the_next_run(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    kernel.run("import mlflow\nwith mlflow.start_run(run_name='before'): pass")
    for file in kernel.home.glob("nbruns.db*"):
        file.unlink()

    reply = train(kernel, "after")

    assert "deleted or replaced" in line_of(reply)
    assert [run.name for run in kernel.runs()] == ["after"]
    whole(kernel, "after")


@pytest.mark.parametrize(
    "broken",
    [
        "nbruns.kernel.recorder.Recorder.take",
        "nbruns.kernel.writer.Writer._capture",
        "nbruns.kernel.capture.Capturer._ask",
        "nbruns.kernel.session.process_tags",
        "nbruns.kernel.endings.keep",
        "nbruns.store.runs.Runs.log_params",
        "nbruns.store.metrics.Metrics.log",
        "nbruns.store.runs.Runs.update",
        "nbruns.store.runs.Runs.create",
    ],
)
def test_a_bug_of_ours_costs_one_line(kernel: NotebookKernel, broken: str) -> None:
    module, _, name = broken.rpartition(".")
    if module.rpartition(".")[2][0].isupper():
        module, _, owner = module.rpartition(".")
        owner = f"sys.modules['{module}'].{owner}"
    else:
        owner = f"sys.modules['{module}']"
    kernel.run(
        f"import sys, {module}\nkept = {owner}.{name}\n"
        f"def bug(*args, **kwargs): raise RuntimeError('a bug of ours')\n{owner}.{name} = bug"
    )
    try:
        reply = train(kernel, broken)
        time.sleep(1.3)  # until the writer has come by
    finally:
        kernel.run(f"{owner}.{name} = kept\nwhile mlflow.active_run(): mlflow.end_run()")

    assert (reply.stdout, reply.error) == ("went on\n", "")
    lines = reply.stderr.splitlines()
    assert len(lines) <= 2, reply.stderr
    assert all(line.startswith("nbruns: ") for line in lines)


def test_a_server_that_is_gone_is_not_missed(kernel: NotebookKernel) -> None:
    reply = train(kernel, "without a server")

    assert (reply.stdout, reply.stderr, reply.error) == ("went on\n", "", "")
    whole(kernel, "without a server")
