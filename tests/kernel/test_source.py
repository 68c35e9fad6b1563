"""Where a run comes from, as a real kernel and a real script in a real repository tell it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from git_repository import Repository
from jupyter_process import LiveServer
from notebook_kernel import NotebookKernel, code_cell

from nbruns.identity import user_name
from nbruns.records import Run
from nbruns.store import Store


@pytest.fixture(scope="module")
def repository(kernel: NotebookKernel) -> Repository:
    """The repository the module's notebook lies in."""
    kernel.save(code_cell("a", "1"))
    repository = Repository(kernel.path.parent)
    kernel.run("import mlflow", cell="first")
    return repository


def waited_for(kernel: NotebookKernel, name: str, key: str = "nbruns.environment") -> Run:
    """A run that has got a tag."""
    until = time.monotonic() + 15
    while time.monotonic() < until:
        for run in kernel.runs():
            if run.name == name and key in run.tags:
                return run
        time.sleep(0.05)
    raise AssertionError(f"run '{name}' never got {key}")


def diff_of(run: Run) -> str:
    path = Path(run.artifact_uri.removeprefix("file://")) / "nbruns" / "git.diff"
    return path.read_text() if path.exists() else ""


def test_a_run_tells_where_it_comes_from(
    kernel: NotebookKernel, repository: Repository
) -> None:  # F10
    kernel.run("with mlflow.start_run(run_name='clean'): pass", cell="a")

    run = waited_for(kernel, "clean")
    assert run.tags["mlflow.source.git.commit"] == repository.git("rev-parse", "HEAD").strip()
    assert run.tags["nbruns.git.branch"] == "main"
    assert run.tags["nbruns.git.dirty"] == "false"
    assert run.tags["nbruns.python"] == platform.python_version()
    assert run.tags["nbruns.kernel_name"] == "python3"
    assert run.tags["nbruns.cell"] == "a"
    assert run.tags["mlflow.source.name"] == str(kernel.path)
    assert run.tags["nbruns.host"] == platform.node()
    assert run.user == user_name()
    assert diff_of(run) == ""


def test_what_differs_from_the_commit_is_kept_without_notebooks(
    kernel: NotebookKernel, repository: Repository
) -> None:
    repository.write("train.py", "rate = 0.01\n")
    kernel.save(code_cell("a", "password = 'hunter'", "nbruns-skip"))
    # A look at the repository is good for a second.
    time.sleep(1.1)
    kernel.run(
        "with mlflow.start_run(run_name='edited'):\n"
        "    with mlflow.start_run(run_name='child', nested=True): pass",
        cell="b",
    )

    run, child = waited_for(kernel, "edited"), waited_for(kernel, "child")
    assert run.tags["nbruns.git.dirty"] == child.tags["nbruns.git.dirty"] == "true"
    assert "+rate = 0.01" in diff_of(run)
    assert "hunter" not in diff_of(run)
    assert diff_of(child) == ""


def test_the_environment_is_kept_once_and_again_when_something_is_installed(
    kernel: NotebookKernel, repository: Repository
) -> None:  # F21
    site = kernel.folder / "site"
    site.mkdir()
    kernel.run(f"import sys; sys.path.append({str(site)!r})")
    kernel.run(
        "for n in range(20):\n    with mlflow.start_run(run_name=f'many {n}'): pass", cell="c"
    )
    many = [waited_for(kernel, f"many {n}") for n in range(20)]
    info = site / "churnlib-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: churnlib\nVersion: 1.2\n\n")
    kernel.run("with mlflow.start_run(run_name='installed'): pass", cell="d")
    after = waited_for(kernel, "installed")

    with closing(Store.open(kernel.home)) as store:
        before = {run.tags["nbruns.environment"] for run in many}
        old, new = (store.environments.get(n) for n in (*before, after.tags["nbruns.environment"]))
        rows = store.db.conn.execute("select count(*) from environments").fetchone()
    assert [(p.name, p.version) for p in new.packages if p not in old.packages] == [
        ("churnlib", "1.2")
    ]
    assert rows == (2,)
    nbruns = next(p for p in old.packages if p.name == "nbruns")
    assert nbruns.origin.startswith("editable file:///")


def test_what_is_new_since_the_run_before_is_told(
    kernel: NotebookKernel, repository: Repository
) -> None:  # N1
    kernel.save(code_cell("model", "depth = 3"), code_cell("fit", ""))
    fit = "with mlflow.start_run(run_name='{}'): pass"
    kernel.run("depth = 3", cell="model")
    kernel.run(fit.format("one"), cell="fit")
    waited_for(kernel, "one", "nbruns.revision")
    kernel.run("depth = 4", cell="model")
    kernel.run(fit.format("two"), cell="fit")

    told = waited_for(kernel, "two", "nbruns.code_change").tags["nbruns.code_change"]
    assert told == "cells 1–2 edited"


def test_a_run_copied_by_the_client_is_not_said_to_come_from_here(
    kernel: NotebookKernel, repository: Repository
) -> None:
    kernel.run("mlflow.MlflowClient().create_run('0', run_name='copied')")
    kernel.run("with mlflow.start_run(run_name='after it'): pass")
    waited_for(kernel, "after it")

    copied = next(run for run in kernel.runs() if run.name == "copied")
    assert not {"nbruns.environment", "mlflow.source.git.commit"} & set(copied.tags)


def test_the_commit_of_the_launcher_s_repository_is_not_taken_for_the_notebook_s(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    launcher = Repository(kernel.folder / "program")
    # What MLflow asks git about is the program the process was started with.
    kernel.run(f"import sys, mlflow; sys.argv[0] = {str(launcher.folder / 'train.py')!r}")
    kernel.run("with mlflow.start_run(run_name='elsewhere') as run: print(dict(run.data.tags))")

    run = waited_for(kernel, "elsewhere")
    assert not [key for key in run.tags if "git" in key]


def script(folder: Path, text: str, **environment: str) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
    env = kept | {"NBRUNS_HOME": str(folder / "home"), "MLFLOW_TRACKING_URI": "nbruns:"}
    (folder / "repo" / "fit.py").write_text(text)
    command = [sys.executable, str(folder / "repo" / "fit.py")]
    told = subprocess.run(
        command, env=env | environment, check=True, capture_output=True, text=True, cwd="/"
    )
    assert told.stderr == ""


def test_a_script_tells_it_too_however_soon_it_ends(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.write("train.py", "rate = 0.01\n")
    script(tmp_path, "import mlflow\nwith mlflow.start_run(): pass\n")

    with closing(Store.open(tmp_path / "home")) as store:
        (run_id,) = store.db.conn.execute("select run_id from runs").fetchone()
        run = store.runs.get(run_id)
        environment = store.environments.get(run.tags["nbruns.environment"])
    assert run.tags["mlflow.source.git.commit"] == repository.git("rev-parse", "HEAD").strip()
    assert (run.tags["nbruns.git.branch"], run.tags["nbruns.git.dirty"]) == ("main", "true")
    assert "+rate = 0.01" in diff_of(run)
    assert "mlflow-skinny" in [package.name for package in environment.packages]
    assert "nbruns.kernel_name" not in run.tags


def test_runs_of_forked_workers_tell_it_too(tmp_path: Path) -> None:
    Repository(tmp_path / "repo")
    script(
        tmp_path,
        "import multiprocessing, mlflow\n"
        "def work(n):\n"
        "    with mlflow.start_run(run_name=f'worker {n}'): pass\n"
        "with mlflow.start_run(): pass\n"
        "workers = [multiprocessing.get_context('fork').Process(target=work, args=(n,)) "
        "for n in range(2)]\n"
        "for one in workers: one.start()\n"
        "for one in workers: one.join()\n",
    )

    with closing(Store.open(tmp_path / "home")) as store:
        told = store.db.conn.execute("select count(*) from tags where key = 'nbruns.environment'")
        assert told.fetchone() == (3,)


@pytest.fixture
def remote(live_server: LiveServer, new_kernel: Callable[..., NotebookKernel]) -> NotebookKernel:
    """A kernel whose runs go to a server elsewhere."""
    return new_kernel(
        MLFLOW_TRACKING_URI=live_server.url,
        MLFLOW_TRACKING_TOKEN=live_server.token,
    )


def test_a_tracking_server_is_told_by_tags_and_artifacts(
    remote: NotebookKernel, live_server: LiveServer
) -> None:
    repository = Repository(remote.path.parent)
    repository.write("train.py", "rate = 0.01\n")
    reply = remote.run(
        "import mlflow\nwith mlflow.start_run(run_name='far') as run: print(run.info.run_id)",
        cell="a",
    )
    run_id = reply.stdout.split()[0]
    remote.stop(now=False)

    _, reply_of_server = live_server.ask("GET", f"api/2.0/mlflow/runs/get?run_id={run_id}")
    told = reply_of_server["run"]
    tags = {tag["key"]: tag["value"] for tag in told["data"]["tags"]}
    assert reply.stderr == ""
    assert tags["mlflow.source.git.commit"] == repository.git("rev-parse", "HEAD").strip()
    assert tags["mlflow.source.name"] == str(remote.path)
    assert tags["nbruns.git.dirty"] == "true"
    folder = live_server.home / "artifacts" / told["info"]["experiment_id"] / run_id / "artifacts"
    environment = json.loads((folder / "nbruns" / "environment.json").read_text())
    assert environment["digest"] == tags["nbruns.environment"]
    assert "+rate = 0.01" in (folder / "nbruns" / "git.diff").read_text()
