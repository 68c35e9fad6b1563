"""From an empty folder to a registered model, the way a person goes there."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import expect
from runs_panel import RunsPanel

QUICKSTART = Path(__file__).parents[2] / "binder" / "quickstart.ipynb"
SCORING = [
    "import mlflow\n"
    "from sklearn.datasets import load_breast_cancer\n"
    "X, y = load_breast_cancer(as_frame=True, return_X_y=True)\n"
    "model = mlflow.pyfunc.load_model('models:/tumour@champion')\n"
    "predicted = model.predict(X.head(50))\n"
    "print('right:', int((predicted == y.head(50)).sum()), 'of', len(predicted))"
]


# F1 F2 F3 F4 F6 F9 F11 F15 F16 F17 F45 F76 F79 F81 F108 N6
def test_from_an_empty_folder_to_a_registered_model(
    lab: LabPage, lab_server: LabServer, screenshots: Path
) -> None:
    path = lab_server.add_notebook(QUICKSTART)
    saved = (lab_server.work / path).read_text("utf-8")
    lab.open(path)
    panel = RunsPanel(lab)
    panel.open()

    see_an_empty_panel_that_says_what_to_do(lab, panel, screenshots)
    fit_with_nothing_imported(lab, panel)
    hold_cells_together_with_magics(lab, panel)
    watch_a_cell_train(lab, panel, screenshots)
    edit_without_saving_and_run_again(lab, panel)
    compare_two_runs(panel, lab, screenshots)
    open_the_revision_with_the_unsaved_edit(lab, panel, screenshots)
    register_the_better_one(lab, panel, screenshots)
    load_it_in_another_notebook(lab, lab_server, screenshots)

    assert "learning_rate = 100, 0.01\n" not in saved
    assert lab.our_errors() == []
    assert lab_server.complaints() == []
    the_file_opens_with_ordinary_tools(lab_server)


def see_an_empty_panel_that_says_what_to_do(lab: LabPage, panel: RunsPanel, shots: Path) -> None:
    expect(panel.title).to_have_text("quickstart", timeout=SLOW_MS)
    expect(panel.note).to_contain_text("No runs yet", timeout=SLOW_MS)
    lab.screenshot(shots, "1-empty")


def fit_with_nothing_imported(lab: LabPage, panel: RunsPanel) -> None:
    lab.run_cell("load_breast_cancer(as_frame")
    lab.run_cell("forest.fit")

    expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
    panel.expect_status(panel.rows().first, "FINISHED")
    panel.tick(panel.rows().first)
    expect(panel.root.locator(".nbruns-card")).to_contain_text("n_estimators", timeout=SLOW_MS)
    expect(panel.root.locator(".nbruns-card")).to_contain_text("mean radius")
    panel.untick_all()


def hold_cells_together_with_magics(lab: LabPage, panel: RunsPanel) -> None:
    lab.run_cell("%run_start")
    row = panel.row("deeper-forest")
    panel.expect_status(row, "RUNNING")
    lab.run_cell("deeper.fit")
    lab.run_cell("%run_end")
    panel.expect_status(row, "FINISHED")
    expect(panel.rows()).to_have_count(2)


def watch_a_cell_train(lab: LabPage, panel: RunsPanel, shots: Path) -> None:
    cell = lab.start_cell("classifier.partial_fit")
    row = panel.row("mini-batches")
    panel.expect_status(row, "RUNNING")
    lab.page.mouse.move(0, 0)
    value = row.locator(".nbruns-metric").first
    expect(value).to_have_text(re.compile(r"\d"), timeout=SLOW_MS)
    seen = value.inner_text()
    expect(value).not_to_have_text(seen, timeout=SLOW_MS)

    panel.tick(panel.row("deeper-forest"))
    expect(panel.root.locator(".nbruns-card")).to_contain_text("max_depth", timeout=5_000)
    panel.untick_all()
    panel.tick(row)
    lab.screenshot(shots, "2-training")
    # The panel answered all of that while the notebook's kernel was busy with the cell.
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(row).to_have_attribute("data-status", "RUNNING")

    lab.wait_for_cell(cell, "[*]:")
    panel.expect_status(row, "FINISHED")
    panel.untick_all()


def edit_without_saving_and_run_again(lab: LabPage, panel: RunsPanel) -> None:
    lab.edit_cell("classifier.partial_fit", "0.001", "0.01")
    lab.run_cell("classifier.partial_fit")
    expect(panel.rows()).to_have_count(4, timeout=SLOW_MS)
    panel.expect_status(panel.row("mini-batches"), "FINISHED")


def compare_two_runs(panel: RunsPanel, lab: LabPage, shots: Path) -> None:
    panel.tick(panel.row("mini-batches", 0))
    panel.tick(panel.row("mini-batches", 1))
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
    rate = panel.difference("learning_rate")
    expect(rate).to_contain_text("0.001", timeout=SLOW_MS)
    expect(rate).to_contain_text("0.01")
    expect(panel.difference("epochs")).to_have_count(0)
    lab.page.mouse.move(0, 0)
    lab.screenshot(shots, "3-compared")


def open_the_revision_with_the_unsaved_edit(lab: LabPage, panel: RunsPanel, shots: Path) -> None:
    revision = panel.open_revision(panel.row("mini-batches"))
    expect(revision).to_contain_text("epochs, learning_rate = 100, 0.01", timeout=SLOW_MS)
    expect(revision.locator(".nbruns-revision-bar")).to_contain_text("read-only")
    line = revision.locator(".cm-line", has_text="epochs, learning_rate").first
    line.click()
    lab.page.keyboard.type("spoiled")
    expect(revision).not_to_contain_text("spoiled")
    lab.screenshot(shots, "4-revision")


def register_the_better_one(lab: LabPage, panel: RunsPanel, shots: Path) -> None:
    row = panel.row("mini-batches")
    panel.register(row, "tumour", "champion")
    badge = row.locator(".nbruns-badge")
    expect(badge).to_contain_text("tumour v1", timeout=SLOW_MS)
    lab.screenshot(shots, "5-registered")


def load_it_in_another_notebook(lab: LabPage, server: LabServer, shots: Path) -> None:
    lab.open_another(server.write_notebook("scoring.ipynb", SCORING))
    lab.run_cell("load_model")
    said = lab.output("load_model").last.inner_text()
    found = re.search(r"right: (\d+) of 50", said)
    assert found is not None, said
    assert int(found[1]) >= 40
    lab.screenshot(shots, "6-scored")


def the_file_opens_with_ordinary_tools(server: LabServer) -> None:
    """sqlite3 and sqlite-utils read it as any other file."""
    file = server.home / "nbruns.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as conn:
        assert conn.execute("pragma integrity_check").fetchone() == ("ok",)
        names = [name for (name,) in conn.execute("select name from runs order by started_ms")]
    assert names[1:] == ["deeper-forest", "mini-batches", "mini-batches"]
    command = [sys.executable, "-m", "sqlite_utils", "tables", str(file), "--counts"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '"runs"' in listed.stdout
