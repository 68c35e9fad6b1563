"""The panel in other places than a plain JupyterLab: behind a proxy, in Notebook 7, in a tab."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, expect
from runs_panel import RunsPanel

TRAIN = (
    "import mlflow\n"
    "with mlflow.start_run(run_name='first'):\n"
    "    mlflow.log_params({'depth': 3})\n"
    "    for step in range(20):\n"
    "        mlflow.log_metrics({'loss': 1 / (step + 1)}, step=step)"
)


@contextmanager
def served(server: LabServer) -> Iterator[LabServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def forwarded(server: LabServer) -> Iterator[LabServer]:
    """The same server as seen through a proxy on another port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    program = Path(__file__).with_name("forwarder.py")
    process = subprocess.Popen([sys.executable, str(program), str(port), str(server.port)])
    front = LabServer(server.folder, base_url=server.base_url, token=server.token, port=port)
    front.process = process
    try:
        front.wait_until_up()
        yield front
    finally:
        process.terminate()
        process.wait(10)


def test_the_panel_works_under_a_prefix_behind_a_proxy(tmp_path: Path, chromium: Browser) -> None:
    with (
        served(LabServer(tmp_path, base_url="/hub/user/ada/")) as server,
        forwarded(server) as front,
    ):
        lab = LabPage(chromium.new_page(), front)
        lab.open(server.write_notebook("churn.ipynb", [TRAIN]))
        panel = RunsPanel(lab)
        panel.open()
        lab.run_cell("log_params")
        expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
        lab.run_cell("log_params")
        expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)
        panel.tick(panel.row("first"))
        panel.tick(panel.row("first", 1))
        expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
        tab = panel.open_revision(panel.row("first"))
        expect(tab).to_contain_text("log_metrics", timeout=SLOW_MS)
        assert lab.our_errors() == []
        lab.page.close()


def test_without_widgets_the_panel_says_what_to_install(tmp_path: Path, chromium: Browser) -> None:
    server = LabServer(tmp_path)
    settings = tmp_path / "config" / "labconfig"
    settings.mkdir(parents=True)
    off = {"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": True}}
    (settings / "page_config.json").write_text(json.dumps(off))
    with served(server):
        lab = LabPage(chromium.new_page(), server)
        lab.open()
        lab.command("nbruns:open-panel")
        expect(lab.page.locator("#nbruns-panel .nbruns-panel-notice")).to_contain_text(
            "pip install jupyterlab_widgets", timeout=SLOW_MS
        )
        lab.page.close()


# F43 F51
def test_a_tab_shows_what_a_link_names_and_comes_back(
    lab: LabPage, lab_server: LabServer, screenshots: Path
) -> None:
    lab.open(lab_server.write_notebook("churn.ipynb", [TRAIN]))
    panel = RunsPanel(lab)
    panel.open()
    for _ in range(2):
        lab.run_cell("log_params")
    expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)
    panel.tick(panel.rows().first)
    panel.tick(panel.rows().nth(1))
    panel.root.locator(".nbruns-titleButton").click()
    panel.root.get_by_role("menuitem", name="Open in a tab").click()
    tab = RunsPanel(lab, place=".nbruns-runs-tab:not(.lm-mod-hidden)")
    expect(tab.curves()).to_have_count(2, timeout=SLOW_MS)
    lab.screenshot(screenshots, "tab")

    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.root.locator(".nbruns-titleButton").click()
    tab.root.get_by_role("menuitem", name="Copy link to this view").click()
    lab.page.get_by_text("Link copied").wait_for()
    link = lab.page.evaluate("navigator.clipboard.readText()")

    lab.page.reload()
    expect(tab.curves()).to_have_count(2, timeout=SLOW_MS)

    other = LabPage(lab.page.context.new_page(), lab_server)
    other.page.goto(f"{link}&reset")
    shown = RunsPanel(other, place=".nbruns-runs-tab:not(.lm-mod-hidden)")
    expect(shown.rows()).to_have_count(2, timeout=SLOW_MS)
    expect(shown.curves()).to_have_count(2, timeout=SLOW_MS)
    assert "nbruns=" not in other.page.url
    assert lab.our_errors() == other.our_errors() == []


def test_settings_and_commands_are_where_jupyterlab_has_them(
    tmp_path: Path, chromium: Browser
) -> None:
    server = LabServer(tmp_path)
    server.set_setting("nbruns", "panel", {"followNotebook": False, "openOnRun": True})
    with served(server):
        lab = LabPage(chromium.new_page(), server)
        lab.open(server.write_notebook("churn.ipynb", [TRAIN]))
        panel = RunsPanel(lab)
        lab.run_cell("log_params")
        # Opened by the run.
        expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
        lab.open_another(server.write_notebook("other.ipynb", ["1 + 1"]))
        lab.page.keyboard.press("Escape")
        lab.page.keyboard.press("Control+Alt+Shift+R")
        tab = RunsPanel(lab, place=".nbruns-runs-tab:not(.lm-mod-hidden)")
        expect(tab.root.locator(".nbruns-experiments")).to_contain_text("churn", timeout=SLOW_MS)
        expect(panel.title).to_have_text("churn")
        lab.command("settingeditor:open")
        lab.page.locator(".jp-PluginList").get_by_text("Runs", exact=True).click()
        expect(lab.page.get_by_text("Follow the notebook in front")).to_be_visible()
        assert lab.our_errors() == []
        lab.page.close()


def test_the_panel_stands_in_notebook_7(
    lab_server: LabServer, chromium: Browser, screenshots: Path
) -> None:
    pytest.importorskip("notebook")
    page = chromium.new_page(viewport={"width": 1200, "height": 800})
    path = lab_server.write_notebook("churn.ipynb", [TRAIN])
    page.goto(f"{lab_server.lab_url}notebooks/{path}?token={lab_server.token}")
    lab = LabPage(page, lab_server)
    page.locator(".jp-NotebookPanel").wait_for(timeout=SLOW_MS)
    page.get_by_role("button", name="Show the runs of this notebook").click()
    panel = RunsPanel(lab)
    expect(panel.title).to_have_text("churn", timeout=SLOW_MS)
    page.locator(".jp-CodeCell").first.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")
    expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
    page.screenshot(path=screenshots / "notebook-7.png")
    # Notebook 7.6 has an error of its own at the start, with nbruns switched off too.
    assert [text for text in lab.errors if "nbruns" in text] == []
    page.close()


# F7 F8
def test_every_experiment_is_reached_from_the_title(
    lab: LabPage, lab_server: LabServer, screenshots: Path
) -> None:
    elsewhere = (
        "mlflow.set_experiment('shared study')\nwith mlflow.start_run(run_name='apart'): pass"
    )
    lab.open(lab_server.write_notebook("churn.ipynb", [TRAIN, elsewhere]))
    panel = RunsPanel(lab)
    panel.open()
    lab.run_cell("log_params")
    lab.run_cell("set_experiment")
    expect(panel.root).to_contain_text("This notebook logs to “shared study”", timeout=SLOW_MS)
    choose_experiment(panel, "shared study")
    expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
    expect(panel.row("apart")).to_be_visible()

    panel.root.locator(".nbruns-titleButton").click()
    panel.root.get_by_role("menuitem", name="All experiments").click()
    line = panel.root.locator(".nbruns-experiment", has_text="shared study")
    line.hover()
    line.get_by_role("button", name="Rename").click()
    lab.page.keyboard.insert_text("renamed study")
    lab.page.keyboard.press("Enter")
    renamed = panel.root.locator(".nbruns-experiment", has_text="renamed study")
    expect(renamed).to_be_visible(timeout=SLOW_MS)
    renamed.hover()
    renamed.get_by_role("button", name="Delete").click()
    expect(renamed).to_have_count(0, timeout=SLOW_MS)
    lab.screenshot(screenshots, "experiments")
    panel.root.get_by_role("button", name="Undo").click()
    expect(renamed).to_be_visible(timeout=SLOW_MS)
    panel.root.locator(".nbruns-experiment", has_text="churn").locator("button").first.click()
    expect(panel.row("first")).to_be_visible(timeout=SLOW_MS)
    assert lab.our_errors() == []


def choose_experiment(panel: RunsPanel, name: str) -> None:
    panel.root.locator(".nbruns-titleButton").click()
    panel.root.get_by_role("menuitem", name="All experiments").click()
    panel.root.locator(".nbruns-experimentSearch").fill(name)
    lines = panel.root.locator(".nbruns-experiment")
    expect(lines).to_have_count(1, timeout=SLOW_MS)
    lines.locator("button").first.click()


def test_the_whole_panel_stands_in_a_cell(lab: LabPage, lab_server: LabServer) -> None:
    lab.open(lab_server.write_notebook("churn.ipynb", [TRAIN, "import nbruns\nnbruns.RunPanel()"]))
    lab.run_cell("log_params")
    lab.run_cell("RunPanel")
    panel = RunsPanel(lab, place=".jp-OutputArea-output .nbruns-panel")
    expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
    panel.rows().first.locator(".nbruns-name").click()
    expect(panel.root.locator(".nbruns-card")).to_contain_text("depth", timeout=SLOW_MS)
    lab.run_cell("log_params")
    expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)
    assert lab.our_errors() == []


# N6
def test_charts_are_drawn_where_no_server_of_ours_is(tmp_path: Path, chromium: Browser) -> None:
    """As in VS Code: the page can ask the kernel only, for plotly.js too."""
    options = ("--ServerApp.jpserver_extensions=nbruns=False",)
    with served(LabServer(tmp_path, options=options)) as server:
        lab = LabPage(chromium.new_page(viewport={"width": 1440, "height": 900}), server)
        uri = "%env MLFLOW_TRACKING_URI=nbruns:"
        show = "import nbruns\nnbruns.RunPanel()"
        lab.open(server.write_notebook("churn.ipynb", [uri, TRAIN, show]))
        for cell in ("%env", "log_params", "log_params", "RunPanel"):
            lab.run_cell(cell)
        asking = "fetch('/nbruns/static/plotly.min.js').then(reply => reply.status)"
        assert lab.page.evaluate(asking) == 404
        panel = RunsPanel(lab, place=".jp-OutputArea-output .nbruns-panel")
        expect(panel.rows()).to_have_count(2, timeout=SLOW_MS)
        panel.tick(panel.rows().nth(0))
        panel.tick(panel.rows().nth(1))
        expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
