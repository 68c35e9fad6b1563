"""Runs full of script, markup, endless and right-to-left words: harmless in every view."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_runs import EVIL, METRICS, HostileRuns
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, expect
from runs_panel import RunsPanel
from stopwatch import time_to_see

from nbruns.store import Store

ROWS = "all('#nbruns-panel .nbruns-row')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab with a notebook of plain runs, and one of hostile runs."""
    server = LabServer(tmp_path_factory.mktemp("hostile"))
    server.start()
    for name in ("plain.ipynb", "hostile.ipynb"):
        server.write_notebook(name, ["x = 1"])
    store = Store.open(server.home)
    HostileRuns(store, str(server.work / "plain.ipynb")).fill_plainly()
    HostileRuns(store, str(server.work / "hostile.ipynb")).fill()
    store.close()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lab(server: LabServer, chromium: Browser) -> Iterator[LabPage]:
    """A page that would tell if anything had run."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    lab = LabPage(context.new_page(), server)
    lab.page.on("dialog", lambda dialog: lab.errors.append(f"page error: {dialog.message}"))
    lab.open("plain.ipynb")
    yield lab
    context.close()


@pytest.fixture
def panel(lab: LabPage) -> Iterator[RunsPanel]:
    """The panel; after each test nothing of what the runs say may have run."""
    panel = RunsPanel(lab)
    panel.open()
    yield panel
    assert lab.page.evaluate("window.pwned") is None
    bad = "[onerror], [onmouseover], a[href^='javascript' i], img[src=x]"
    assert panel.root.locator(bad).count() == 0
    assert panel.root.locator("script").count() == 0
    assert lab.our_errors() == []


def time_of_turns(panel: RunsPanel) -> float:
    """Milliseconds from a click on a column's head to the rows in another order, at the median."""
    head = "document.querySelector('#nbruns-panel .nbruns-head[data-key]')"
    ids = f"{ROWS}.map(row => row.dataset.runId).join()"
    click = f"window.before = {ids}; {head}.click()"
    took = [
        time_to_see(panel.lab.page, click, f"{ROWS}.length > 5 && {ids} !== window.before")
        for _ in range(6)
    ]
    return statistics.median(took[1:])


def test_a_list_of_hostile_runs_is_as_quick_as_one_of_plain_runs(
    panel: RunsPanel, screenshots: Path
) -> None:
    expect(panel.row("plain-0")).to_be_visible(timeout=SLOW_MS)
    plain_ms = time_of_turns(panel)

    panel.lab.open_another("hostile.ipynb")
    expect(panel.rows().first).to_contain_text("<img src=x", timeout=SLOW_MS)
    panel.lab.screenshot(screenshots, "hostile-list")
    hostile_ms = time_of_turns(panel)

    print(f"a list turns round in {plain_ms:.0f} ms, one of hostile runs in {hostile_ms:.0f} ms")
    assert hostile_ms < 2 * plain_ms + 100


def test_endless_names_stay_within_the_panel(panel: RunsPanel) -> None:
    assert panel.root.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    heights = panel.rows().evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert set(heights) == {44}


def test_cards_and_comparisons_of_hostile_runs_are_only_words(
    panel: RunsPanel, screenshots: Path
) -> None:
    names = panel.rows().filter(has_text="<img src=x")
    names.nth(0).locator(".nbruns-tick").check()
    card = panel.root.locator(".nbruns-card")
    expect(card.locator(".nbruns-metrics [data-name]")).to_have_count(METRICS, timeout=SLOW_MS)
    expect(card.locator(".nbruns-noteText")).to_contain_text("שלום")
    card.locator(".nbruns-sourceSection summary").click()
    panel.lab.screenshot(screenshots, "hostile-card")

    names.nth(1).locator(".nbruns-tick").check()
    differing = panel.difference("said").first
    expect(differing).to_contain_text("<img src=x", timeout=SLOW_MS)
    expect(panel.curves().first).to_be_visible(timeout=SLOW_MS)
    for kind in ("bar", "scatter", "parallel"):
        panel.root.locator(f".nbruns-kinds [data-value={kind}]").click()
        expect(panel.root.locator(".nbruns-plot .main-svg").first).to_be_visible(timeout=SLOW_MS)
    panel.root.locator(".nbruns-kinds [data-value=curves]").click()
    panel.lab.screenshot(screenshots, "hostile-compare")
    assert panel.root.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    panel.untick_all()


# F32
def test_hostile_values_complete_a_filter_that_finds_them(
    panel: RunsPanel, screenshots: Path
) -> None:
    box = panel.root.locator(".nbruns-search")
    # No filter can name a value with quotes of both kinds.
    box.fill("params.both = ")
    expect(panel.root.get_by_role("option")).to_have_count(0)
    box.fill("params.said = ")
    options = panel.root.get_by_role("option")
    expect(options.first).to_contain_text("<img src=x", timeout=SLOW_MS)
    panel.root.screenshot(path=screenshots / "hostile-completion.png")
    box.press("ArrowDown")
    box.press("Enter")
    box.press("Enter")
    expect(panel.rows()).to_have_count(1, timeout=SLOW_MS)
    panel.root.get_by_role("button", name="Clear the filter").click()
    expect(panel.rows().nth(3)).to_be_visible(timeout=SLOW_MS)

    panel.root.get_by_role("button", name="Choose columns", exact=True).click()
    menu = panel.root.get_by_role("dialog", name="Columns")
    menu.get_by_label("Find a column").fill("שלום")
    menu.get_by_role("button", name="שלום").click()
    panel.root.screenshot(path=screenshots / "hostile-columns.png")
    menu.get_by_role("button", name="Choose automatically").or_(
        panel.root.get_by_role("button", name="Choose automatically")
    ).first.click()
    panel.lab.page.keyboard.press("Escape")


def test_hostile_experiments_are_listed_as_words(panel: RunsPanel, screenshots: Path) -> None:
    panel.title.click()
    panel.root.get_by_role("menuitem", name=re.compile("experiments", re.IGNORECASE)).click()
    listed = panel.root.locator(".nbruns-experiments")
    expect(listed).to_contain_text(f"{EVIL} experiment", timeout=SLOW_MS)
    panel.root.screenshot(path=screenshots / "hostile-experiments.png")
    assert panel.root.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
