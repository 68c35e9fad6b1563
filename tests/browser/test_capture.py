"""The revision of a run is the notebook as it stood in the tab in which the cell was executed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kept import revision_of, run_named, until
from lab_page import SLOW_MS, LabPage, LabServer
from shell_kernel import install, post

RUN = "import mlflow\nwith mlflow.start_run(run_name='{}'): pass"
MB = 2**20
# A picture of one dot.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ"
    "DwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def lab(shared_lab: LabPage) -> Iterator[LabPage]:
    yield shared_lab
    assert shared_lab.our_errors() == []
    assert shared_lab.server.complaints() == []


def changed(server: LabServer, path: str, **more: Any) -> dict[str, Any]:
    """A notebook's file, with something changed at its top level."""
    file = server.work / path
    content: dict[str, Any] = {**json.loads(file.read_text("utf-8")), **more}
    file.write_text(json.dumps(content), "utf-8")
    return content


def test_it_is_the_live_document_with_all_that_is_in_it(lab: LabPage) -> None:  # F4
    path = lab.server.write_notebook("live.ipynb", [RUN.format("live"), "figure()", "typed = 'a'"])
    content = changed(lab.server, path)
    picture = {"attachments": {"dot.png": {"image/png": PNG}}, "cell_type": "markdown"}
    text = {**picture, "id": "text", "metadata": {}, "source": "![](attachment:dot.png)"}
    data = {"application/x-unknown": "x" * 5 * MB, "text/plain": "a figure"}
    content["cells"][1]["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    changed(lab.server, path, cells=[text, *content["cells"]])
    lab.open(path)
    lab.edit_cell("typed =", "'a'", "'not saved'")

    lab.run_cell("'live'")
    run = run_named(lab.server, "live")
    until(lambda: "nbruns.revision" in run_named(lab.server, "live")["tags"])
    revision, kept = revision_of(lab.server, run["run_id"])
    lab.command("docmanager:save")
    saved = json.loads((lab.server.work / path).read_text("utf-8"))

    assert revision["method"] == "browser"
    assert [cell["source"] for cell in kept["cells"]] == [
        "".join(cell["source"]) for cell in saved["cells"]
    ]
    assert kept["cells"][3]["source"] == "typed = 'not saved'"
    assert kept["cells"][0]["attachments"] == text["attachments"]
    assert len(kept["cells"][2]["outputs"][0]["data"]["application/x-unknown"]) == 5 * MB


def test_an_untitled_notebook_is_kept_before_it_is_ever_saved(lab: LabPage) -> None:  # F4 N5
    lab.page.evaluate(
        """() => window.jupyterapp.commands.execute('notebook:create-new',
            {kernelName: 'python3'})"""
    )
    lab.in_front = "Untitled.ipynb"
    lab.notebook.wait_for(timeout=SLOW_MS)
    lab.wait_for_kernel()
    lab.notebook.locator(".cm-content").first.click()
    lab.page.keyboard.insert_text(RUN.format("untitled"))
    lab.run_cell("'untitled'")

    run = run_named(lab.server, "untitled")
    revision, kept = revision_of(lab.server, run["run_id"])
    on_disk = json.loads((lab.server.work / "Untitled.ipynb").read_text("utf-8"))

    assert (run["experiment"], revision["method"]) == ("Untitled", "browser")
    assert [cell["source"] for cell in kept["cells"]][:1] == [RUN.format("untitled")]
    assert not any(cell["source"] for cell in on_disk["cells"])


def test_of_two_tabs_the_one_that_executed_is_kept(lab: LabPage) -> None:  # F4
    path = lab.server.write_notebook("tabs.ipynb", [RUN.format("tabs"), "edited = 'here'"])
    other = LabPage(lab.page.context.new_page(), lab.server)
    # The tab that shows the old text is the first to hear of the run.
    other.open(path)
    lab.open(path)
    lab.edit_cell("edited", "'here'", "'in this tab'")

    lab.run_cell("'tabs'")

    run = run_named(lab.server, "tabs")
    _, kept = revision_of(lab.server, run["run_id"])
    other.page.close()
    assert kept["cells"][1]["source"] == "edited = 'in this tab'"


def test_a_run_of_another_language_is_kept_from_the_browser(lab: LabPage) -> None:  # F4 N5
    server = lab.server
    install(server.folder / "data", server.work, server.url, server.token)
    cell = post("api/2.0/mlflow/runs/create", run_name="shell")
    path = server.write_notebook("work.ipynb", [cell, "echo a"])
    spec = {"name": "shell", "display_name": "Shell", "language": "bash"}
    changed(server, path, metadata={"kernelspec": spec})
    lab.open(path)
    lab.edit_cell("echo", "echo a", "echo 'not saved'")

    lab.run_cell("runs/create")

    run = run_named(server, "shell")
    revision, kept = revision_of(server, run["run_id"], lambda found: found["method"] == "browser")
    assert (run["experiment"], revision["path"]) == ("work", "work.ipynb")
    assert kept["cells"][1]["source"] == "echo 'not saved'"
    assert not kept["cells"][0]["outputs"]

    server.ask(
        "POST", "api/2.0/mlflow/runs/update", {"run_id": run["run_id"], "status": "FINISHED"}
    )
    _, ended = revision_of(
        server,
        run["run_id"],
        lambda found: found["revision_id"] != revision["revision_id"],
    )
    assert run["run_id"] in "".join(ended["cells"][0]["outputs"][0]["text"])


def test_cells_that_ran_out_of_order_are_told(lab: LabPage) -> None:  # N2
    cells = ["a = 1", "b = 2", RUN.format("in order"), RUN.format("out of order"), "c = a"]
    lab.open(lab.server.write_notebook("order.ipynb", cells))
    for cell in ("a = 1", "b = 2", "'in order'", "c = a"):
        lab.run_cell(cell)
    lab.edit_cell("b = 2", "b = 2", "b = 3")
    lab.run_cell("'out of order'")

    def words() -> str | None:
        return run_named(lab.server, "out of order")["tags"].get("nbruns.hidden_state")

    assert until(words) == "cell 5 ran before cell 4; cell 2 was edited after it ran"
    assert "nbruns.hidden_state" not in run_named(lab.server, "in order")["tags"]
