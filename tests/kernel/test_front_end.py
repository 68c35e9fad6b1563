"""Which experiment a run gets where no server tells: VS Code, papermill, nbconvert, scripts."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notebook_kernel import NotebookKernel, code_cell

from nbruns.conditions import Search
from nbruns.kernel.front_end import named_by, own_session
from nbruns.records import Run
from nbruns.store import Store

START = "import mlflow\nwith mlflow.start_run(): mlflow.log_metric('a', 1)"


def by_experiment(home: Path) -> dict[str, list[Run]]:
    """The runs in a store by the name of their experiment."""
    store = Store.open(home)
    try:
        found = store.experiments.search(Search(), view="active", limit=100).items
        return {one.name: runs for one in found if (runs := _runs(store, one.experiment_id))}
    finally:
        store.close()


def _runs(store: Store, experiment_id: str) -> list[Run]:
    return store.runs.search([experiment_id], Search(), view="active", limit=100, token=None).items


class Outside:
    """A folder with notebooks and scripts in it, and a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"

    def write(self, path: str, text: str = START) -> str:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        content: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "cells": []}
        content["cells"].append(code_cell("start", text))
        spec = {"name": "python3", "display_name": "Python", "language": "python"}
        content["metadata"] = {"kernelspec": spec}
        file.write_text(json.dumps(content) if path.endswith(".ipynb") else text)
        return path

    def run(self, *words: str, given: str = "", **environment: str) -> dict[str, list[Run]]:
        """What is in the store after this environment's Python ran with these words."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
        told = {
            "NBRUNS_HOME": str(self.home),
            "MLFLOW_TRACKING_URI": "nbruns:",
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            **environment,
        }
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=kept | told,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return by_experiment(self.home)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return Outside(tmp_path)


def test_vs_code_s_variable_names_the_notebook(new_kernel: Callable[..., NotebookKernel]) -> None:
    kernel = new_kernel(JPY_SESSION_NAME="")
    path = kernel.folder / "work" / "studio.ipynb"
    kernel.run(f"__vsc_ipynb_file__ = {str(path)!r}", cell="vscode-notebook-cell:/studio#W0")
    kernel.run(START, cell="vscode-notebook-cell:/studio#W1")

    ((name, (run,)),) = by_experiment(kernel.home).items()
    assert name == "studio"
    assert run.tags["mlflow.source.name"] == str(path)
    assert kernel.revision(run) is not None


def test_papermill_s_parameter_names_the_notebook(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel(JPY_SESSION_NAME="")
    kernel.run("PAPERMILL_INPUT_PATH = 'weekly.ipynb'\nPAPERMILL_OUTPUT_PATH = 'out/3.ipynb'")
    kernel.run(START)

    ((name, (run,)),) = by_experiment(kernel.home).items()
    assert name == "weekly"
    assert run.tags["mlflow.source.name"] == str(kernel.folder / "work" / "weekly.ipynb")


@pytest.mark.skipif(importlib.util.find_spec("papermill") is None, reason="papermill is not here")
@pytest.mark.parametrize("options", [[], ["--inject-paths"]])
def test_papermill_runs_belong_to_the_notebook_it_was_given(
    outside: Outside, options: list[str]
) -> None:
    outside.write("in/weekly.ipynb")

    found = outside.run("-m", "papermill", *options, "in/weekly.ipynb", "monday.ipynb")

    assert list(found) == ["weekly"]


def test_a_notebook_executed_in_a_shell_has_its_experiment(outside: Outside) -> None:
    outside.write("in/nightly.ipynb")
    execute = "from nbclient.cli import main; import sys; sys.argv[0] = 'x'; main()"
    outside.write("jupyter-execute", execute)

    found = outside.run("jupyter-execute", "in/nightly.ipynb")

    assert list(found) == ["nightly"]


def test_a_kernel_started_by_a_kernel_is_not_its_notebook(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    outer = new_kernel(notebook="outer.ipynb")
    outer.save(code_cell("start", START))
    reply = outer.run(
        "import nbformat, nbclient\n"
        "inner = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('''" + START + "''')])\n"
        "executed = nbclient.NotebookClient(inner).execute()\n"
    )
    assert reply.error == ""
    outer.run(START)

    found = by_experiment(outer.home)
    assert sorted(found) == ["Default", "outer"]
    assert len(found["outer"]) == 1


@pytest.mark.parametrize(
    ("path", "words", "name"),
    [
        ("train.py", ["train.py"], "train"),
        ("train", ["train"], "train"),
        ("jobs/train.py", ["-m", "jobs.train"], "train"),
        ("churn/__main__.py", ["-m", "churn"], "churn"),
    ],
)
def test_a_script_has_its_own_experiment(
    outside: Outside, path: str, words: list[str], name: str
) -> None:  # F2
    outside.write(path)
    outside.run(*words)

    found = outside.run(*words)

    assert {one: len(runs) for one, runs in found.items()} == {name: 2}
    assert found[name][0].tags["mlflow.source.type"] != "NOTEBOOK"
    assert "nbruns.notebook" not in found[name][0].tags


def test_what_is_no_script_of_the_user_logs_to_the_default_experiment(outside: Outside) -> None:
    outside.write("test_it.py", f"def test_it():\n    {START.replace(chr(10), chr(10) + '    ')}")

    outside.run("-c", START)
    outside.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    found = outside.run("-", given=START + "\n\n")

    assert {name: len(runs) for name, runs in found.items()} == {"Default": 3}


def test_an_experiment_that_is_named_wins(outside: Outside) -> None:
    outside.write("train.py", f"import mlflow\nmlflow.set_experiment('chosen')\n{START}")
    outside.write("other.py")

    outside.run("train.py")
    found = outside.run("other.py", MLFLOW_EXPERIMENT_NAME="by variable")

    assert sorted(found) == ["by variable", "chosen"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["python", "/bin/papermill", "a.ipynb", "b.ipynb", "-p", "x", "1"], "a.ipynb"),
        (["python", "-m", "papermill", "a.ipynb", "b.ipynb"], "a.ipynb"),
        (["python", "/bin/jupyter-nbconvert", "--execute", "--to", "html", "a.ipynb"], "a.ipynb"),
        (["python", "/bin/jupyter-nbconvert", "--execute", "a.ipynb", "b.ipynb"], None),
        (["python", "/bin/jupyter-lab", "a.ipynb"], None),
        (["papermill", "s3://bucket/a.ipynb", "b.ipynb"], None),
        ([], None),
    ],
)
def test_what_a_command_line_executes(words: list[str], named: str | None, tmp_path: Path) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).touch()

    assert named_by(words, str(tmp_path)) == (named and str(tmp_path / named))


def test_a_session_s_name_is_inherited_once() -> None:
    environ = {"JPY_SESSION_NAME": "/work/outer.ipynb"}

    assert own_session(environ) == "/work/outer.ipynb"
    assert own_session(environ) == ""
    assert own_session({**environ, "JPY_SESSION_NAME": "/work/inner.ipynb"}) == "/work/inner.ipynb"
