"""The run panel in a real JupyterLab: from a click to the changed pixel, over 100,000 runs.

Every row also says what crossed the websocket to the browser, and at the end what the
panel's kernel has come to weigh.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filled_store import experiment_of, filled
from lab_page import SLOW_MS, LabPage, LabServer, headless_chromium
from playwright.sync_api import Page, expect
from runs_panel import RunsPanel, panel_kernel
from stopwatch import Tap, time_to_see

from nbruns.records import MetricPoint
from nbruns.store import Store

Say = Callable[[str], None]
NOTEBOOK = "churn.ipynb"
LONG_RUNS, POINTS = 10, 100_000
MB = 2**20

SIDE = "#nbruns-panel"
ROWS = f"all('{SIDE} .nbruns-row')"
COUNT = f"document.querySelector('{SIDE} .nbruns-table').getAttribute('aria-rowcount')"
IDS = f"{ROWS}.map(row => row.dataset.runId).join() + {COUNT}"
OTHER_ROWS = f"{ROWS}.length > 5 && ({IDS}) !== window.idsBefore"
SEARCH_BOX = f"{SIDE} .nbruns-search"
SEARCH = f"document.querySelector('{SEARCH_BOX}')"
CLOSE_TABS = """() => {
    const tabs = [...window.jupyterapp.shell.widgets('main')];
    tabs.filter(tab => tab.id.startsWith('nbruns-tab')).forEach(tab => tab.close());
}"""
LOGGER = """
import sys, time
from mlflow import MlflowClient
client = MlflowClient()
client.log_metric(sys.argv[1], 'm00', 0.5)
for line in sys.stdin:
    began = time.time()
    client.log_metric(sys.argv[1], 'm00', float(line), step=int(float(line)))
    print(1000 * began, flush=True)
"""


@dataclass
class Bench:
    """A page whose panel lists many runs, and what measures it."""

    count: int
    lab: LabPage
    tap: Tap
    experiment_id: str
    long_runs: list[str]
    live_run: str
    put: Say

    def say(self, what: str, took_ms: float, size: int) -> None:
        self.put(f"panel, {self.count:,} runs, {what}: {took_ms:.0f} ms, {size:,} bytes")

    def measure(self, what: str, act: str, seen: str, page: Page | None = None) -> float:
        """Do something once, and put into the table how long it took to be seen."""
        kernel = panel_kernel_id(self.lab.server)
        with self.tap.counting() as traffic:
            remembering = f"window.idsBefore = {IDS}; {act}"
            took = time_to_see(page or self.lab.page, remembering, seen)
        self.say(what, took, traffic.bytes_received(kernel))
        return took


def panel_kernel_id(server: LabServer) -> str:
    _, started = server.ask("POST", "api/1.0/panel/start", {})
    return str(started["kernel_id"])


def add_long_runs(store: Store, experiment_id: str) -> list[str]:
    """Ten ended runs with one curve of 100,000 points each, older than all others."""
    made = []
    for number in range(LONG_RUNS):
        run = store.runs.create(
            experiment_id, name=f"long-{number}", user="ada", started_ms=1_600_000_000_000 + number
        )
        wave = (math.exp(-step / 30_000) + step * 7919 % 97 / 1e3 for step in range(POINTS))
        points = [MetricPoint("loss", value, step, step) for step, value in enumerate(wave)]
        store.metrics.append(run.run_id, points)
        store.runs.update(run.run_id, status="FINISHED", ended_ms=1_600_000_900_000)
        made.append(run.run_id)
    return made


@pytest.fixture(scope="module", params=[10_000, 100_000])
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """A JupyterLab with that many runs of one notebook, its panel's kernel running."""
    server = LabServer(tmp_path_factory.mktemp("panel"))
    server.work.mkdir(parents=True)
    path = server.write_notebook(NOTEBOOK, ["x = 1"])
    store = filled(server.home, request.param, server.work / path)
    experiment_id = experiment_of(store, server.work / path)
    long_runs = add_long_runs(store, experiment_id)
    live = store.runs.create(experiment_id, name="live", user="ada", started_ms=1_760_000_000_000)
    store.close()
    server.start()
    with headless_chromium() as chromium:
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        tap, lab = Tap(page), LabPage(page, server)
        lab.open(path)
        yield Bench(request.param, lab, tap, experiment_id, long_runs, live.run_id, lambda _: None)
        assert lab.our_errors() == []
    server.stop()


def test_the_panel_over_many_runs(bench: Bench, say: Say, tmp_path: Path) -> None:
    bench.put = say
    opens(bench)
    lists(bench)
    shows_cards(bench)
    compares(bench)
    follows(bench, tmp_path)
    weighs_little(bench)


def opens(bench: Bench) -> None:
    """By its icon, in a tab of its own, and with the page."""
    lab, panel = bench.lab, RunsPanel(bench.lab)
    # JupyterLab remembers a moment later that the panel is open.
    with lab.page.expect_response(lambda reply: "api/workspaces" in reply.url):
        panel.open()
    expect(panel.rows().first).to_be_visible(timeout=SLOW_MS)
    kernel = panel_kernel_id(lab.server)
    with bench.tap.counting() as traffic:
        lab.page.reload()
        took = lab.page.evaluate(
            """async () => {
                while (!window.jupyterapp) await new Promise(requestAnimationFrame);
                await window.jupyterapp.restored;
                const began = performance.now();
                while (!document.querySelector('#nbruns-panel .nbruns-row'))
                    await new Promise(requestAnimationFrame);
                return performance.now() - began;
            }"""
        )
    bench.say("after a reload of the page", took, traffic.bytes_received(kernel))
    panel.open()
    expect(panel.rows().nth(5)).to_be_visible(timeout=SLOW_MS)
    lab.command("application:toggle-right-area")
    expect(panel.root).to_be_hidden()
    in_sight = f"{ROWS}.filter(row => row.offsetParent).length > 5"
    bench.measure("show it", command("open-panel", {}), in_sight)
    open_tab = command("open-tab", {"state": {"experiment_id": bench.experiment_id}})
    opened = "all('.nbruns-runs-tab .nbruns-row').length > 5"
    bench.measure("open it as a tab, its kernel running", open_tab, opened)
    lab.page.evaluate(CLOSE_TABS)


def command(name: str, args: dict[str, object]) -> str:
    return f"window.jupyterapp.commands.execute('nbruns:{name}', {json.dumps(args)})"


def lists(bench: Bench) -> None:
    """Sorted, filtered, scrolled."""
    page = bench.lab.page
    head = f"document.querySelector('{SIDE} .nbruns-head[data-key^=m]')"
    key = page.evaluate(f"{head}.dataset.key")
    bench.measure("sort by a metric", f"{head}.click()", OTHER_ROWS)
    bench.measure("turn the order round", f"{head}.click()", OTHER_ROWS)
    for what, text in (
        ("filter by a metric", f"metrics.{key} > 0.5"),
        ("filter by a metric and a param", f"metrics.{key} > 0.5 and params.p02 = '3'"),
        ("filter by a word", "99"),
        ("no filter", ""),
    ):
        enter = "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true})"
        typed = f"{SEARCH}.value = {json.dumps(text)}; {SEARCH}.dispatchEvent({enter})"
        bench.measure(what, typed, OTHER_ROWS)
    scroller = f"document.querySelector('{SIDE} .nbruns-scroller')"
    inside = (
        f"{ROWS}.some(row => Math.abs(row.getBoundingClientRect().top"
        f" - {scroller}.getBoundingClientRect().top) < 44)"
    )
    middle = f"{scroller}.scrollTop = {scroller}.scrollHeight / 2"
    bench.measure("scroll to the middle", middle, f"{OTHER_ROWS} && {inside}")
    bench.measure("scroll back up", f"{scroller}.scrollTop = 0", f"{OTHER_ROWS} && {inside}")
    page.locator(SIDE).get_by_role("button", name="Sort", exact=True).click()
    page.get_by_role("menuitemradio", name="Started").click()
    expect(RunsPanel(bench.lab).row("live")).to_be_visible(timeout=SLOW_MS)


def shows_cards(bench: Bench) -> None:
    """Of a run with 20 parameters and 20 metrics; the median of a few."""
    took, sizes = [], []
    kernel = panel_kernel_id(bench.lab.server)
    for number in range(bench.count, bench.count - 6, -1):
        name = f"run-{number}"
        row = f"{ROWS}.find(row => row.querySelector('.nbruns-name').textContent === '{name}')"
        card = f"document.querySelector('{SIDE} .nbruns-card .nbruns-cardTitle .nbruns-name')"
        whole = f"all('{SIDE} .nbruns-metrics [data-name]').length >= 20"
        with bench.tap.counting() as traffic:
            took.append(
                time_to_see(
                    bench.lab.page,
                    f"{row}.querySelector('.nbruns-name').click()",
                    f"{card}?.textContent === '{name}' && {whole}",
                )
            )
        sizes.append(traffic.bytes_received(kernel))
    bench.say("open the first card", took[0], sizes[0])
    middle = sorted(range(1, 6), key=took.__getitem__)[2]
    bench.say("open another card", took[middle], sizes[middle])


def compares(bench: Bench) -> None:
    """Ten runs of 100,000 points each: tick by tick, and at once."""
    panel, page = RunsPanel(bench.lab), bench.lab.page
    panel.untick_all()
    page.locator(SEARCH_BOX).fill("long-")
    page.keyboard.press("Enter")
    expect(panel.rows()).to_have_count(LONG_RUNS, timeout=SLOW_MS)
    for number in range(LONG_RUNS):
        row = f"{ROWS}.find(row => row.dataset.runId === '{bench.long_runs[number]}')"
        tick = f"{row}.querySelector('.nbruns-tick').click()"
        if number == 0:
            page.evaluate(
                f"(() => {{ const all = q => [...document.querySelectorAll(q)]; {tick} }})()"
            )
            expect(page.locator(f"{SIDE} .nbruns-card")).to_be_visible()
            continue
        drawn = f"all('{SIDE} .nbruns-plot .scatterlayer .trace').length === {number + 1}"
        if number in (1, LONG_RUNS - 1):
            which = "tenth" if number > 1 else "second"
            bench.measure(f"tick the {which} run of {POINTS:,} points", tick, drawn)
        else:
            time_to_see(page, tick, drawn)
    panel.untick_all()
    page.locator(SEARCH_BOX).fill("")
    page.keyboard.press("Enter")
    state = {"state": {"experiment_id": bench.experiment_id, "ticked": bench.long_runs}}
    lines = "all('.nbruns-runs-tab .nbruns-plot .scatterlayer .trace').length === 10"
    bench.measure("open a tab comparing the ten", command("open-tab", state), lines)
    page.evaluate(CLOSE_TABS)


def follows(bench: Bench, folder: Path) -> None:
    """A metric that another process logs."""
    environ = bench.lab.server.environment() | {"MLFLOW_TRACKING_URI": "nbruns:"}
    logger = subprocess.Popen(
        [sys.executable, "-c", LOGGER, bench.live_run],
        cwd=folder,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert logger.stdin
    assert logger.stdout
    row = RunsPanel(bench.lab).row("live")
    expect(row.locator(".nbruns-value").first).to_contain_text("0.5", timeout=SLOW_MS)
    kernel, took, sizes = panel_kernel_id(bench.lab.server), [], []
    for value in range(2001, 2008):
        with bench.tap.counting() as traffic:
            logger.stdin.write(f"{value}\n")
            logger.stdin.flush()
            seen = f"{ROWS}[0].textContent.replace(/[^0-9]/g, '').includes('{value}')"
            time_to_see(bench.lab.page, "", seen)
            seen_ms = bench.lab.page.evaluate("Date.now()")
        took.append(seen_ms - float(logger.stdout.readline()))
        sizes.append(traffic.bytes_received(kernel))
    logger.stdin.close()
    logger.wait(20)
    middle = sorted(range(len(took)), key=took.__getitem__)[len(took) // 2]
    bench.say("from log_metric elsewhere to the pixel", took[middle], sizes[middle])


def weighs_little(bench: Bench) -> None:
    """The panel's kernel, after all that."""
    memory = panel_kernel(bench.lab.server).memory_full_info()
    bench.put(
        f"panel, {bench.count:,} runs, its kernel after all that: {memory.uss / MB:.0f} MB of its "
        f"own, {getattr(memory, 'pss', 0) / MB:.0f} MB PSS, {memory.rss / MB:.0f} MB RSS"
    )
