"""The page of a version as a person uses it: to run, code and data, into the notebook, in place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Locator, expect
from runs_panel import RunsPanel

EVIL = "<img src=x onerror='window.hacked=1'>"
SETUP = f"""import mlflow, pandas as pd
client = mlflow.MlflowClient()
frame = pd.DataFrame({{"radius": [1.5, 2.5], "kind": ["a", "b"]}})
mlmodel = '''flavors:
  python_function:
    python_version: 3.11.7
  sklearn:
    pickled_model: model.pkl
signature:
  inputs: '[{{"type": "double", "name": "radius"}}, {{"type": "string", "name": "kind"}}]'
'''
def train(depth, acc):
    with mlflow.start_run(run_name=f"depth {{depth}}") as run:
        mlflow.log_input(mlflow.data.from_pandas(frame, name="tumours"), context="train")
        mlflow.log_param("depth", depth)
        mlflow.log_metrics({{"val_acc": acc, "loss": 1 - acc}})
        mlflow.log_text(mlmodel, "model/MLmodel")
    run_id = run.info.run_id
    client.create_model_version("churn", f"runs:/{{run_id}}/model", run_id)
evil = {EVIL!r}
for name in ("churn", evil):
    client.create_registered_model(name)
note = evil + " [x](javascript:window.hacked=1)"
client.create_model_version(evil, "/nowhere", description=note, tags={{"said": evil}})
"""
FIRST = 'train(2, 0.81); client.set_registered_model_alias("churn", "champion", 1)'
SECOND = "train(6, 0.87)"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[LabPage]:
    """A JupyterLab whose notebook has registered two versions."""
    server = LabServer(tmp_path_factory.mktemp("version"))
    server.start()
    context = chromium.new_context(viewport={"width": 1440, "height": 1100})
    lab = LabPage(context.new_page(), server)
    lab.open(server.write_notebook("churn.ipynb", [SETUP, FIRST, SECOND]))
    RunsPanel(lab).open()
    for text in ("import mlflow", "train(2", "train(6"):
        lab.run_cell(text)
    yield lab
    assert lab.our_errors() == []
    context.close()
    server.stop()


def page_of(lab: LabPage, name: str, version: int) -> Locator:
    """A tab with the page of a version."""
    lab.page.evaluate(
        """registry => window.jupyterapp.commands
            .execute('nbruns:open-tab', {state: {registry}}).then(() => 1)""",
        f"models/{name}/{version}",
    )
    tab = lab.page.locator(".nbruns-runs-tab:not(.lm-mod-hidden)")
    expect(tab.locator(".nbruns-lineage")).to_be_visible(timeout=SLOW_MS)
    front = lab.page.locator("#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current")
    expect(front).to_contain_text(f"{name} v{version}")
    return tab


def step(tab: Locator, kind: str) -> Locator:
    return tab.locator(f".nbruns-lineage [data-kind='{kind}'] .nbruns-step")


# F80 F90
def test_a_version_leads_to_its_run_its_code_and_its_data(lab: LabPage, screenshots: Path) -> None:
    tab = page_of(lab, "churn", 2)
    accuracy = tab.locator(".nbruns-measures [data-name='val_acc']")
    expect(accuracy.locator(".nbruns-better")).to_have_text("+0.060")
    expect(tab.locator(".nbruns-standingSentence")).to_contain_text("depth 2 → 6")
    expect(tab.locator(".nbruns-runsCode")).to_contain_text("model.pkl")
    lab.screenshot(screenshots, "version")

    step(tab, "run").click()
    name = tab.locator(".nbruns-cardTitle .nbruns-name:visible")
    expect(name).to_have_text("depth 6", timeout=SLOW_MS)

    tab = page_of(lab, "churn", 2)
    tab.get_by_text("Compare runs").click()
    differences = tab.locator(".nbruns-differences:visible").last
    expect(differences).to_contain_text("depth 2", timeout=SLOW_MS)

    tab = page_of(lab, "churn", 2)
    step(tab, "data").click()
    expect(tab.locator(".nbruns-row")).to_have_count(2, timeout=SLOW_MS)

    step(page_of(lab, "churn", 2), "code").click()
    revision = lab.page.locator(".nbruns-revision-tab:not(.lm-mod-hidden)")
    expect(revision).to_contain_text("train(6, 0.87)", timeout=SLOW_MS)
    revision.get_by_title("Show this run in the Runs panel").click()
    shown = lab.page.locator("#nbruns-panel .nbruns-cardTitle .nbruns-name")
    expect(shown).to_have_text("depth 6", timeout=SLOW_MS)


# F80
def test_code_that_loads_a_version_goes_into_the_notebook(lab: LabPage) -> None:
    tab = page_of(lab, "churn", 2)
    snippet = tab.locator(".nbruns-pieces .nbruns-modelSnippet").first
    expect(snippet).to_contain_text('"radius": [0.0]')
    snippet.get_by_label("Insert as a cell of the notebook").click()

    lab.command("nbruns:open-panel")
    lab.page.get_by_role("tab", name="churn.ipynb").first.click()
    expect(lab.cell("mlflow.pyfunc.load_model")).to_contain_text("models:/churn/2")


# F88 F89
def test_a_version_is_described_tagged_and_deleted(lab: LabPage, screenshots: Path) -> None:
    tab = page_of(lab, "churn", 1)
    part = tab.locator(".nbruns-versionPart")
    part.get_by_text("Add a description").click()
    part.get_by_label("Description, in Markdown").fill("Do **not** use")
    part.get_by_role("button", name="Save").click()
    expect(part.locator(".nbruns-noteText strong")).to_have_text("not", timeout=SLOW_MS)
    part.get_by_label("Add a tag").click()
    part.get_by_label("Key of the new tag").fill("prediction_works")
    part.get_by_label("Value of the new tag").fill("false")
    lab.page.keyboard.press("Enter")
    expect(part.locator(".nbruns-tags [data-name='prediction_works']")).to_contain_text("false")

    tab.get_by_label("More about this version").click()
    tab.get_by_role("menuitem", name="Delete this version").click()
    expect(tab.locator(".nbruns-deletion")).to_contain_text("@champion will point nowhere")
    lab.screenshot(screenshots, "version-deletion")
    lab.page.keyboard.press("Escape")
    expect(tab.locator(".nbruns-deletion")).to_be_hidden()
    tab.get_by_label("More about this version").click()
    tab.get_by_role("menuitem", name="Delete this version").click()
    tab.get_by_role("button", name="Delete this version").click()
    expect(tab.locator(".nbruns-versionPart:visible")).to_have_count(0, timeout=SLOW_MS)


# F80
def test_hostile_names_and_descriptions_do_no_harm(lab: LabPage) -> None:
    tab = page_of(lab, EVIL, 1)
    expect(tab.locator(".nbruns-cardTitle .nbruns-name:visible")).to_have_text(EVIL)
    expect(tab.locator(".nbruns-versionPart .nbruns-tags")).to_contain_text("onerror")
    expect(tab.locator(".nbruns-noteOfRun:visible")).to_contain_text("x")
    assert lab.page.evaluate("window.hacked") is None
