"""Serving as a person does it: one click, an input tried, an alias that moves, stopped again."""

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Locator, expect
from runs_panel import RunsPanel

LOADING_MS = 120_000
SETUP = """import mlflow, pandas as pd, pathlib
from mlflow.models import infer_signature
client = mlflow.MlflowClient()
frame = pd.DataFrame({"x": [1.0, 2.0], "kind": ["a", "b"]})
source = pathlib.Path("times.py")
def log(factor, *more):
    source.write_text(f'''import mlflow
class Times(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["x"] * {factor}).tolist()
mlflow.models.set_model(Times())''')
    mlflow.pyfunc.log_model(name="times", python_model="times.py", input_example=frame,
        signature=infer_signature(frame, [1.0]), registered_model_name="times",
        pip_requirements=["mlflow", *more])
log(2)
log(3)
log(4, "no-such-package-of-ours==1.5", "pandas>=99")
client.set_registered_model_alias("times", "champion", 1)
client.create_registered_model("<img src=x onerror='window.hacked=1'>")"""
MOVE = 'client.set_registered_model_alias("times", "champion", 2)'


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[LabPage]:
    """A JupyterLab whose notebook has registered three versions of a model."""
    server = LabServer(tmp_path_factory.mktemp("serving"))
    server.start()
    context = chromium.new_context(viewport={"width": 1440, "height": 1100})
    lab = LabPage(context.new_page(), server)
    lab.open(server.write_notebook("times.ipynb", [SETUP, MOVE]))
    RunsPanel(lab).open()
    lab.run_cell("infer_signature")
    yield lab
    assert lab.our_errors() == []
    context.close()
    server.stop()


def tab_at(lab: LabPage, place: str) -> Locator:
    """A tab with a page of the Models view."""
    lab.page.evaluate(
        """registry => window.jupyterapp.commands
            .execute('nbruns:open-tab', {state: {registry}}).then(() => 1)""",
        place,
    )
    tab = lab.page.locator(".nbruns-runs-tab:not(.lm-mod-hidden)")
    expect(
        tab.locator(":is(.nbruns-servingSection, .nbruns-servePage):visible").first
    ).to_be_visible(timeout=SLOW_MS)
    return tab


# F97 F98 F99
def test_one_click_serves_and_a_moved_alias_is_followed(lab: LabPage, screenshots: Path) -> None:
    tab = tab_at(lab, "models/times/1")
    tab.get_by_role("button", name="Serve @champion").click()
    row = tab.locator("[data-served='times@champion']")
    expect(row.locator(".nbruns-serveState")).to_have_text("Starting", timeout=SLOW_MS)
    expect(row.locator(".nbruns-serveState")).to_have_text("Healthy", timeout=LOADING_MS)

    # The box to try it has opened by itself, with the model's own example in it.
    box = row.get_by_label("Input for times@champion")
    expect(box).to_have_value(re.compile('"dataframe_split"'), timeout=SLOW_MS)
    row.get_by_role("button", name="Send").click()
    expect(row.locator(".nbruns-serveAnswer")).to_contain_text("2.0", timeout=SLOW_MS)
    expect(row.locator(".nbruns-serveTook")).to_contain_text("200 in")
    expect(row.locator(".nbruns-serveFigures")).to_contain_text("1 request")
    lab.screenshot(screenshots, "serving")

    box.fill('{"inputs": {"x": ["old"], "kind": ["a"]}}')
    row.get_by_role("button", name="Send").click()
    said = "Column 'x' (row 1): expected double, got the text \"old\""
    expect(row.locator(".nbruns-serveAnswer")).to_have_text(said, timeout=SLOW_MS)

    # Whoever has the address and a token asks from anywhere.
    url = row.locator(".nbruns-serveUrl").inner_text()
    assert ask(url, lab.server.token) == {"predictions": [10.0]}

    lab.page.get_by_role("tab", name="times.ipynb").first.click()
    lab.run_cell('"champion", 2)')
    tab = tab_at(lab, "endpoints")
    row = tab.locator("[data-served='times@champion']")
    expect(row.locator(".nbruns-serveVersion")).to_have_text("version 2", timeout=LOADING_MS)
    expect(row.locator(".nbruns-serveError")).to_contain_text("Last refusal (400)")
    assert ask(url, lab.server.token) == {"predictions": [15.0]}
    lab.screenshot(screenshots, "endpoints")

    row.get_by_role("button", name="Stop").click()
    expect(row.locator(".nbruns-serveState")).to_have_text("Stopped", timeout=SLOW_MS)
    row.get_by_label("Remove times@champion from the list").click()
    expect(tab.locator(".nbruns-nothing:visible")).to_contain_text(
        "Nothing is served", timeout=SLOW_MS
    )


def test_packages_that_differ_are_shown_before_anything_starts(
    lab: LabPage, screenshots: Path
) -> None:
    tab = tab_at(lab, "models/times/3")
    tab.get_by_role("button", name="Serve version 3").click()
    differ = tab.locator(".nbruns-serveUnfit")
    expect(differ).to_contain_text("no-such-package-of-ours", timeout=SLOW_MS)
    expect(differ.locator("tbody tr")).to_have_count(2)
    lab.screenshot(screenshots, "serving-unfit")

    differ.get_by_role("button", name="Cancel").click()
    expect(differ).to_be_hidden()
    expect(tab.get_by_role("button", name="Serve version 3")).to_be_enabled()


def ask(url: str, token: str) -> object:
    body = json.dumps({"inputs": {"x": [5.0], "kind": ["a"]}}).encode()
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
