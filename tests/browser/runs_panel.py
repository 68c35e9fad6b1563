"""The Runs panel as a person uses it."""

from __future__ import annotations

from dataclasses import dataclass

import psutil
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Locator, expect

_WHILE_REPAINTING = """(root, { view, trait }) => {
    const below = function* (widget) {
        yield widget;
        for (const child of widget.children?.() ?? widget.layout ?? []) yield* below(child);
    };
    const all = [...window.jupyterapp.shell.widgets('right')].flatMap(one => [...below(one)]);
    const models = all.map(one => (one._view ?? one).model).filter(model => model?.get?.('_esm'));
    const model = models.find(one => one.get('_anywidget_id').endsWith(view));
    const before = model.get(trait);
    (%s)(root);
    model.set(trait, (%s)(before));
    return (%s)(root);
}"""


@dataclass
class RunsPanel:
    """What stands at the right edge of one JupyterLab tab."""

    lab: LabPage
    place: str = "#nbruns-panel"

    @property
    def root(self) -> Locator:
        return self.lab.page.locator(self.place)

    def open(self) -> None:
        """Click the panel's tab in the right side bar, unless it is open already."""
        if not self.root.is_visible():
            self.lab.page.locator(
                ".jp-SideBar.jp-mod-right .lm-TabBar-tab[data-id='nbruns-panel']"
            ).click()
        self.root.locator(".nbruns-header").wait_for(timeout=SLOW_MS)

    @property
    def title(self) -> Locator:
        return self.root.locator(".nbruns-title")

    @property
    def note(self) -> Locator:
        """The words that stand in place of rows."""
        return self.root.locator(".nbruns-note")

    def rows(self) -> Locator:
        return self.root.locator(".nbruns-row")

    def row(self, name: str, nth: int = 0) -> Locator:
        """The newest row (or the nth newest) of the runs with a name."""
        named = self.lab.page.locator(".nbruns-name", has_text=name)
        return self.rows().filter(has=named).nth(nth)

    def expect_status(self, row: Locator, status: str) -> None:
        expect(row).to_have_attribute("data-status", status, timeout=SLOW_MS)

    def tick(self, row: Locator) -> None:
        row.locator(".nbruns-tick").check()

    def untick_all(self) -> None:
        self.root.locator(".nbruns-clear").click()

    def while_repainting(self, view: str, trait: str, change: str, act: str, seen: str) -> object:
        """Do something while a picture from before is under way; what is seen after it came.

        All of it happens in one turn of the page, so that no answer comes between. `change`
        makes another picture of the old one, `act` gets the panel's node: all are JavaScript.
        """
        return self.root.evaluate(
            _WHILE_REPAINTING % (act, change, seen), {"view": view, "trait": trait}
        )

    def curves(self) -> Locator:
        """The drawn lines of the chart, one per ticked run."""
        return self.root.locator(".nbruns-plot .scatterlayer .trace")

    def difference(self, name: str) -> Locator:
        """The line of the comparison for one parameter or metric."""
        return self.root.locator(f".nbruns-differences tr[data-name='{name}']")

    def open_revision(self, row: Locator) -> Locator:
        """Click a row's revision; the read-only notebook that opens is returned."""
        row.hover()
        row.locator(".nbruns-revision").click()
        opened = self.lab.page.locator(".nbruns-revision-tab:not(.lm-mod-hidden)")
        opened.wait_for(timeout=SLOW_MS)
        return opened

    def register(self, row: Locator, name: str, alias: str = "") -> None:
        """Register a row's model through the form."""
        row.hover()
        row.locator(".nbruns-register").click()
        form = self.root.locator(".nbruns-form")
        form.locator(".nbruns-modelName").fill(name)
        if alias:
            form.locator(".nbruns-alias").fill(alias)
        form.locator(".nbruns-submit").click()


def panel_kernel(server: LabServer) -> psutil.Process:
    """The process of the panel's own kernel."""
    (kernel,) = panel_kernels(server)
    return kernel


def panel_kernels(server: LabServer) -> list[psutil.Process]:
    """The processes that are panel kernels: one, or none while it starts anew."""
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "NBRUNS_PANEL_TOKEN" in child.environ()]
