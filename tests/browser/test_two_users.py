"""Two users of one JupyterLab: each sees in the panel what the policy lets them see."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, WebSocket, expect
from runs_panel import RunsPanel
from team import MANAGER, SCIENTIST, ask_as, team_config, token

SECRET, OPEN, EMPTY = "payroll of all", "churn by week", "Default"


@dataclass
class Desk:
    """A user's browser with the panel in it, and all that its websockets brought."""

    panel: RunsPanel
    heard: list[str] = field(default_factory=list)

    def listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda sent: self.heard.append(str(sent)))

    def expect_experiments(self, *names: str) -> None:
        shown = self.panel.root.locator(".nbruns-experiment")
        expect(shown).to_have_count(len(names), timeout=SLOW_MS)
        for name in names:
            expect(shown.filter(has_text=name)).to_have_count(1)

    def was_told(self, text: str) -> bool:
        return any(text in one for one in self.heard)


@contextmanager
def desk_of(user: str, server: LabServer, chromium: Browser) -> Iterator[Desk]:
    with closing(chromium.new_context(viewport={"width": 1440, "height": 900})) as context:
        context.add_cookies([{"name": "team", "value": token(user), "url": server.lab_url}])
        desk = Desk(RunsPanel(LabPage(context.new_page(), server)))
        desk.panel.lab.page.on("websocket", desk.listen)
        desk.panel.lab.open()
        desk.panel.open()
        desk.panel.root.locator(".nbruns-titleButton").click()
        desk.panel.root.get_by_role("menuitem", name="All experiments").click()
        yield desk


def panel_kernels(server: LabServer) -> dict[str, psutil.Process]:
    """The process of each user's panel, in the order they were started."""
    assert server.process is not None
    children = psutil.Process(server.process.pid).children(recursive=True)
    kernels = [one for one in children if "NBRUNS_PANEL_TOKEN" in one.environ()]
    return {one.environ()["NBRUNS_PANEL_TOKEN"]: one for one in kernels}


def make(server: LabServer, user: str, name: str) -> None:
    def ask(path: str, body: dict[str, Any]) -> Any:
        status, reply = ask_as(server, user, "POST", f"api/2.0/mlflow/{path}", body)
        assert status == 200, reply
        return reply

    made = ask("experiments/create", {"name": name})
    ask("runs/create", {"experiment_id": made["experiment_id"], "run_name": f"{name}, first"})


# F104
def test_each_sees_what_is_theirs(tmp_path: Path, chromium: Browser, screenshots: Path) -> None:
    server = LabServer(tmp_path, config=team_config(tmp_path / "policy.yaml"))
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        make(server, MANAGER, SECRET)
        make(server, SCIENTIST, OPEN)
        manager = stack.enter_context(desk_of(MANAGER, server, chromium))
        scientist = stack.enter_context(desk_of(SCIENTIST, server, chromium))

        manager.expect_experiments(SECRET, OPEN, EMPTY)
        scientist.expect_experiments(OPEN, EMPTY)
        scientist.panel.lab.screenshot(screenshots, "two-users")
        comes_back_as_the_same_user(scientist, server)

        # Not even what its page does not show was sent to the scientist's browser.
        assert manager.was_told(SECRET)
        assert scientist.was_told(OPEN)
        assert not scientist.was_told(SECRET)
        for desk in (manager, scientist):
            assert desk.panel.lab.our_errors() == []
        assert server.complaints() == []


def comes_back_as_the_same_user(desk: Desk, server: LabServer) -> None:
    """After a reload of the page, and after each user's kernel was killed."""
    desk.panel.lab.page.reload()
    desk.expect_experiments(OPEN, EMPTY)
    killed = panel_kernels(server)
    assert len(killed) == 2
    for kernel in killed.values():
        os.kill(kernel.pid, signal.SIGKILL)
    body = desk.panel.root.locator(".nbruns-panel-body")
    expect(body).to_have_attribute("data-stale", "true")
    expect(body).to_have_attribute("data-stale", "false", timeout=SLOW_MS)
    make(server, MANAGER, f"{SECRET}, again")
    make(server, SCIENTIST, f"{OPEN}, again")
    expect(desk.panel.root.locator(".nbruns-experiment")).to_have_count(3, timeout=SLOW_MS)
    assert panel_kernels(server).keys() == killed.keys()
