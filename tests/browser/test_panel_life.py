"""The panel over a renamed notebook, a reloaded or copied page, a killed kernel, a dark theme."""

import os
import signal
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import expect
from runs_panel import RunsPanel, panel_kernel, panel_kernels

TRAIN = (
    "import mlflow\n"
    "with mlflow.start_run(run_name='first'):\n"
    "    mlflow.log_params({'depth': 3, 'kind': 'forest'})\n"
    "    for step in range(20):\n"
    "        mlflow.log_metrics({'val_loss': 1 / (step + 1), 'val_acc': step / 20}, step=step)"
)


@pytest.fixture
def panel(lab: LabPage, lab_server: LabServer) -> RunsPanel:
    """The panel beside a notebook that has made a run."""
    lab.open(lab_server.write_notebook("churn.ipynb", [TRAIN]))
    panel = RunsPanel(lab)
    panel.open()
    lab.run_cell("log_params")
    expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
    return panel


# F2 F3 N6
def test_the_panel_goes_on(
    panel: RunsPanel, lab: LabPage, lab_server: LabServer, screenshots: Path
) -> None:
    keeps_the_runs_of_a_renamed_notebook(panel, lab)
    comes_back_with_the_page(panel, lab)
    is_not_shared_with_a_copy_of_the_tab(panel, lab)
    comes_back_after_its_kernel_was_killed(panel, lab_server)
    looks_right_in_the_dark(panel, lab, screenshots)
    assert lab.our_errors() == []
    assert lab_server.complaints() == []

    comes_back_after_the_server_was_started_again(panel, lab_server)


def keeps_the_runs_of_a_renamed_notebook(panel: RunsPanel, lab: LabPage) -> None:
    lab.page.evaluate(
        "window.jupyterapp.serviceManager.contents.rename('churn.ipynb', 'leavers.ipynb')"
    )
    lab.in_front = "leavers.ipynb"
    expect(panel.title).to_have_text("leavers", timeout=SLOW_MS)
    expect(panel.rows()).to_have_count(1)
    lab.run_cell("log_params")
    expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)


def comes_back_with_the_page(panel: RunsPanel, lab: LabPage) -> None:
    lab.command("docmanager:save")
    panel.tick(panel.rows().first)
    lab.page.reload()
    expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)
    expect(panel.rows().first.locator(".nbruns-tick")).to_be_checked()


def is_not_shared_with_a_copy_of_the_tab(panel: RunsPanel, lab: LabPage) -> None:
    # "Duplicate tab" copies the session storage, which Playwright has no hand for.
    stored = lab.page.evaluate("JSON.stringify(sessionStorage)")
    page = lab.page.context.new_page()
    page.add_init_script(f"if (!sessionStorage.length) Object.assign(sessionStorage, {stored})")
    copy = LabPage(page, lab.server)
    copy.open(lab.server.write_notebook("other.ipynb", [TRAIN]))
    copied = RunsPanel(copy)
    copied.open()
    expect(copied.title).to_have_text("other", timeout=SLOW_MS)
    expect(copied.note).to_contain_text("No runs yet", timeout=SLOW_MS)
    copy.run_cell("log_params")
    expect(copied.rows()).to_have_count(1, timeout=SLOW_MS)

    expect(panel.title).to_have_text("leavers")
    expect(panel.rows()).to_have_count(2)
    assert copy.our_errors() == []
    page.close()


def comes_back_after_its_kernel_was_killed(panel: RunsPanel, server: LabServer) -> None:
    kernel = panel_kernel(server)
    os.kill(kernel.pid, signal.SIGKILL)
    # What was shown stays in sight meanwhile; the new kernel's own view comes in its place.
    expect(panel.root.locator(".nbruns-panel-body")).to_have_attribute("data-stale", "true")
    expect(panel.root.locator(".nbruns-panel-body")).to_have_attribute(
        "data-stale", "false", timeout=SLOW_MS
    )
    assert [one.pid for one in panel_kernels(server)] != [kernel.pid]
    expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)
    expect(panel.rows().first.locator(".nbruns-tick")).to_be_checked(timeout=SLOW_MS)
    expect(panel.root.locator(".nbruns-card")).to_contain_text("depth", timeout=SLOW_MS)


def looks_right_in_the_dark(panel: RunsPanel, lab: LabPage, screenshots: Path) -> None:
    lab.page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    expect(lab.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    panel.tick(panel.rows().nth(1))
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
    lab.screenshot(screenshots, "7-dark")


def comes_back_after_the_server_was_started_again(panel: RunsPanel, server: LabServer) -> None:
    server.stop()
    expect(panel.root.locator(".nbruns-panel-notice")).to_contain_text("server", timeout=SLOW_MS)
    server.start()
    expect(panel.root.locator(".nbruns-panel-notice")).to_be_hidden(timeout=SLOW_MS)
    expect(panel.rows()).to_have_count(2)
    expect(panel.rows().first.locator(".nbruns-tick")).to_be_checked()
    # JupyterLab tells of the loss in a dialog, which stays until it is dismissed.
    panel.lab.page.keyboard.press("Escape")
    panel.rows().first.locator(".nbruns-name").click()
    expect(panel.root.locator(".nbruns-card")).to_contain_text("depth", timeout=SLOW_MS)
