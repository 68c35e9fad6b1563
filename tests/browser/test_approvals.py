"""The scientist, the engineer and the manager bring one model to where it is used.

Each has a browser of their own on one JupyterLab; what one of them does, the others see.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lab_page import SLOW_MS, LabPage, LabServer
from playwright.sync_api import Browser, BrowserContext, Locator, expect
from runs_panel import RunsPanel
from team import ENGINEER, MANAGER, SCIENTIST, ask_as, team_config, token

V2 = "api/2.0/mlflow/"
MODEL = "prod.churn"
# People's text stays text, whoever reads it.
COMMENT = "two points <img src=x onerror='document.title=1'> better"


@dataclass
class Team:
    """One JupyterLab and the browsers of those who use it."""

    server: LabServer
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def ask(self, user: str, path: str, **body: Any) -> Any:
        status, reply = ask_as(self.server, user, "POST", V2 + path, body)
        assert status == 200, reply
        return reply

    def page_of(self, user: str, **state: Any) -> RunsPanel:
        """A tab of the panel as a link shows it to a user."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 1100})
        self.contexts.append(context)
        context.add_cookies([{"name": "team", "value": token(user), "url": self.server.lab_url}])
        lab = LabPage(context.new_page(), self.server)
        lab.open()
        opened = (
            "state => window.jupyterapp.commands.execute('nbruns:open-tab', {state}).then(Boolean)"
        )
        lab.page.evaluate(opened, state)
        return RunsPanel(lab, place=".nbruns-runs-tab:not(.lm-mod-hidden)")


@pytest.fixture
def team(tmp_path: Path, chromium: Browser) -> Iterator[Team]:
    server = LabServer(tmp_path, config=team_config(tmp_path / "policy.yaml"))
    made = Team(server, chromium)
    with closing(type("Server", (), {"close": staticmethod(server.stop)})):
        server.start()
        yield made
        for context in made.contexts:
            context.close()


def make_run(team: Team) -> str:
    """The scientist's run, with a model; the id of its experiment."""
    number = str(team.ask(SCIENTIST, "experiments/create", name="churn")["experiment_id"])
    made = {"experiment_id": number, "run_name": "calm-otter"}
    run_id = team.ask(SCIENTIST, "runs/create", **made)["run"]["info"]["run_id"]
    made = {"experiment_id": number, "name": "model", "source_run_id": run_id}
    model_id = team.ask(SCIENTIST, "logged-models", **made)["model"]["info"]["model_id"]
    made = {"run_id": run_id, "models": [{"model_id": model_id, "step": 0}]}
    team.ask(SCIENTIST, "runs/outputs", **made)
    return number


def request_of(panel: RunsPanel, user: str) -> Locator:
    return panel.root.locator(".nbruns-request[data-state='pending']", has_text=f"{user} asks")


def decide(panel: RunsPanel, request: Locator, word: str, comment: str) -> None:
    request.get_by_role("button", name=word).click()
    panel.lab.page.keyboard.type(comment)
    panel.lab.page.keyboard.press("Enter")


def newest_deed(panel: RunsPanel, action: str) -> Locator:
    return panel.root.locator(f".nbruns-logItem[data-action='{action}']").first


# F79 F81 F82 F83 F84 F85 F86 F87 F105 N7
def test_from_a_run_to_production(team: Team, screenshots: Path) -> None:
    ada = team.page_of(SCIENTIST, experiment_id=make_run(team))
    row = ada.row("calm-otter")
    row.wait_for(timeout=SLOW_MS)
    ada.register(row, MODEL)
    expect(row).to_contain_text(f"{MODEL} v1", timeout=SLOW_MS)

    alias = {"name": MODEL, "alias": "champion", "version": "1"}
    path = f"{V2}registered-models/alias"
    # What the page does not offer the server refuses.
    assert ask_as(team.server, SCIENTIST, "POST", path, alias)[0] == 403

    ada_version = team.page_of(SCIENTIST, registry=f"models/{MODEL}/1")
    scientist_asks_by_keyboard(ada_version)
    ada_version.lab.screenshot(screenshots, "approvals-asked")

    erin = team.page_of(ENGINEER, registry=f"models/{MODEL}/1")
    engineer_decides_but_not_her_own(erin)
    erin.lab.screenshot(screenshots, "approvals-decided")

    # The others see it where they are, without a reload.
    champion = ada_version.root.locator(".nbruns-moveLine", has_text="@champion")
    expect(champion).to_be_visible(timeout=SLOW_MS)
    expect(row).to_contain_text("@champion", timeout=SLOW_MS)
    expect(newest_deed(ada_version, "moved")).to_contain_text("asked for by ada")

    scientist_asks_for_production(ada_version)
    katherine = team.page_of(MANAGER, registry="requests")
    manager_approves_and_reverts(katherine, ada_version)
    expect(row).to_contain_text("Production", timeout=SLOW_MS)
    manager_reverts(katherine, ada_version)

    for panel in (ada, ada_version, erin, katherine):
        assert panel.lab.our_errors() == []
        assert panel.lab.page.title() != "1"
    # Jupyter notes what was refused, and that is all there is.
    assert [line for line in team.server.complaints() if " 403 " not in line] == []


def scientist_asks_by_keyboard(ada: RunsPanel) -> None:
    page = ada.lab.page
    ada.root.get_by_role("button", name="Add an alias").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("champ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    form = ada.root.get_by_role("form", name="Give version 1 an alias")
    expect(form.get_by_role("button", name="Request")).to_be_enabled()
    expect(form).to_contain_text("request it, and engineers, managers decide")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(COMMENT)
    page.keyboard.press("Enter")
    mine = request_of(ada, SCIENTIST)
    expect(mine).to_contain_text(COMMENT, timeout=SLOW_MS)
    expect(mine.get_by_role("button")).to_have_text(["Cancel request"])
    # The focus is where it was, and the form now says that she has asked.
    page.keyboard.press("Enter")
    page.keyboard.type("champion")
    expect(form).to_contain_text("You asked for this")
    expect(form.get_by_role("button", name="Request")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)


def engineer_decides_but_not_her_own(erin: RunsPanel) -> None:
    erin.root.get_by_role("button", name="Add an alias").click()
    erin.root.get_by_label("Alias", exact=True).fill("champion")
    erin.root.get_by_role("button", name="Request", exact=True).click()
    own = request_of(erin, ENGINEER)
    expect(own).to_contain_text("Nobody decides their own request", timeout=SLOW_MS)
    expect(own.get_by_role("button")).to_have_text(["Cancel request"])

    expect(erin.root.get_by_role("button", name="Requests: 1 pending")).to_be_visible()
    erin.root.get_by_role("button", name="Requests: 1 pending").click()
    theirs = request_of(erin, SCIENTIST)
    expect(theirs).to_contain_text("no version → version 1", timeout=SLOW_MS)
    decide(erin, theirs, "Approve", "agreed")
    # Her own is overtaken: what she asked for is done.
    expect(erin.root.locator(".nbruns-request")).to_have_count(0, timeout=SLOW_MS)
    erin.root.get_by_label("State of the requests").select_option("all")
    past = erin.root.locator(".nbruns-request")
    expect(past).to_have_count(2, timeout=SLOW_MS)
    expect(past.last).to_contain_text("Approved by erin")
    expect(past.first).to_contain_text("Overtaken")


def scientist_asks_for_production(ada: RunsPanel) -> None:
    ada.root.get_by_role("button", name="Use stages").click()
    ada.root.get_by_role("radio", name="Production").check()
    expect(ada.root.get_by_role("form")).to_contain_text("managers decide")
    ada.root.get_by_role("button", name="Request", exact=True).click()
    expect(ada.root.locator(".nbruns-moveLine[data-key='stage']")).to_contain_text("ada asks")


def manager_approves_and_reverts(katherine: RunsPanel, ada: RunsPanel) -> None:
    asked = request_of(katherine, SCIENTIST)
    expect(asked).to_contain_text("None → Production", timeout=SLOW_MS)
    decide(katherine, asked, "Approve", "ship it")
    stage = ada.root.locator(".nbruns-moveLine[data-key='stage']")
    expect(stage).to_contain_text("Stage Production", timeout=SLOW_MS)
    deed = newest_deed(ada, "moved")
    for told in (MANAGER, "None→Production", "ship it", "asked for by ada", "target Production"):
        expect(deed).to_contain_text(told)


def manager_reverts(katherine: RunsPanel, ada: RunsPanel) -> None:
    katherine.root.get_by_label("State of the requests").select_option("approved")
    katherine.root.locator(".nbruns-request").get_by_text("version 1").first.click()
    katherine.root.get_by_role("button", name="Move version 1").click()
    katherine.root.get_by_role("radio", name="None").check()
    katherine.root.get_by_label("Comment (optional)").fill("too slow")
    katherine.root.get_by_role("button", name="Move", exact=True).click()
    expect(newest_deed(ada, "moved")).to_contain_text("too slow", timeout=SLOW_MS)
    expect(newest_deed(ada, "moved")).to_contain_text("Production→None")
    ada.root.get_by_label("Who held").fill("@champion")
    ada.root.locator(".nbruns-heldDay").fill(date.today().isoformat())
    expect(ada.root.locator(".nbruns-heldAnswer")).to_have_text(
        "Version 1 now, nobody when the day began", timeout=SLOW_MS
    )
