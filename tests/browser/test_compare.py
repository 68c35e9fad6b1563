"""Comparing runs as a person does it: charts of every kind, brushes, downloads, changed cells."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Download, expect
from runs_panel import RunsPanel

from nbruns.records import MetricPoint
from nbruns.store import Store

NOTEBOOK = "tuning.ipynb"
CELLS = [
    "import mlflow",
    "rate = 0.5",
    "def score(step):\n    return 1 - rate ** (step + 1)",
    "with mlflow.start_run(run_name='from the notebook'):\n"
    "    mlflow.log_param('learning_rate', rate)\n"
    "    for step in range(8):\n"
    "        mlflow.log_metric('accuracy', score(step), step=step)",
]
SEEDED = [("tree", 0.1, 4), ("tree", 0.01, 8), ("net", 0.001, 4), ("net", 0.0001, 8)]


def seed(server: LabServer) -> None:
    """Four finished runs of the notebook, with thirty steps each."""
    store = Store.open(server.home)
    notebook = store.notebooks.resolve(str(server.work / NOTEBOOK))
    experiment = store.notebooks.experiment(notebook.notebook_id)
    for number, (model, rate, depth) in enumerate(SEEDED):
        started = 1_760_000_000_000 + number * 600_000
        run = store.runs.create(
            experiment.experiment_id, name=f"{model} {rate}", user="ada", started_ms=started
        )
        params = {"model": model, "learning_rate": str(rate), "depth": str(depth), "seed": "7"}
        store.runs.log_params(run.run_id, params)
        best = 0.9 + number / 50
        points = [
            MetricPoint(key, value, step=step, at_ms=started + step * 1000)
            for step in range(30)
            for key, value in (
                ("accuracy", best * (1 - math.exp(-(step + 2) / 6)) + 0.02 * (-1) ** step),
                ("loss", math.exp(-step / 8) + 0.01),
            )
        ]
        store.metrics.append(run.run_id, points)
        store.runs.update(run.run_id, status="FINISHED", ended_ms=started + 40_000)
    store.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    server = LabServer(tmp_path_factory.mktemp("compare"))
    server.start()
    server.write_notebook(NOTEBOOK, CELLS)
    seed(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def tab(server: LabServer, chromium: Browser) -> Iterator[LabPage]:
    context = chromium.new_context(viewport={"width": 1500, "height": 1000}, accept_downloads=True)
    page = LabPage(context.new_page(), server)
    page.open(NOTEBOOK)
    yield page
    context.close()


@pytest.fixture
def panel(tab: LabPage, screenshots: Path, request: pytest.FixtureRequest) -> Iterator[RunsPanel]:
    """The panel as it stands at first: the seeded runs listed, nothing ticked, curves."""
    panel = RunsPanel(tab)
    panel.open()
    expect(panel.row("net 0.0001")).to_be_visible(timeout=SLOW_MS)
    yield panel
    report = getattr(request.node, "report_of_call", None)
    if report is not None and report.failed:
        tab.screenshot(screenshots, f"failed-compare-{request.node.name}")
    assert tab.our_errors() == []
    untick(panel)


def untick(panel: RunsPanel) -> None:
    """Untick every run, and see it done: a box still ticked would not be ticked again."""
    ticked = panel.root.locator(".nbruns-tick:checked")
    if ticked.count():
        panel.untick_all()
    expect(ticked).to_have_count(0, timeout=SLOW_MS)
    expect(panel.root.locator(".nbruns-runHead")).to_have_count(0, timeout=SLOW_MS)


def tick(panel: RunsPanel, *names: str) -> None:
    for name in names:
        panel.tick(panel.row(name))
    expect(panel.root.locator(".nbruns-runHeads .nbruns-runHead")).to_have_count(
        len(names), timeout=SLOW_MS
    )
    kind(panel, "curves")
    expect(panel.root.locator(".nbruns-plotCell[data-key='accuracy']")).to_be_visible()


def kind(panel: RunsPanel, name: str) -> None:
    panel.root.locator(f".nbruns-kinds [data-value={name}]").click()


def settings(panel: RunsPanel) -> None:
    more = panel.root.locator(".nbruns-chartMore")
    if more.get_attribute("aria-expanded") == "false" and more.is_visible():
        more.click()


def drawn(panel: RunsPanel) -> dict[str, list[object]]:
    """What Plotly has drawn: the kinds of traces, and the titles and types of the axes."""
    return json.loads(
        panel.root.locator(".nbruns-plot").first.evaluate(
            """plot => JSON.stringify({
                types: plot.data.map(trace => trace.type),
                names: plot.data.map(trace => trace.name),
                opacities: plot.data.map(trace => trace.opacity ?? 1),
                ends: plot.data.map(trace => trace.x?.at(-1)),
                x: [plot._fullLayout.xaxis?.title?.text, plot._fullLayout.xaxis?.type],
                y: [plot._fullLayout.yaxis?.title?.text, plot._fullLayout.yaxis?.type],
                ink: plot._fullLayout.font.color
            })"""
        )
    )


# F34 F35
def test_curves_change_their_axes_and_are_smoothed(panel: RunsPanel, screenshots: Path) -> None:
    tick(panel, "tree 0.1", "net 0.0001")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
    assert drawn(panel)["x"] == ["step", "linear"]

    settings(panel)
    panel.root.locator(".nbruns-over [data-value=relative]").click()
    page = panel.lab.page
    page.wait_for_function(
        "document.querySelector('.nbruns-plot')?._fullLayout?.xaxis?.title?.text === "
        "'seconds since start'"
    )
    assert drawn(panel)["ends"] == [29, 29]
    panel.root.get_by_role("button", name="Logarithmic y axis").click()
    page.wait_for_function(
        "document.querySelector('.nbruns-plot')?._fullLayout?.yaxis?.type === 'log'"
    )
    panel.root.locator(".nbruns-slider").fill("0.7")
    expect(panel.curves()).to_have_count(4, timeout=SLOW_MS)
    assert drawn(panel)["opacities"] == [0.25, 1, 0.25, 1]
    panel.lab.screenshot(screenshots, "compare-curves")

    panel.root.locator(".nbruns-over [data-value=step]").click()
    panel.root.get_by_role("button", name="Logarithmic y axis").click()
    panel.root.locator(".nbruns-slider").fill("0")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)


# F34
def test_settings_chosen_one_after_the_other_are_all_kept(panel: RunsPanel) -> None:
    """Each is chosen while a picture that does not know of it is under way."""
    tick(panel, "tree 0.1", "net 0.0001")
    settings(panel)
    for label in ("Logarithmic x axis", "Logarithmic y axis"):
        button = f"root.querySelector('[aria-label=\"{label}\"]')"
        act, seen = f"root => {button}.click()", f"root => {button}.ariaPressed"
        older = "old => ({...old, remark: old.remark + ' '})"
        assert panel.while_repainting("ChartView", "controls", older, act, seen) == "true"
    panel.lab.page.wait_for_function(
        "['x', 'y'].every(axis => document.querySelector('.nbruns-plot')"
        "?._fullLayout?.[axis + 'axis']?.type === 'log')"
    )
    for label in ("Logarithmic x axis", "Logarithmic y axis"):
        panel.root.get_by_role("button", name=label).click()


# F35
def test_hovering_names_every_run_and_a_zoom_outlives_new_settings(panel: RunsPanel) -> None:
    tick(panel, "tree 0.1", "net 0.0001")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
    plot = panel.root.locator(".nbruns-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    mouse = panel.lab.page.mouse
    middle = box["y"] + box["height"] * 0.45
    mouse.move(box["x"] + box["width"] * 0.6, middle)
    hover = plot.locator(".hoverlayer")
    expect(hover).to_contain_text("net 0.0001", timeout=SLOW_MS)
    expect(hover).to_contain_text("tree 0.1")

    mouse.move(box["x"] + box["width"] * 0.4, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.7, middle, steps=6)
    mouse.up()
    page = panel.lab.page
    seen = "document.querySelector('.nbruns-plot')._fullLayout.xaxis.range"
    page.wait_for_function(f"{seen}[0] > 5")
    zoomed = page.evaluate(seen)
    settings(panel)
    panel.root.locator(".nbruns-slider").fill("0.5")
    expect(panel.curves()).to_have_count(4, timeout=SLOW_MS)
    assert page.evaluate(seen) == pytest.approx(zoomed)
    panel.root.locator(".nbruns-slider").fill("0")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)


# F36
def test_every_kind_draws_what_it_says(panel: RunsPanel, screenshots: Path) -> None:
    tick(panel, "tree 0.1", "net 0.0001")
    expected = {
        "bar": ("bar", None),
        "scatter": ("scatter", ["depth", "accuracy"]),
        "parallel": ("parcoords", None),
        "contour": ("contour", ["depth", "learning_rate"]),
        "box": ("box", ["depth", "accuracy"]),
    }
    for name, (trace, titles) in expected.items():
        kind(panel, name)
        panel.lab.page.wait_for_function(
            "type => document.querySelector('.nbruns-plot')?.data?.[0]?.type === type "
            "&& document.querySelector('.nbruns-plot')._fullLayout",
            arg=trace,
        )
        if titles:
            found = drawn(panel)
            assert [found["x"][0], found["y"][0]] == titles
        panel.lab.screenshot(screenshots, f"compare-{name}")
    kind(panel, "curves")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)


# F36
def test_a_brush_over_parallel_axes_filters_the_list(panel: RunsPanel) -> None:
    panel.root.locator(".nbruns-chartsOpen").click()
    kind(panel, "parallel")
    plot = panel.root.locator(".nbruns-plot")
    axis = plot.locator(".parcoords .axis-brush .background").last
    axis.wait_for(timeout=SLOW_MS)
    axis.scroll_into_view_if_needed()
    box = axis.bounding_box()
    assert box is not None
    mouse, across = panel.lab.page.mouse, box["x"] + box["width"] / 2
    # The upper half of the last axis: the better runs.
    mouse.move(across, box["y"] + box["height"] * 0.5)
    mouse.down()
    mouse.move(across, box["y"] - 8, steps=8)
    mouse.up()
    expect(panel.root.locator(".nbruns-remark")).to_contain_text("brushed", timeout=SLOW_MS)
    expect(panel.row("net 0.0001")).to_be_visible()
    expect(panel.row("tree 0.1")).to_have_count(0, timeout=SLOW_MS)

    panel.root.locator(".nbruns-clearBrush").click()
    expect(panel.row("tree 0.1")).to_be_visible(timeout=SLOW_MS)
    panel.root.locator(".nbruns-chartsClose").click()
    expect(panel.root.locator(".nbruns-chartsOpen")).to_be_visible()


# F36
def test_a_click_on_a_point_ticks_its_run(panel: RunsPanel) -> None:
    panel.root.locator(".nbruns-chartsOpen").click()
    kind(panel, "scatter")
    plot = panel.root.locator(".nbruns-plot")
    point = plot.locator(".scatterlayer .point").first
    point.wait_for(timeout=SLOW_MS)
    plot.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    panel.lab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(panel.root.locator(".nbruns-tick:checked")).to_have_count(1, timeout=SLOW_MS)
    untick(panel)
    panel.root.locator(".nbruns-chartsClose").click()


# F35
def test_charts_arrive_as_files(panel: RunsPanel) -> None:
    tick(panel, "tree 0.1", "net 0.0001")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)

    png = download(panel, "PNG picture")
    assert Path(png.path()).read_bytes().startswith(b"\x89PNG")
    assert png.suggested_filename == "accuracy.png"
    svg = Path(download(panel, "SVG picture").path()).read_text("utf-8")
    assert svg.startswith("<svg")
    assert "tree 0.1" in svg
    for item in ("Data as drawn (CSV)", "All logged points (CSV)"):
        lines = Path(download(panel, item).path()).read_text("utf-8").splitlines()
        assert len(lines) == 61
        assert lines[1].startswith("tree 0.1,")


def download(panel: RunsPanel, item: str) -> Download:
    panel.root.get_by_role("button", name="Download").first.click()
    with panel.lab.page.expect_download(timeout=SLOW_MS) as arriving:
        panel.root.get_by_role("menuitem", name=item).click()
    return arriving.value


def test_charts_follow_the_theme(panel: RunsPanel, screenshots: Path) -> None:
    tick(panel, "tree 0.1", "net 0.0001")
    expect(panel.curves()).to_have_count(2, timeout=SLOW_MS)
    light = drawn(panel)["ink"]
    page = panel.lab.page
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        before = drawn(panel)["ink"]
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        page.wait_for_function(
            "ink => document.querySelector('.nbruns-plot')._fullLayout.font.color !== ink",
            arg=before,
        )
        # JupyterLab's splash trips over a second one that comes before it has faded.
        expect(page.locator("#jupyterlab-splash")).to_have_count(0, timeout=SLOW_MS)
        panel.lab.screenshot(screenshots, f"compare-{theme.split()[1].lower()}")
    assert drawn(panel)["ink"] == light


# F34 F41 N1
def test_what_differs_and_the_cells_that_changed(
    panel: RunsPanel, tab: LabPage, screenshots: Path
) -> None:
    for cell in ("import mlflow", "rate = 0.5", "def score", "with mlflow"):
        tab.run_cell(cell)
    tab.edit_cell("rate = 0.5", "0.5", "0.25")
    tab.run_cell("rate = 0.25")
    tab.run_cell("with mlflow")
    named = panel.row("from the notebook")
    expect(panel.row("from the notebook", 1)).to_be_visible(timeout=SLOW_MS)
    panel.tick(panel.row("from the notebook", 1))
    panel.tick(named)

    rate = panel.difference("learning_rate")
    expect(rate).to_contain_text("0.25", timeout=SLOW_MS)
    accuracy = panel.difference("accuracy")
    expect(accuracy.locator(".nbruns-delta")).to_have_count(1)
    code = panel.root.locator(".nbruns-code")
    expect(code).to_contain_text("cell 2 edited", timeout=SLOW_MS)
    expect(code.locator(".nbruns-code-removed")).to_contain_text("rate = 0.5")
    expect(code.locator(".nbruns-code-added")).to_contain_text("rate = 0.25")
    expect(code.locator("mark")).to_have_text(["5", "25"])
    expect(panel.root.locator(".nbruns-packages")).to_contain_text(
        re.compile(r"\d+ are the same"), timeout=SLOW_MS
    )
    tab.screenshot(screenshots, "compare-changes")

    second = panel.root.locator(".nbruns-runHeads .nbruns-runHead").nth(1)
    run_id = second.get_attribute("data-run-id")
    second.locator(".nbruns-baseline").click()
    first = panel.root.locator(".nbruns-runHeads .nbruns-runHead").first
    expect(first).to_have_attribute("data-run-id", run_id or "", timeout=SLOW_MS)
    expect(code.locator(".nbruns-code-added")).to_contain_text("rate = 0.5", timeout=SLOW_MS)
