"""Scoring a file from a version's page: choose it, see what is wrong with it, start, look."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Locator, expect
from runs_panel import RunsPanel

SETUP = """import mlflow, numpy as np, pandas as pd, time
from mlflow.models import infer_signature
class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        if len(model_input) == 20_000:
            time.sleep(0.4)
        return model_input["age"].to_numpy() * 2
Doubler.__module__ = "__main__"
frame = pd.DataFrame({"age": [1.0], "income": [2.0]})
with mlflow.start_run():
    mlflow.pyfunc.log_model(name="model", python_model=Doubler(),
        signature=infer_signature(frame, np.array([1.0])), registered_model_name="churn")
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[LabPage]:
    """A JupyterLab with a registered model and files to score."""
    server = LabServer(tmp_path_factory.mktemp("scoring"))
    server.start()
    data = server.work / "data"
    data.mkdir()
    rows = "".join(f"{i},{i % 90},{i}\n" for i in range(1_000))
    (data / "customers.csv").write_text("id,age,income\n" + rows)
    (data / "wrong.csv").write_text("id,Age\n1,2\n")
    (data / "large.csv").write_text("id,age,income\n" + rows * 1_000)
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    lab = LabPage(context.new_page(), server)
    lab.open(server.write_notebook("churn.ipynb", [SETUP]))
    RunsPanel(lab).open()
    lab.run_cell("import mlflow")
    yield lab
    assert lab.our_errors() == []
    context.close()
    server.stop()


@pytest.fixture
def box(lab: LabPage) -> Locator:
    """The box on the page of the version, in a tab of its own, opened."""
    tabs = lab.page.locator(".nbruns-runs-tab")
    before = tabs.count()
    lab.page.evaluate(
        """() => window.jupyterapp.commands
            .execute('nbruns:open-tab', {state: {registry: 'models/churn/1'}}).then(() => 1)"""
    )
    expect(tabs).to_have_count(before + 1, timeout=SLOW_MS)
    section = tabs.last.locator(".nbruns-scoreSection")
    expect(section).to_be_visible(timeout=SLOW_MS)
    section.locator("summary").click()
    return section


def test_wrong_columns_are_refused_by_name(
    lab: LabPage, box: Locator, screenshots: Path
) -> None:  # F101
    field = box.get_by_role("combobox", name="CSV or Parquet file")
    field.fill("data/wrong.csv")

    said = box.locator(".nbruns-fieldSaid")
    expect(said).to_contain_text("misses 'age' (double), 'income' (double)", timeout=SLOW_MS)
    expect(said).to_contain_text("Is 'Age' meant to be 'age'?")
    expect(box.get_by_role("button", name="Start")).to_be_disabled()
    lab.screenshot(screenshots, "scoring-wrong")


def test_a_file_is_chosen_scored_and_previewed(
    lab: LabPage, box: Locator, screenshots: Path
) -> None:  # F101
    field = box.get_by_role("combobox", name="CSV or Parquet file")
    field.fill("")
    box.get_by_role("option", name="data/").click()
    box.get_by_role("option", name="data/customers.csv").click()
    expect(box.locator(".nbruns-fieldSaid")).to_contain_text(
        "takes 2 of 3 columns", timeout=SLOW_MS
    )
    box.get_by_label("income").uncheck()
    lab.screenshot(screenshots, "scoring-form")
    box.get_by_role("button", name="Start").click()

    job = box.locator(".nbruns-scoreJob").first
    expect(job).to_contain_text("1,000 rows in", timeout=SLOW_MS)
    expect(job.locator(".nbruns-scoreInput")).to_have_text("customers.csv")
    lab.screenshot(screenshots, "scoring-done")
    job.get_by_role("button", name="Preview").click()

    tab = lab.page.locator(".nbruns-runs-tab").last
    table = tab.locator(".nbruns-preview:visible table")
    expect(table).to_contain_text("prediction", timeout=SLOW_MS)
    expect(table.locator("thead")).to_have_text(re.compile("id.*age.*prediction"))
    expect(table.locator("tbody tr").nth(3)).to_contain_text("6")
    lab.screenshot(screenshots, "scoring-preview")


def test_a_long_one_shows_how_far_it_is_and_is_cancelled(
    lab: LabPage, box: Locator, screenshots: Path
) -> None:  # F101
    box.get_by_role("combobox", name="CSV or Parquet file").fill("data/large.csv")
    start = box.get_by_role("button", name="Start")
    expect(start).to_be_enabled(timeout=SLOW_MS)
    start.click()

    job = box.locator(".nbruns-scoreJob").first
    words = re.compile(r"\d+,000 of 1,000,000 rows · [\d,]+ rows/s")
    expect(job).to_contain_text(words, timeout=SLOW_MS)
    expect(job.locator("progress")).to_have_js_property("max", 1)
    lab.screenshot(screenshots, "scoring-progress")
    job.get_by_role("button", name="Cancel").click()

    expect(job).to_contain_text("Cancelled by", timeout=SLOW_MS)
    expect(job.get_by_role("button", name="Preview")).to_be_visible()
    lab.screenshot(screenshots, "scoring-cancelled")
