"""Registering a model as a scientist does it where others decide who is @champion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Locator, expect
from runs_panel import RunsPanel
from stopwatch import time_to_see
from team import MANAGER, SCIENTIST, ask_as, team_config, token

from nbruns.identity import acting_as
from nbruns.records import MetricPoint, ModelLink
from nbruns.store import Store

NOTEBOOK = "churn.ipynb"
RUNS = ("calm otter", "brisk heron")


def seed(server: LabServer) -> None:
    """Two runs of the scientist's with a model each, and names that are taken."""
    store = Store.open(server.home)
    with acting_as(SCIENTIST):
        notebook = store.notebooks.resolve(str(server.work / NOTEBOOK))
        experiment = store.notebooks.experiment(notebook.notebook_id).experiment_id
        for number, name in enumerate(RUNS):
            began = 1_760_000_000_000 + number * 600_000
            tags = {"mlflow.source.name": str(server.work / NOTEBOOK)}
            run = store.runs.create(
                experiment, name=name, user=SCIENTIST, started_ms=began, tags=tags
            )
            store.runs.log_params(run.run_id, {"depth": str(number + 2)})
            points = [MetricPoint("auc", 0.7 + number / 10 + k / 99, k, began) for k in range(9)]
            store.metrics.append(run.run_id, points)
            model = store.models.create(experiment, name="forest", source_run_id=run.run_id)
            store.models.finalize(model.model_id, "READY")
            store.runs.log_outputs(run.run_id, [ModelLink(model.model_id)])
            store.runs.update(run.run_id, status="FINISHED", ended_ms=began + 40_000)
        for taken in ("prod.risk.churn", "prod.risk.default", "sandbox.churn"):
            store.registry.create_model(taken)
            for _ in range(2):
                store.registry.create_version(taken, source="s3://models/x")
            store.registry.set_alias(taken, "champion", 1)
            store.registry.set_alias(taken, "challenger", 2)
    store.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    folder = tmp_path_factory.mktemp("registering")
    server = LabServer(folder, config=team_config(folder / "policy.yaml"))
    server.start()
    server.write_notebook(NOTEBOOK, ["1"])
    seed(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def panel(server: LabServer, chromium: Browser) -> Iterator[RunsPanel]:
    """The scientist's panel, 300 pixels wide."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.add_cookies([{"name": "team", "value": token(SCIENTIST), "url": server.lab_url}])
    lab = LabPage(context.new_page(), server)
    lab.open(NOTEBOOK)
    panel = RunsPanel(lab)
    panel.open()
    expect(panel.row(RUNS[1])).to_be_visible(timeout=SLOW_MS)
    make_narrow(panel)
    yield panel
    assert lab.our_errors() == []
    context.close()


def make_narrow(panel: RunsPanel, width: int = 300) -> None:
    """Drag the panel's edge."""
    box = panel.root.bounding_box()
    assert box is not None
    mouse = panel.lab.page.mouse
    mouse.move(box["x"] - 2, 500)
    mouse.down()
    mouse.move(box["x"] + box["width"] - width - 2, 500, steps=4)
    mouse.up()
    mouse.move(0, 0)


def form(panel: RunsPanel) -> Locator:
    return panel.root.locator(".nbruns-form")


def expect_form(panel: RunsPanel, title: str) -> None:
    """The form of a run, ready to be typed into."""
    expect(form(panel).locator(".nbruns-formTitle")).to_have_text(title)
    expect(form(panel).locator(".nbruns-modelName")).to_be_focused()


def put_away(panel: RunsPanel) -> None:
    panel.lab.page.keyboard.press("Escape")
    expect(form(panel)).to_be_hidden()


def hint(panel: RunsPanel, field: str) -> Locator:
    holds = panel.lab.page.locator(f".nbruns-{field}")
    return panel.root.locator(".nbruns-formField").filter(has=holds).locator(".nbruns-fieldSaid")


# F76 F79 F84 F91
def test_the_alias_is_requested_and_the_badge_is_there_at_once(
    panel: RunsPanel, server: LabServer, screenshots: Path
) -> None:
    row = panel.row(RUNS[1])
    row.hover()
    row.locator(".nbruns-register").click()
    choose_name_and_alias(panel, screenshots)
    say_more(panel)
    panel.lab.screenshot(screenshots, "register-form")
    in_the_dark(panel, screenshots)

    took = time_to_see(
        panel.lab.page,
        "document.querySelector('.nbruns-submit').click()",
        "all('.nbruns-badge').some(node => node.textContent.includes('churn v3'))",
    )
    print(f"from the click to the badge: {took:.0f} ms")
    assert took < 1000
    done = panel.root.locator(".nbruns-registered")
    expect(done).to_contain_text("Registered as prod.risk.churn version 3")
    expect(done).to_contain_text(re.compile(r"@champion was requested \(request \d+\)"))
    panel.lab.screenshot(screenshots, "register-done")
    the_server_has_it(server)
    done.locator(".nbruns-openVersion").click()
    come_back_from_the_version(panel)
    expect(done).to_be_hidden()

    row.locator(".nbruns-badge").click()
    come_back_from_the_version(panel)
    panel.root.locator(".nbruns-card .nbruns-badge").click()
    come_back_from_the_version(panel)


def choose_name_and_alias(panel: RunsPanel, shots: Path) -> None:
    page = panel.lab.page
    form(panel).locator(".nbruns-modelName").fill("prod.ri")
    offered = panel.root.locator(".nbruns-suggestions:visible li")
    expect(offered).to_have_text(["prod.risk.churnnext: v3", "prod.risk.defaultnext: v3"])
    panel.lab.screenshot(shots, "register-names")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(hint(panel, "modelName")).to_have_text("Becomes version 3 of churn in prod › risk")
    form(panel).locator(".nbruns-alias").click()
    expect(offered).to_have_text(["championnow v1", "challengernow v2"])
    page.keyboard.type("champ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(hint(panel, "alias")).to_have_text(
        "@champion needs approval (engineers, managers): it will be requested"
    )
    expect(form(panel).locator(".nbruns-submit")).to_have_text("Register and request")


def say_more(panel: RunsPanel) -> None:
    form(panel).locator(".nbruns-requestComment").fill("two points better")
    form(panel).locator("summary").click()
    form(panel).locator(".nbruns-description").fill("Trained on **May**")
    tag = form(panel).locator(".nbruns-newTag")
    tag.fill("reviewed=true")
    tag.press("Enter")
    tag.fill("data=2026-05")


def in_the_dark(panel: RunsPanel, shots: Path) -> None:
    themes = "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
    body = panel.lab.page.locator("body")
    for name, is_light in (("JupyterLab Dark", "false"), ("JupyterLab Light", "true")):
        panel.lab.page.evaluate(themes, name)
        expect(body).to_have_attribute("data-jp-theme-light", is_light, timeout=SLOW_MS)
        expect(panel.lab.page.locator(".jp-Splash, #jupyterlab-splash")).to_have_count(0)
        if name == "JupyterLab Dark":
            panel.lab.screenshot(shots, "register-form-dark")


def the_server_has_it(server: LabServer) -> None:
    open_requests = "api/1.0/requests/search?name=prod.risk.churn"
    (asked,) = ask_as(server, MANAGER, "GET", open_requests)[1]["requests"]
    assert (asked["requester"], asked["version"]) == (SCIENTIST, 3)
    assert (asked["target"], asked["comment"]) == ("@champion", "two points better")
    found = "api/2.0/mlflow/model-versions/get?name=prod.risk.churn&version=3"
    version = ask_as(server, SCIENTIST, "GET", found)[1]["model_version"]
    assert version["description"] == "Trained on **May**"
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    assert tags == {"reviewed": "true", "data": "2026-05"}


def come_back_from_the_version(panel: RunsPanel) -> None:
    nav = panel.root.locator(".nbruns-registryNav")
    expect(nav).to_contain_text("version 3", timeout=SLOW_MS)
    nav.get_by_role("button", name="Runs").click()
    expect(panel.row(RUNS[1])).to_be_visible()


# F76
def test_a_chart_s_point_registers_its_run(panel: RunsPanel, screenshots: Path) -> None:
    page = panel.lab.page
    make_narrow(panel, 420)
    untick(panel)
    panel.root.locator(".nbruns-chartsOpen").click()
    panel.root.locator(".nbruns-kinds [data-value=scatter]").click()
    point = panel.root.locator(".nbruns-plot .scatterlayer .point").first
    point.wait_for(timeout=SLOW_MS)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.locator(".nbruns-plot .hoverlayer .hovertext").first.wait_for()
    page.mouse.down(button="right")
    page.mouse.up(button="right")
    items = panel.root.locator(".nbruns-popupMenu [role=menuitem]")
    expect(items).to_have_text([re.compile("^Tick "), re.compile("^Register the model of ")])
    panel.lab.screenshot(screenshots, "register-point")
    expect(panel.root.locator(".nbruns-tick:checked")).to_have_count(0)
    words = items.last.inner_text()
    items.last.click()
    expect_form(panel, words)
    put_away(panel)
    untick(panel)

    # By the keyboard: the chart's runs, of which one is chosen.
    panel.root.locator(".nbruns-plotFrame").focus()
    page.keyboard.press("Enter")
    expect(items).to_have_text([f"Register the model of {name}" for name in reversed(RUNS)])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_form(panel, f"Register the model of {RUNS[0]}")
    put_away(panel)
    untick(panel)


def test_a_compared_run_is_registered_from_its_column(panel: RunsPanel, screenshots: Path) -> None:
    for name in RUNS:
        panel.tick(panel.row(name))
    head = panel.root.locator(".nbruns-runHeads .nbruns-runHead").first
    expect(head).to_be_visible(timeout=SLOW_MS)
    panel.lab.screenshot(screenshots, "register-compared")
    head.get_by_role("button", name=re.compile("^Register the model of")).click()
    expect_form(panel, f"Register the model of {RUNS[0]}")
    expect(panel.root.locator(".nbruns-tick:checked")).to_have_count(2)
    name = form(panel).locator(".nbruns-modelName")
    expect(name).to_have_value("prod.risk.churn")
    name.fill("secret.model")
    expect(hint(panel, "modelName")).to_have_text("You may not register versions of secret.model.")
    put_away(panel)


def untick(panel: RunsPanel) -> None:
    ticked = panel.root.locator(".nbruns-tick:checked")
    if ticked.count():
        panel.untick_all()
    expect(ticked).to_have_count(0, timeout=SLOW_MS)
