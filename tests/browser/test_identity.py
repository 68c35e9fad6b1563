"""A notebook keeps its runs through what a person does to its file in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kept import run_named
from lab_page import SLOW_MS, LabPage
from playwright.sync_api import expect
from runs_panel import RunsPanel

CELLS = [
    "%run_start long",
    "%run_end",
    "import mlflow\nwith mlflow.start_run(run_name='renamed'): pass",
    "import mlflow\nwith mlflow.start_run(run_name='saved as'): pass",
    "import mlflow\nwith mlflow.start_run(run_name='duplicated'): pass",
]


@pytest.fixture(scope="module")
def lab(shared_lab: LabPage) -> Iterator[LabPage]:
    shared_lab.open(shared_lab.server.write_notebook("churn.ipynb", CELLS))
    RunsPanel(shared_lab).open()
    yield shared_lab
    assert shared_lab.our_errors() == []
    assert shared_lab.server.complaints() == []


def ask_for_path(lab: LabPage, command: str, path: str, button: str) -> None:
    """Give a command that asks for a name, and answer."""
    lab.page.evaluate("name => void window.jupyterapp.commands.execute(name)", command)
    dialog = lab.page.locator(".jp-Dialog")
    dialog.locator("input").first.fill(path)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0, timeout=SLOW_MS)
    lab.in_front = path
    lab.notebook.wait_for(timeout=SLOW_MS)


def test_a_rename_during_a_run_takes_the_experiment_along(lab: LabPage) -> None:  # F2 F3
    lab.run_cell("%run_start")
    before = run_named(lab.server, "long")
    assert before["experiment"] == "churn"

    ask_for_path(lab, "docmanager:rename", "leavers.ipynb", "Rename")
    lab.run_cell("%run_end")
    lab.run_cell("'renamed'")

    after = run_named(lab.server, "renamed")
    assert after["experiment_id"] == before["experiment_id"]
    assert after["experiment"] == "leavers"
    assert after["tags"]["mlflow.source.name"].endswith("/leavers.ipynb")
    panel = RunsPanel(lab)
    expect(panel.title).to_have_text("leavers", timeout=SLOW_MS)
    expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)


def test_save_as_begins_a_notebook_of_its_own(lab: LabPage) -> None:  # F2
    lab.command("docmanager:save")
    ask_for_path(lab, "docmanager:save-as", "second.ipynb", "Save")
    lab.wait_for_kernel()
    lab.run_cell("'saved as'")

    run = run_named(lab.server, "saved as")
    assert run["experiment"] == "second"
    assert forked_from(lab, run) == "leavers.ipynb"


def test_a_duplicate_is_a_notebook_of_its_own(lab: LabPage) -> None:  # F2
    lab.page.evaluate(
        "name => void window.jupyterapp.commands.execute(name)", "docmanager:duplicate"
    )
    copy = lab.page.locator(".jp-DirListing-itemText", has_text="second-Copy1.ipynb")
    copy.wait_for(timeout=SLOW_MS)
    lab.open_another("second-Copy1.ipynb")
    lab.run_cell("'duplicated'")

    run = run_named(lab.server, "duplicated")
    assert run["experiment"] == "second-Copy1"
    assert forked_from(lab, run) == "second.ipynb"


def forked_from(lab: LabPage, run: dict[str, str]) -> str:
    path = f"api/2.0/mlflow/experiments/get?experiment_id={run['experiment_id']}"
    experiment = lab.server.ask("GET", path)[1]["experiment"]
    told = {tag["key"]: tag["value"] for tag in experiment["tags"]}
    return told["nbruns.forked_from"].rpartition("/")[2]
