"""Going back: see a revision, see what changed since, bring it back, undo that."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, Locator, expect

SECRET = "swordfish-is-the-password"
TOTAL = "total = sum([1, 2])\nprint(total)"
THEN = ["import random", "rate = 0.1\nepochs = 5", TOTAL, "done = True"]


class Desk:
    """One JupyterLab, in which each test has a notebook of its own."""

    def __init__(self, lab: LabPage, server: LabServer, shots: Path) -> None:
        self.lab, self.server, self.shots, self.page = lab, server, shots, lab.page

    def notebook(self, name: str, sources: list[str]) -> str:
        """Write a notebook, open it, and keep it as the revision of a run; the revision's id."""
        path = self.server.write_notebook(name, sources)
        file = self.server.work / path
        content = json.loads(file.read_text("utf-8"))
        for cell in content["cells"]:
            cell["id"] = f"{Path(name).stem}-{cell['id']}"
            if SECRET in cell["source"]:
                cell["metadata"]["tags"] = ["nbruns-skip"]
        file.write_text(json.dumps(content), "utf-8")
        self.lab.in_front = Path(name).name
        self.page.evaluate(
            """async path => {
                const { commands } = window.jupyterapp;
                await (await commands.execute('docmanager:open', { path })).revealed;
            }""",
            path,
        )
        self.lab.wait_for_kernel()
        return self.revision(path, content)

    def revision(self, path: str, content: dict[str, Any], run_name: str = "first") -> str:
        made = {"experiment_id": "0", "run_name": run_name}
        run = self.ask("POST", "api/2.0/mlflow/runs/create", made)["run"]["info"]["run_id"]
        body = {"run_id": run, "path": path, "content": content}
        kept = self.ask("POST", "api/1.0/revisions/capture", body)
        return str(kept["revision"]["revision_id"])

    def ask(self, method: str, path: str, body: object = None) -> Any:
        status, reply = self.server.ask(method, path, body)
        assert status == 200, reply
        return reply

    def actions(self, revision: str) -> list[str]:
        reply = self.ask("GET", f"api/1.0/activity/search?subject={revision}")
        return [one["action"] for one in reply["activities"]]

    def command(self, name: str, **args: Any) -> None:
        script = "([name, args]) => void window.jupyterapp.commands.execute(name, args)"
        self.page.evaluate(script, [name, args])

    def open_revision(self, revision: str, title: str = "first") -> Locator:
        self.command("nbruns:open-revision", revisionId=revision, title=title)
        tab = self.page.locator(f".nbruns-revision[data-nbruns-revision='{revision}']")
        tab.wait_for(timeout=SLOW_MS)
        return tab

    def open_diff(self, revision: str, title: str = "first") -> Locator:
        self.command("nbruns:diff-revision", revisionId=revision, title=title)
        diff = self.page.locator(f".nbruns-diff[data-nbruns-revision='{revision}']")
        diff.locator("[data-unchanged]").wait_for(state="attached", timeout=SLOW_MS)
        return diff

    def cells(self, name: str = "") -> list[dict[str, Any]]:
        """The cells of the open notebook, as they stand."""
        script = """name => {
            for (const widget of window.jupyterapp.shell.widgets('main')) {
                if (widget.title.label === name && widget.context?.model?.cells) {
                    return widget.context.model.toJSON().cells;
                }
            }
            return [];
        }"""
        return list(self.page.evaluate(script, name or self.lab.in_front))

    def sources(self, name: str = "") -> list[str]:
        return [cell["source"] for cell in self.cells(name)]

    def expect_sources(self, wanted: list[str]) -> None:
        script = """([name, wanted]) => {
            for (const widget of window.jupyterapp.shell.widgets('main')) {
                if (widget.title.label === name && widget.context?.model?.cells) {
                    const cells = widget.context.model.toJSON().cells;
                    return JSON.stringify(cells.map(c => c.source)) === JSON.stringify(wanted);
                }
            }
        }"""
        try:
            self.page.wait_for_function(script, arg=[self.lab.in_front, wanted], timeout=20_000)
        except Exception as error:
            raise AssertionError(f"{self.sources()} is not {wanted}") from error

    def until(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < until
            time.sleep(0.05)

    def said(self, text: str) -> Locator:
        return self.page.locator(".Toastify__toast", has_text=text)

    def close(self) -> None:
        """Close every tab without a question; not while a kernel is being connected."""
        self.page.evaluate(
            """async () => {
                for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
                    await widget.sessionContext?.ready;
                    await widget.sessionContext?.session?.kernel?.info;
                    if (widget.context?.model) { widget.context.model.dirty = false; }
                    widget.close();
                }
            }"""
        )

    def shot(self, name: str) -> None:
        self.page.mouse.move(0, 0)
        self.lab.screenshot(self.shots, f"revisions-{name}")


@pytest.fixture(scope="module")
def shared_desk(
    chromium: Browser, screenshots: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    server = LabServer(tmp_path_factory.mktemp("revisions"))
    server.start()
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    lab = LabPage(context.new_page(), server)
    lab.open()
    yield Desk(lab, server, screenshots)
    context.close()
    server.stop()


@pytest.fixture
def desk(shared_desk: Desk, request: pytest.FixtureRequest) -> Iterator[Desk]:
    yield shared_desk
    report = getattr(request.node, "report_of_call", None)
    if report is not None and report.failed:
        shared_desk.shot(f"failed-{request.node.name}")
    shared_desk.close()
    # JupyterLab says so when a notebook is closed while it asks the kernel for a subshell.
    closing = re.compile("page error: (Disposed|Error: Canceled future for create_subshell)")
    errors = [text for text in shared_desk.lab.our_errors() if not closing.match(text)]
    assert not errors, "\n".join(errors)


# F4 F5
def test_what_changed_since_a_revision_is_shown_word_by_word(desk: Desk) -> None:
    revision = desk.notebook("diffed.ipynb", THEN)
    tab = desk.open_revision(revision)
    desk.lab.edit_cell("epochs", "0.1", "0.5")
    desk.shot("view")

    tab.get_by_role("button", name="Diff").click()
    diff = desk.page.locator(".nbruns-diff")

    expect(diff.locator(".nbruns-diff-words")).to_have_text("cell 2 edited", timeout=SLOW_MS)
    edited = diff.locator(".nbruns-diff-cell[data-kind='edited']")
    expect(edited.locator(".cm-changedLine")).to_contain_text("rate = 0.5")
    expect(edited.locator(".cm-deletedChunk")).to_contain_text("rate = 0.1")
    expect(edited.locator(".cm-changedText")).to_have_text(re.compile(r"^(0\.)?5$"))
    expect(edited.locator(".cm-deletedText")).to_have_text(re.compile(r"^(0\.)?1$"))
    folded = diff.locator(".nbruns-diff-unchanged")
    expect(folded).to_have_text(["1 unchanged cell", "2 unchanged cells"])
    folded.last.locator("summary").click()
    expect(folded.last).to_contain_text("done = True")
    desk.shot("diff")


# F4
def test_outputs_and_metadata_are_folded_and_shown_on_request(desk: Desk) -> None:
    revision = desk.notebook("shown.ipynb", THEN)
    desk.page.evaluate(
        """() => {
            const { model } = window.jupyterapp.shell.currentWidget.context;
            const cell = model.sharedModel.getCell(2);
            cell.setOutputs([{ output_type: 'stream', name: 'stdout', text: 'it is 3' }]);
            model.sharedModel.getCell(3).setMetadata({ tags: ['last'] });
        }"""
    )

    diff = desk.open_diff(revision)

    expect(diff.locator(".nbruns-diff-words")).to_have_text("code unchanged", timeout=SLOW_MS)
    others = diff.locator(".nbruns-diff-others")
    expect(others).to_have_text("outputs of 1 cell, metadata of 1 cell")
    outputs = diff.locator("[data-nbruns='outputs']")
    expect(outputs).not_to_contain_text("it is 3")
    outputs.locator("summary").click()
    expect(outputs).to_contain_text("No outputs")
    expect(outputs.locator(".jp-OutputArea-output")).to_have_text("it is 3")
    metadata = diff.locator("[data-nbruns='metadata']")
    metadata.locator("summary").click()
    expect(metadata.locator(".cm-changedLine", has_text="last")).to_have_count(1)
    desk.shot("folds")


# F5 N8
def test_a_restored_notebook_is_got_back_by_undo(desk: Desk) -> None:
    revision = desk.notebook("undone.ipynb", [*THEN, f"key = '{SECRET}'"])
    desk.lab.edit_cell("epochs", "0.1", "0.9")
    desk.page.evaluate(
        """() => {
            const { sharedModel } = window.jupyterapp.shell.currentWidget.context.model;
            sharedModel.deleteCellRange(3, 4);
            sharedModel.insertCell(0, { cell_type: 'code', source: '# new work', metadata: {} });
        }"""
    )
    before = desk.cells()
    assert before[0]["source"] == "# new work"
    tab = desk.open_revision(revision)

    tab.get_by_role("button", name="Restore").click()

    # The cell that is skipped keeps its text: the revision has none.
    desk.expect_sources([*THEN, f"key = '{SECRET}'"])
    desk.said("Restored. The notebook as it was is kept as a revision.").wait_for()
    desk.shot("restored")
    desk.page.keyboard.press("Control+z")
    desk.expect_sources([cell["source"] for cell in before])
    assert desk.cells() == before
    assert desk.actions(revision) == ["restored"]
    files = desk.server.home.glob("nbruns.db*")
    assert not any(SECRET.encode() in file.read_bytes() for file in files)


# N8
def test_one_cell_is_taken_and_what_was_there_can_be_seen(desk: Desk) -> None:
    revision = desk.notebook("taken.ipynb", THEN)
    desk.lab.edit_cell("epochs", "0.1", "0.9")
    desk.lab.edit_cell("done", "True", "False")
    diff = desk.open_diff(revision)
    expect(diff.locator(".nbruns-diff-words")).to_have_text("cells 2, 4 edited")

    diff.locator(".nbruns-diff-cell", has_text="epochs").get_by_text("Take this cell").click()

    desk.expect_sources([THEN[0], THEN[1], THEN[2], "done = False"])
    expect(diff.locator(".nbruns-diff-words")).to_have_text("cell 4 edited")
    desk.said("Cell 2 restored").get_by_role("button", name="Show what was there").click()
    kept = desk.page.locator(".nbruns-revision")
    expect(kept).to_contain_text("rate = 0.9")
    expect(kept).to_contain_text("done = False")
    assert desk.actions(revision) == ["took cell"]


# N8
def test_a_cell_that_is_gone_comes_back_from_the_revision_to_its_place(desk: Desk) -> None:
    revision = desk.notebook("lost.ipynb", THEN)
    desk.page.evaluate(
        "() => { const { sharedModel } = window.jupyterapp.shell.currentWidget.context.model;"
        " sharedModel.deleteCellRange(1, 3); }"
    )
    tab = desk.open_revision(revision)

    cell = tab.locator(".jp-CodeCell", has_text="print(total)")
    cell.hover()
    cell.get_by_role("button", name="Take this cell").click()

    desk.expect_sources([THEN[0], THEN[2], THEN[3]])
    desk.said("Cell 3 restored").get_by_role("button", name="Undo").click()
    desk.expect_sources([THEN[0], THEN[3]])


# F5
def test_two_revisions_are_compared_in_the_order_of_time(desk: Desk) -> None:
    first = desk.notebook("ordered.ipynb", THEN)
    content = json.loads((desk.server.work / "ordered.ipynb").read_text("utf-8"))
    content["cells"][1]["source"] = "rate = 0.7\nepochs = 5"
    second = desk.revision("ordered.ipynb", content, "second")
    diff = desk.open_diff(second, "second")
    expect(diff.locator(".nbruns-diff-words")).to_have_text("cell 2 edited")

    chosen = diff.get_by_label("Compare with")
    expect(chosen.locator("option")).to_have_count(2)
    chosen.select_option(first)

    expect(diff.locator(".nbruns-diff-arrow")).to_have_text("←")
    expect(diff.locator(".nbruns-diff-text .cm-changedLine")).to_contain_text("0.7")
    expect(diff.locator(".nbruns-diff-text .cm-deletedChunk")).to_contain_text("0.1")
    expect(diff.get_by_text("Take this cell")).to_have_count(0)
    desk.shot("two")


# F5
def test_a_notebook_that_was_renamed_and_closed_is_restored_under_its_new_name(
    desk: Desk,
) -> None:
    revision = desk.notebook("named.ipynb", THEN)
    desk.lab.edit_cell("epochs", "0.1", "0.9")
    desk.page.evaluate(
        """async () => {
            const { context } = window.jupyterapp.shell.currentWidget;
            await context.save();
            await context.rename('renamed.ipynb');
        }"""
    )
    desk.close()
    known = desk.ask("GET", f"api/1.0/revisions/get?revision_id={revision}")["revision"]
    path = f"api/1.0/notebooks/get?notebook_id={known['notebook_id']}"
    desk.until(lambda: desk.ask("GET", path)["notebook"]["path"] == "renamed.ipynb")

    desk.open_revision(revision).get_by_role("button", name="Restore").click()

    desk.lab.in_front = "renamed.ipynb"
    desk.expect_sources(THEN)


# F5
def test_a_notebook_that_is_gone_comes_back_where_one_says(desk: Desk) -> None:
    revision = desk.notebook("gone.ipynb", THEN)
    desk.close()
    (desk.server.work / "gone.ipynb").unlink()
    diff = desk.open_diff(revision)
    expect(diff).to_contain_text("The notebook is gone", timeout=SLOW_MS)
    desk.shot("gone")

    diff.get_by_role("button", name="Restore").click()
    asked = desk.page.locator(".jp-Dialog")
    expect(asked.locator("input")).to_have_value("gone.ipynb")
    asked.locator("input").fill("back.ipynb")
    asked.get_by_role("button", name="Restore").click()

    desk.lab.in_front = "back.ipynb"
    desk.expect_sources(THEN)


# F5
def test_a_copy_opens_beside_and_the_notebook_stays(desk: Desk) -> None:
    revision = desk.notebook("copied.ipynb", THEN)
    desk.lab.edit_cell("epochs", "0.1", "0.9")

    desk.open_revision(revision).get_by_role("button", name="Open as copy").click()

    desk.lab.in_front = "copied-first.ipynb"
    desk.expect_sources(THEN)
    assert "rate = 0.9\nepochs = 5" in desk.sources("copied.ipynb")


# F13
def test_a_purge_asks_first_and_is_for_good(desk: Desk) -> None:
    revision = desk.notebook("purged.ipynb", ["only_here = 'unrepeatable-words'"])
    tab = desk.open_revision(revision)
    tab.get_by_role("button", name="Purge…").click()
    dialog = desk.page.locator(".jp-Dialog")
    desk.shot("purge")
    dialog.get_by_role("button", name="Cancel").click()
    expect(tab).to_be_visible()

    tab.get_by_role("button", name="Purge…").click()
    dialog.get_by_role("button", name="Purge").click()

    expect(tab).to_have_count(0)
    status, _ = desk.server.ask("GET", f"api/1.0/revisions/get?revision_id={revision}")
    assert status == 404
    assert desk.actions(revision) == ["purged"]
    assert desk.sources() == ["only_here = 'unrepeatable-words'"]


def test_it_is_legible_in_the_dark_and_in_a_narrow_split(desk: Desk) -> None:
    long = [f"line_{number} = compute({number})" for number in range(30)]
    revision = desk.notebook("seen.ipynb", ["# Title", "\n".join(long), *THEN])
    new = "\n".join([*long[:12], "line_12 = compute(0)", *long[13:]])
    desk.page.evaluate(
        """text => {
            const { sharedModel } = window.jupyterapp.shell.currentWidget.context.model;
            sharedModel.getCell(1).setSource(text);
            sharedModel.deleteCellRange(4, 5);
            sharedModel.moveCell(2, 3);
            const cell = { cell_type: 'markdown', source: 'Some **new** words', metadata: {} };
            sharedModel.insertCell(3, cell);
        }""",
        new,
    )
    desk.page.evaluate("window.jupyterapp.commands.execute('apputils:dismiss-notification')")
    desk.command("apputils:change-theme", theme="JupyterLab Dark")
    diff = desk.open_diff(revision)
    expect(diff.locator(".cm-collapsedLines").first).to_be_visible()
    dark = diff.locator(".nbruns-diff-text .cm-changedLine").first
    colours = dark.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]")
    desk.shot("dark")
    desk.page.set_viewport_size({"width": 900, "height": 900})
    desk.shot("narrow")
    wide = diff.evaluate("e => e.scrollWidth - e.clientWidth")
    desk.open_revision(revision)
    desk.shot("narrow-view")
    desk.page.set_viewport_size({"width": 1440, "height": 900})
    desk.command("apputils:change-theme", theme="JupyterLab Light")

    assert wide <= 0
    red, green, blue = (int(n) for n in re.findall(r"\d+", colours[0])[:3])
    assert min(red, green, blue) > 150, colours
