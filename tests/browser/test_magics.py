"""The notebook's commands in JupyterLab: links to runs, a live table in a cell, completions."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Locator, expect
from runs_panel import RunsPanel

CELLS = [
    "%run_start first\n%run_metrics acc=0.9\n%run_end",
    "%%tracked second\nx = 2",
    "%run_snapshot before tuning",
    "%runs",
    "%run_end --status ",
    "from mlflow import MlflowClient\n"
    "MlflowClient().create_registered_model('churn')\n"
    "MlflowClient().create_model_version('churn', 's3://x')\n"
    "%model_move churn 1 --alias champion",
]


# F45 N6
def test_commands_answer_with_links_and_live_tables(
    lab: LabPage, lab_server: LabServer, screenshots: Path
) -> None:
    lab.open(lab_server.write_notebook("churn.ipynb", CELLS))
    panel = RunsPanel(lab)
    lab.run_cell("%run_start first")
    lab.run_cell("%%tracked second")

    a_link_shows_its_run_in_the_panel(lab, panel)
    a_link_shows_a_version_in_the_panel(lab, panel)
    a_snapshot_holds_what_was_not_saved(lab)
    a_table_in_a_cell_is_live(lab, screenshots)
    tab_offers_the_values_of_an_option(lab)
    without_trust_there_are_words_and_no_links(lab, lab_server)

    assert lab.our_errors() == []
    assert lab_server.complaints() == []


def link(lab: LabPage, cell: str) -> Locator:
    """The last link in what a cell has answered."""
    return lab.output(cell).locator(".nbruns-line-link").last


def a_link_shows_its_run_in_the_panel(lab: LabPage, panel: RunsPanel) -> None:
    expect(panel.root).not_to_be_visible()
    link(lab, "%%tracked second").click()
    expect(panel.row("second").locator(".nbruns-tick")).to_be_checked(timeout=SLOW_MS)
    expect(panel.root.locator(".nbruns-card")).to_contain_text("second", timeout=SLOW_MS)

    # By the keyboard too, and the other run takes its place.
    link(lab, "%run_start first").focus()
    lab.page.keyboard.press("Enter")
    expect(panel.row("first").locator(".nbruns-tick")).to_be_checked(timeout=SLOW_MS)
    expect(panel.row("second").locator(".nbruns-tick")).not_to_be_checked()


def a_link_shows_a_version_in_the_panel(lab: LabPage, panel: RunsPanel) -> None:
    lab.run_cell("%model_move")
    expect(lab.output("%model_move").last).to_have_text("churn version 1 is @champion now")
    link(lab, "%model_move").click()
    nav = panel.root.locator(".nbruns-registryNav")
    expect(nav).to_contain_text("version 1", timeout=SLOW_MS)
    nav.get_by_role("button", name="Runs").click()
    expect(panel.row("first")).to_be_visible()


def a_snapshot_holds_what_was_not_saved(lab: LabPage) -> None:
    lab.edit_cell("%%tracked second", "x = 2", "x = 'not saved'")
    lab.run_cell("%run_snapshot")
    answer = lab.output("%run_snapshot")
    expect(answer).to_have_text(re.compile(r"^Revision [0-9a-f]{8} kept: before tuning$"))
    link(lab, "%run_snapshot").click()
    opened = lab.page.locator(".nbruns-revision-tab:not(.lm-mod-hidden)")
    expect(opened).to_contain_text("x = 'not saved'", timeout=SLOW_MS)
    lab.command("application:close")


def a_table_in_a_cell_is_live(lab: LabPage, screenshots: Path) -> None:
    lab.run_cell("%runs")
    rows = lab.output("%runs").locator(".nbruns-row")
    expect(rows).to_have_count(2, timeout=SLOW_MS)
    lab.run_cell("%%tracked second")
    expect(rows).to_have_count(3, timeout=SLOW_MS)
    expect(rows.first).to_have_attribute("data-status", "FINISHED", timeout=SLOW_MS)
    lab.screenshot(screenshots, "magics")

    rows.last.locator(".nbruns-tick").check()
    card = lab.output("%runs").locator(".nbruns-card")
    expect(card).to_contain_text("first", timeout=SLOW_MS)
    expect(card).to_contain_text("acc")
    # What takes the place of the runs, the cell shows too.
    lab.output("%runs").locator(".nbruns-toModels").click()
    pages = lab.output("%runs").locator(".nbruns-registryBar")
    expect(pages).to_be_visible(timeout=SLOW_MS)
    pages.locator(".nbruns-back").click()
    expect(rows).to_have_count(3)
    rows.last.locator(".nbruns-tick").uncheck()
    expect(card).to_be_hidden()
    lab.output("%runs").locator(".nbruns-toModels").click()
    expect(pages).to_be_visible()


def tab_offers_the_values_of_an_option(lab: LabPage) -> None:
    line = lab.cell("%run_end --status").locator(".cm-line").first
    line.click()
    lab.page.keyboard.press("End")
    lab.page.keyboard.press("Tab")
    offered = lab.page.locator(".jp-Completer-match")
    for place, status in enumerate(("FINISHED", "FAILED", "KILLED")):
        expect(offered.nth(place)).to_have_text(status)
    lab.page.keyboard.press("Escape")


def without_trust_there_are_words_and_no_links(lab: LabPage, server: LabServer) -> None:
    """As in a notebook somebody else has sent."""
    lab.command("docmanager:save")
    file = server.work / "churn.ipynb"
    lab.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    content = json.loads(file.read_text("utf-8"))
    content["metadata"]["sent"] = "by Bo"
    (server.work / "sent.ipynb").write_text(json.dumps(content), "utf-8")
    lab.open_another("sent.ipynb")

    expect(lab.output("%run_start first").first).to_have_text("Run first started")
    expect(lab.notebook.locator(".nbruns-line-link")).to_have_count(0)
