"""The Models view as a person uses it: found, read, written on, in the side panel and in a tab."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Dialog, Locator, expect
from runs_panel import RunsPanel

from nbruns.records import MetricPoint
from nbruns.store import Store

EVIL = "<img src=x onerror=window.pwned=1>'\"<b>"
PLACE = "models/prod.sales.churn"
LINK = "[click](javascript:window.pwned=1) <script>window.pwned=1</script>"


def fill(store: Store, path: str) -> None:
    """Two registered runs of a notebook, models at three levels, and hostile ones."""
    notebook = store.notebooks.resolve(path)
    experiment = store.notebooks.experiment(notebook.notebook_id)
    registry = store.registry
    registry.create_model("prod.sales.churn")
    for number in (1, 2):
        name = f"candid-newt-{number}"
        run = store.runs.create(
            experiment.experiment_id, name=name, user="ada", tags={"mlflow.source.name": path}
        )
        store.metrics.append(run.run_id, [MetricPoint("val_accuracy", 0.8 + number / 100)])
        registry.create_version("prod.sales.churn", source="s", run_id=run.run_id)
    registry.set_alias("prod.sales.churn", "champion", 1)
    registry.set_version_tag("prod.sales.churn", 2, "prediction_works", "true")
    registry.create_model("tumour")
    registry.create_model(EVIL, description=f"{EVIL}\n\n{LINK}", tags={"said": LINK})
    registry.create_version(EVIL, source="s", user=EVIL, tags={"said": LINK})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[LabPage]:
    """A JupyterLab with a registry, and a page that would tell if a name had run."""
    server = LabServer(tmp_path_factory.mktemp("models"))
    server.start()
    server.write_notebook("churn.ipynb", ["x = 1"])
    store = Store.open(server.home)
    fill(store, str(server.work / "churn.ipynb"))
    store.close()
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    lab = LabPage(context.new_page(), server)
    lab.page.on("dialog", lambda dialog: answer(lab, dialog))
    lab.open("churn.ipynb")
    yield lab
    assert lab.our_errors() == []
    context.close()
    server.stop()


def answer(lab: LabPage, dialog: Dialog) -> None:
    """Leave an unsaved notebook; nothing else has reason to ask."""
    if dialog.type != "beforeunload":
        lab.errors.append(f"nbruns: a dialog said {dialog.message}")
    dialog.accept()


@pytest.fixture
def panel(lab: LabPage) -> Iterator[RunsPanel]:
    """The side panel at its runs; afterwards nothing of what people wrote may have run."""
    panel = RunsPanel(lab)
    lab.command("nbruns:open-panel")
    panel.open()
    yield panel
    assert lab.page.evaluate("window.pwned") is None
    bad = "[onerror], a[href^='javascript' i], .nbruns-registry script"
    assert lab.page.locator(bad).count() == 0
    back = panel.root.locator(".nbruns-registryBar .nbruns-back")
    if back.is_visible():
        back.click()


def enter(panel: RunsPanel) -> None:
    panel.root.locator(".nbruns-toModels").click()
    # It opens where it was left: from there the first step leads to the list.
    panel.root.locator(".nbruns-registryNav").wait_for(timeout=SLOW_MS)
    if step(panel.root, "Models").is_visible():
        step(panel.root, "Models").click()
    expect(line(panel.root, "tumour")).to_be_visible(timeout=SLOW_MS)


def line(place: Locator, name: str) -> Locator:
    return place.get_by_role("treeitem").filter(has_text=re.compile(f"^{re.escape(name)}"))


def step(place: Locator, name: str) -> Locator:
    return place.locator(".nbruns-registrySteps").get_by_role("button", name=name, exact=True)


# F79
def test_the_badge_of_a_run_leads_to_its_version(panel: RunsPanel) -> None:
    row = panel.row("candid-newt-2")
    row.locator(".nbruns-badge").click()

    expect(step(panel.root, "version 2")).to_have_attribute("aria-current", "page")
    step(panel.root, "prod.sales.churn").click()
    expect(panel.root.get_by_role("heading", name="prod.sales.churn")).to_be_visible()
    panel.root.get_by_role("button", name="Back to the runs").click()
    expect(row).to_be_visible()


# F89 F91 F94
def test_models_are_found_in_a_tree_and_by_what_stands_on_them(panel: RunsPanel) -> None:
    enter(panel)
    expect(line(panel.root, "sales")).to_have_attribute("aria-level", "2")
    line(panel.root, "prod").first.click()
    expect(line(panel.root, "churn")).to_have_count(0)
    panel.lab.page.keyboard.press("ArrowRight")
    churn = line(panel.root, "churn")
    expect(churn).to_contain_text("@champion v1")

    search = panel.root.get_by_role("textbox", name="Search models")
    for words in ("@champ", "prediction_works = true", "sales churn"):
        search.fill(words)
        expect(panel.root.get_by_text("1 model found")).to_be_visible(timeout=SLOW_MS)
        expect(line(panel.root, "prod.sales.churn")).to_be_visible()
    search.fill("stage:Production")
    expect(panel.root.get_by_text("No model found")).to_be_visible(timeout=SLOW_MS)
    search.press("Escape")
    expect(line(panel.root, "tumour")).to_be_visible(timeout=SLOW_MS)


# F80 F88
def test_a_model_is_described_in_place_and_leads_to_version_run_and_code(
    panel: RunsPanel,
) -> None:
    enter(panel)
    line(panel.root, "churn").click()
    panel.root.get_by_role("button", name="Add a description").click()
    field = panel.root.get_by_role("textbox", name="Description, in Markdown")
    field.fill("Tells who **leaves**")
    field.press("Control+Enter")
    expect(panel.root.locator(".nbruns-noteText strong")).to_have_text("leaves", timeout=SLOW_MS)

    use = panel.root.locator(".nbruns-useSection")
    use.locator("summary").click()
    use.get_by_role("radio", name="version 2").click()
    use.get_by_role("button", name="Insert as a cell").click()
    code = 'load_model("models:/prod.sales.churn/2")'
    expect(panel.lab.notebook.locator(".jp-Cell", has_text=code)).to_be_visible(timeout=SLOW_MS)

    version = panel.root.locator(".nbruns-versionRow[data-version='1']")
    expect(version).to_contain_text(re.compile(r"@champion.*0\.81.*candid-newt-1"))
    version.get_by_role("button", name="candid-newt-1").click()
    expect(panel.root.locator(".nbruns-card .nbruns-cardHead .nbruns-name")).to_have_text(
        "candid-newt-1"
    )
    panel.untick_all()


def test_hostile_names_and_descriptions_are_shown_as_they_are(panel: RunsPanel) -> None:
    enter(panel)
    # The dot in it makes a folder.
    folder, name = EVIL.split(".")
    expect(line(panel.root, folder)).to_be_visible()
    line(panel.root, name).click()

    heading = panel.root.get_by_role("heading", level=2)
    expect(heading).to_have_text(EVIL, timeout=SLOW_MS)
    expect(panel.root.locator(".nbruns-noteText:visible")).to_contain_text("click")
    expect(panel.root.locator(".nbruns-tags:visible")).to_contain_text(LINK)
    version = panel.root.locator(".nbruns-versionRow[data-version='1']")
    expect(version).to_contain_text(EVIL)
    version.get_by_role("button", name="Version 1").click()
    expect(step(panel.root, "version 1")).to_be_visible()
    expect(panel.root.locator(".nbruns-lineage")).to_be_visible(timeout=SLOW_MS)


# F94
def test_a_tab_shows_list_and_page_and_comes_back_after_a_reload(panel: RunsPanel) -> None:
    page = panel.lab.page
    page.evaluate(
        """() => window.jupyterapp.commands
            .execute('nbruns:open-models', {name: 'tumour'}).then(() => 1)"""
    )
    tab = page.locator(".nbruns-runs-tab:not(.lm-mod-hidden)")
    expect(tab.get_by_role("heading", name="tumour")).to_be_visible(timeout=SLOW_MS)
    page.evaluate("window.jupyterapp.shell.collapseRight()")
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    expect(line(tab, "tumour")).to_have_attribute("aria-current", "true", timeout=SLOW_MS)
    # JupyterLab keeps what tabs show a moment after they show it.
    with page.expect_response(
        lambda reply: PLACE in (reply.request.post_data or ""), timeout=SLOW_MS
    ):
        line(tab, "churn").click()
    expect(tab.get_by_role("heading", name="prod.sales.churn")).to_be_visible()
    expect(page.locator(".lm-TabBar-tab", has_text="prod.sales.churn")).to_be_visible()

    page.reload()
    tab = page.locator(".nbruns-runs-tab:not(.lm-mod-hidden)")
    expect(tab.get_by_role("heading", name="prod.sales.churn")).to_be_visible(timeout=SLOW_MS)
