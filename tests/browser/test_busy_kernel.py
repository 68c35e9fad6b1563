"""The panel while the notebook's kernel answers nobody, and while nothing changes at all."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator

import psutil
import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from listed_runs import ListedRuns
from playwright.sync_api import Browser, expect
from runs_panel import RunsPanel, panel_kernel
from stopwatch import Tap, time_to_see

from nbruns.store import Store

# A thread that notes the time shows that the interpreter lock was never let go.
HOLD = """import ctypes, os, threading, time
noted = []
threading.Thread(
    target=lambda: [noted.append(time.monotonic()) or time.sleep(0.02) for _ in range(1000)],
    daemon=True,
).start()
time.sleep(0.2)
ctypes.PyDLL(None).sleep(8)
time.sleep(0.2)
gap = max(b - a for a, b in zip(noted, noted[1:]))
print(f"pid {os.getpid()} stood still for {gap:.1f} s")"""
IDLE_MS = 5_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab whose notebook has a few dozen runs, one of them running."""
    server = LabServer(tmp_path_factory.mktemp("busy"))
    server.start()
    server.write_notebook("churn.ipynb", [HOLD])
    store = Store.open(server.home)
    ListedRuns(store, str(server.work / "churn.ipynb")).fill()
    store.close()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def tap_and_panel(server: LabServer, chromium: Browser) -> Iterator[tuple[Tap, RunsPanel]]:
    """The panel beside that notebook, and what crosses the websockets of its page."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    tap, lab = Tap(page), LabPage(page, server)
    lab.open("churn.ipynb")
    panel = RunsPanel(lab)
    panel.open()
    expect(panel.row("training now")).to_be_visible(timeout=SLOW_MS)
    yield tap, panel
    assert lab.our_errors() == []
    context.close()


def time_of_cards(panel: RunsPanel, rows: int) -> float:
    """Milliseconds from a click on a row until its card shows, the median of some rows."""
    took = []
    for place in range(rows):
        row = f"all('#nbruns-panel .nbruns-row')[{place}]"
        name = panel.rows().nth(place).locator(".nbruns-name").inner_text()
        title = "document.querySelector('#nbruns-panel .nbruns-cardTitle .nbruns-name')"
        seen = f"{title}?.textContent === {json.dumps(name)}"
        click = f"{row}.querySelector('.nbruns-name').click()"
        took.append(time_to_see(panel.lab.page, click, seen))
    return statistics.median(took)


# N1
def test_the_panel_answers_while_native_code_holds_the_interpreter_lock(
    tap_and_panel: tuple[Tap, RunsPanel],
) -> None:
    _, panel = tap_and_panel
    time_of_cards(panel, 2)
    quiet_ms = time_of_cards(panel, 5)

    cell = panel.lab.start_cell("PyDLL")
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
    busy_ms = time_of_cards(panel, 5)

    # Still held: all the clicks fell into that time.
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
    panel.lab.wait_for_cell(cell)
    said = cell.locator(".jp-OutputArea-output").inner_text()
    assert float(re.findall(r"[\d.]+", said)[1]) > 6, said
    print(f"a card after {quiet_ms:.0f} ms, and {busy_ms:.0f} ms while the kernel stands still")
    assert busy_ms < 3 * quiet_ms + 100


def spent_s(process: psutil.Process) -> float:
    """CPU time of a process so far, of all its threads."""
    times = process.cpu_times()
    return times.user + times.system


# N1
def test_nothing_runs_while_nothing_changes(
    server: LabServer, tap_and_panel: tuple[Tap, RunsPanel]
) -> None:
    tap, panel = tap_and_panel
    page = panel.lab.page
    assert server.process is not None
    if not panel.root.locator(".nbruns-card").is_visible():
        panel.tick(panel.row("training now"))
    expect(panel.root.locator(".nbruns-card")).to_be_visible(timeout=SLOW_MS)
    sessions = server.ask("GET", "/api/sessions")[1]
    kernels = {one["type"]: one["kernel"]["id"] for one in sessions}
    said = panel.lab.cell("PyDLL").locator(".jp-OutputArea-output").inner_text()
    processes = {
        "the panel's kernel": panel_kernel(server),
        "the server": psutil.Process(server.process.pid),
        "the notebook's kernel": psutil.Process(int(re.findall(r"\d+", said)[0])),
    }
    asked: list[str] = []
    page.wait_for_timeout(1_000)
    page.on("request", lambda request: asked.append(request.url))

    before = {name: spent_s(process) for name, process in processes.items()}
    with tap.counting() as traffic:
        page.wait_for_timeout(IDLE_MS)
    spent = {name: spent_s(process) - before[name] for name, process in processes.items()}

    print({name: f"{seconds:.2f} s of {IDLE_MS / 1000:.0f}" for name, seconds in spent.items()})
    assert traffic.frames(kernels["notebook"]) == 0
    # A page says once a minute that it sees the list; that may fall into this time.
    assert traffic.frames(kernels["nbruns-panel"]) <= 6
    assert [url for url in asked if "/nbruns/" in url] == []
    assert spent["the panel's kernel"] < 0.02 * IDLE_MS / 1000
    # JupyterLab itself asks for its kernels, sessions and terminals now and then.
    assert spent["the server"] < 0.1 * IDLE_MS / 1000
    assert spent["the notebook's kernel"] < 0.02 * IDLE_MS / 1000
