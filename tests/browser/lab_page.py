"""JupyterLab as a person uses it: the verbs of the browser tests.

Every verb does what a hand would do (click, type, press) and waits for what an eye
would see. `LabServer` is the real server behind it, in folders of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_process import LiveServer
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    expect,
    sync_playwright,
)

SLOW_MS = 60_000
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def headless_chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    assert path, "No Chromium on the PATH: run `make test`, or install the package 'chromium'."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@dataclass
class LabServer(LiveServer):
    """A real `jupyter lab` process whose every folder lies under `folder`."""

    @property
    def lab_url(self) -> str:
        return self.url.removesuffix("nbruns")

    def environment(self) -> dict[str, str]:
        """As any server's, with JupyterLab's own folders and this environment's commands."""
        return super().environment() | {
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def program(self) -> list[str]:
        """JupyterLab, which keeps its news to itself and lets tests wait for its application."""
        return [
            *(sys.executable, "-m", "jupyterlab"),
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.set_setting("@jupyterlab/apputils-extension", "notification", {"fetchNews": "false"})
        super().start()

    def set_setting(self, extension: str, plugin: str, values: dict[str, object]) -> None:
        """Set what a person would have set in JupyterLab's settings editor."""
        file = self.folder / "settings" / extension / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), "utf-8")

    def add_notebook(self, source: Path, name: str | None = None) -> str:
        """Copy a notebook into the server's folder; its path there is returned."""
        target = self.work / (name or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return str(target.relative_to(self.work))

    def write_notebook(self, name: str, cells: list[str]) -> str:
        """Write a notebook of code cells; its path is returned."""
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": source,
                }
                for number, source in enumerate(cells)
            ],
            "metadata": {
                "kernelspec": {
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        target = self.work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content), "utf-8")
        return name

    def complaints(self) -> list[str]:
        """Warnings and errors of nbruns, and tracebacks that went through it, in the log."""
        ours = re.compile(r"\[[WEC] .*nbruns|File .*(python_package|site-packages)/nbruns/")
        return [line for line in self.log.splitlines() if ours.search(line)]


@dataclass
class LabPage:
    """One browser tab with JupyterLab in it."""

    page: Page
    server: LabServer
    errors: list[str] = field(default_factory=list)
    in_front: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", self._note_error)

    def _note_error(self, error: Error) -> None:
        # Whose it is stands in its stack: our widgets' modules are blobs of the page.
        stack = error.stack or ""
        ours = "nbruns: " if "extensions/nbruns/" in stack or "blob:" in stack else ""
        self.errors.append(f"{ours}page error: {error}\n{stack}")

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def our_errors(self) -> list[str]:
        """Console errors that come from nbruns or from its requests."""
        return [text for text in self.errors if "nbruns" in text.partition("\n")[0].lower()]

    def open(self, path: str = "") -> None:
        """Open JupyterLab, at a notebook where one is named."""
        where = f"lab/tree/{path}" if path else "lab"
        self.page.goto(f"{self.server.lab_url}{where}?reset&token={self.server.token}")
        self.page.locator("#jp-main-dock-panel").wait_for(timeout=SLOW_MS)
        self.page.locator(".jp-LabShell, #main").first.wait_for(timeout=SLOW_MS)
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=SLOW_MS)
        self.page.evaluate("window.jupyterapp.restored.then(() => true)")
        if path:
            self.in_front = Path(path).name
            self.notebook.wait_for(timeout=SLOW_MS)
            self.wait_for_kernel()

    def open_another(self, path: str) -> None:
        """Open a notebook in a further tab of the same JupyterLab."""
        # What the command answers is a widget, which no message can carry.
        self.page.evaluate(
            "path => window.jupyterapp.commands.execute('docmanager:open', {path}).then(() => 1)",
            path,
        )
        self.in_front = Path(path).name
        self.notebook.wait_for(timeout=SLOW_MS)
        self.wait_for_kernel()

    def command(self, name: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    # -- the notebook in front

    @property
    def notebook(self) -> Locator:
        """The notebook opened last, wherever its tab lies."""
        return self.page.get_by_role("tabpanel", name=self.in_front, exact=True)

    def wait_for_kernel(self) -> None:
        """Until the notebook in front has a kernel that answers."""
        self.page.wait_for_function(
            """async () => {
                const session = window.jupyterapp.shell.currentWidget?.sessionContext;
                await session?.ready;
                await session?.session?.kernel?.info;
                return session?.session?.kernel?.status === 'idle';
            }""",
            timeout=SLOW_MS,
        )

    def cell(self, text: str) -> Locator:
        """The code cell in front that contains a text."""
        return self.notebook.locator(".jp-CodeCell", has_text=text).first

    def start_cell(self, text: str) -> Locator:
        """Run the cell that contains a text, without waiting for its end."""
        cell = self.cell(text)
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")
        return cell

    def run_cell(self, text: str) -> Locator:
        """Run the cell that contains a text and wait until it has run."""
        before = self.cell(text).locator(".jp-InputPrompt").inner_text()
        cell = self.start_cell(text)
        self.wait_for_cell(cell, before)
        return cell

    def wait_for_cell(self, cell: Locator, before: str = "") -> None:
        """Until the prompt of a cell shows a number, and another one than before."""
        prompt = cell.locator(".jp-InputPrompt")
        if before.strip():
            expect(prompt).not_to_have_text(before, timeout=SLOW_MS)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=3 * SLOW_MS)

    def edit_cell(self, text: str, old: str, new: str) -> None:
        """Replace a word in a cell by double-clicking and typing, without saving."""
        cell = self.cell(text)
        cell.scroll_into_view_if_needed()
        line = cell.locator(".cm-line", has_text=old).first
        line.click()
        self.page.keyboard.press("Home")
        whole = line.inner_text()
        self.page.keyboard.press("Shift+End")
        self.page.keyboard.insert_text(whole.replace(old, new))
        self.page.keyboard.press("Escape")

    def output(self, text: str) -> Locator:
        return self.cell(text).locator(".jp-OutputArea-output")

    # -- pictures

    def screenshot(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")
