"""`nbruns.compare` as a notebook calls it: on the store beside it, and on a server elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyter_process import LiveServer
from notebook_kernel import NotebookKernel, Reply, code_cell

FIT = """
import mlflow, nbruns
def fit(name, rate):
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_param('rate', rate)
        mlflow.log_param('kind', 'forest')
        mlflow.log_metric('accuracy', 1 - rate)
    return run
"""


def said(reply: Reply) -> str:
    assert reply.error == ""
    return reply.stdout.strip()


@pytest.fixture(scope="module")
def two_runs(kernel: NotebookKernel) -> NotebookKernel:
    """A kernel with two runs of a notebook that was edited in between."""
    kernel.save(code_cell("make", FIT), code_cell("fit", ""))
    kernel.run(FIT, cell="make")
    for name, rate in (("one", 0.1), ("two", 0.01)):
        kernel.run(f"{name} = fit({name!r}, {rate})", cell="fit")
        until = time.monotonic() + 10
        run = next(run for run in kernel.runs() if run.name == name)
        while not {"nbruns.code", "nbruns.environment"} <= set(run.tags):
            assert time.monotonic() < until
            time.sleep(0.05)
            run = next(run for run in kernel.runs() if run.name == name)
    return kernel


@pytest.mark.parametrize(
    "given",
    ["one, two", "one.info.run_id, two.info.run_id", "'one', 'two'", "two", "'two'"],
)
def test_runs_are_given_by_id_by_name_or_as_mlflow_gives_them(
    two_runs: NotebookKernel, given: str
) -> None:  # N1
    words = said(two_runs.run(f"print(nbruns.compare({given}).sentence)"))

    assert words == "cell 2 edited; rate 0.1 → 0.01"


def test_a_run_of_the_same_cell_has_its_code_and_packages(two_runs: NotebookKernel) -> None:
    words = said(
        two_runs.run(
            "three = fit('three', 0.02)\nfound = nbruns.compare('one', three)\n"
            "print(found.sentence, found.unknown, sep='|')",
            cell="fit",
        )
    )

    # Cells that no document holds follow at its end.
    assert words.startswith("cell 2 edited")
    assert words.endswith("rate 0.1 → 0.02|()")


def test_a_cell_shows_the_page(two_runs: NotebookKernel) -> None:
    reply = two_runs.run("nbruns.compare('one', 'two')")

    assert "nbruns-comparison" in reply.html
    assert "Cell 2 edited" in reply.html
    assert "0.99" in reply.html


def test_the_result_is_plain_data_too(two_runs: NotebookKernel) -> None:
    words = said(
        two_runs.run(
            "found = nbruns.compare('one', 'two')\n"
            "print(found.params[0].values, found.metrics[0].deltas[1], len(found.packages),\n"
            "      found.equal.params[0].name, len(found.equal.packages) > 50, found.unknown)"
        )
    )

    assert words == "('0.1', '0.01') 0.08999999999999997 0 kind True ()"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("'nobody', 'two'", "NotFound: This notebook has no run with the id or name 'nobody'"),
        (f"'{'0' * 32}', 'two'", f"NotFound: No run with id '{'0' * 32}'"),
        ("'one'", "NotFound: There is no run before"),
        ("'two', two", "InvalidValue: A run cannot be compared with itself"),
        ("3, 'two'", "InvalidValue: A run is its id, its name or MLflow's Run, not 3"),
        ("'', 'two'", "InvalidValue: A run is its id, its name or MLflow's Run, not ''"),
        ("'it\\'s \"x\"', 'two'", "InvalidValue: The name"),
    ],
)
def test_what_names_no_run_is_refused_with_words(
    two_runs: NotebookKernel, given: str, words: str
) -> None:
    assert words in two_runs.run(f"nbruns.compare({given})").error


def test_a_server_s_runs_are_compared_by_its_address(
    live_server: LiveServer, new_kernel: Callable[..., NotebookKernel], tmp_path: Path
) -> None:
    kernel = new_kernel(
        MLFLOW_TRACKING_URI=live_server.url, MLFLOW_TRACKING_TOKEN=live_server.token
    )
    kernel.run(FIT, cell="make")
    kernel.run("one = fit('one', 0.1)", cell="a")
    kernel.run("two = fit('two', 0.01)", cell="b")
    kernel.run("ids = [one.info.run_id, two.info.run_id]\nprint(*ids)")
    # As the browser of that server would send them.
    for name, text in (("one", "x = 1"), ("two", "x = 2")):
        ids = said(kernel.run(f"print({name}.info.run_id)"))
        content = {
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
            "cells": [code_cell("c", text)],
        }
        body = {"run_id": ids, "path": "a.ipynb", "content": content}
        assert live_server.ask("POST", "api/1.0/revisions/capture", body)[0] == 200
    # What a kernel sends along is there when it has ended.
    ids = said(kernel.run("print(*ids)")).split()
    kernel.stop(now=False)

    script = (
        "import mlflow, nbruns, sys\n"
        "found = nbruns.compare(*sys.argv[1:])\n"
        "print(found.sentence, found.unknown, len(found.equal.packages) > 50, sep='|')\n"
        "print(nbruns.compare(sys.argv[2]).sentence)\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
    env = kept | {
        "MLFLOW_TRACKING_URI": live_server.url,
        "MLFLOW_TRACKING_TOKEN": live_server.token,
    }
    told = subprocess.run(
        [sys.executable, "-c", script, *ids],
        env=env,
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert told.stdout.splitlines() == [
        "cell 1 edited; rate 0.1 → 0.01|()|True",
        "cell 1 edited; rate 0.1 → 0.01",
    ]


def test_another_store_of_mlflow_s_gives_what_it_keeps(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("alembic")
    script = (
        f"{FIT}\nimport json\nimport mlflow.data, numpy\n"
        "one, two = fit('one', 0.1), fit('two', 0.01)\n"
        "found = nbruns.compare('one', two)\n"
        "print(json.dumps([found.sentence, found.unknown]))\n"
        "try: nbruns.compare('one')\n"
        "except nbruns.library.InvalidValue as error: print(error)\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
    env = kept | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/own.db"}
    told = subprocess.run(
        [sys.executable, "-c", script],
        env=env,
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    first, second = told.stdout.splitlines()[-2:]
    sentence, unknown = json.loads(first)
    assert sentence == "rate 0.1 → 0.01"
    assert len(unknown) == 4
    assert "name both runs" in second
