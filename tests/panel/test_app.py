"""The panel kernel's program as a browser tab meets it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm

from nbruns.panel.app import MOST_TABS, TARGET, App, start
from nbruns.panel.connection import Address
from nbruns.records import Run

Until = Callable[..., Awaitable[None]]


class Control(BaseComm):
    """A tab's control comm that remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(target_name=TARGET, primary=False)

    def publish_msg(self, msg_type: str, data: Any = None, **_: Any) -> None:
        if msg_type == "comm_msg":
            self.sent.append(data)

    def hear(self, **data: Any) -> None:
        self.handle_msg({"content": {"data": data}})


def opening(tab: str, path: str | None = None, **more: Any) -> dict[str, Any]:
    return {"content": {"data": {"tab": tab, "path": path, **more}}}


@pytest.fixture
def app(address: Address, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("NBRUNS_SERVER_URL", address.url)
    monkeypatch.setenv("NBRUNS_PANEL_TOKEN", address.token)
    return App()


def close(app: App) -> None:
    for panel in app.tabs.values():
        panel.close_all()


def test_the_kernel_answers_at_the_target_of_the_labextension() -> None:
    app = start()

    assert comm.get_comm_manager().targets[TARGET] == app.open_tab


def test_a_tab_is_told_its_root_widget(app: App) -> None:
    async def open_tab() -> None:
        control = Control()
        app.open_tab(control, opening("tab-1"))
        panel = app.tabs["tab-1"]
        assert control.sent == [{"type": "ready", "model_id": panel.model_id}]
        close(app)

    asyncio.run(open_tab())


def test_a_reloaded_tab_gets_its_panel_back_and_others_their_own(app: App) -> None:
    async def open_tabs() -> None:
        first, again, other = Control(), Control(), Control()
        app.open_tab(first, opening("tab-1"))
        app.open_tab(again, opening("tab-1"))
        app.open_tab(other, opening("tab-2"))
        assert first.sent == again.sent
        assert other.sent != first.sent
        close(app)

    asyncio.run(open_tabs())


def test_the_panel_unused_for_longest_makes_room(app: App) -> None:
    async def open_tabs() -> None:
        for number in range(MOST_TABS):
            app.open_tab(Control(), opening(f"tab-{number}"))
        oldest = app.tabs["tab-1"]
        app.open_tab(Control(), opening("tab-0"))
        app.open_tab(Control(), opening("one-more"))
        assert len(app.tabs) == MOST_TABS
        assert "tab-0" in app.tabs
        assert "tab-1" not in app.tabs
        assert oldest.comm is None
        close(app)

    asyncio.run(open_tabs())


def test_the_panel_follows_the_notebook_the_tab_names(
    app: App, notebook_run: Callable[..., Run], path: str, until: Until
) -> None:
    notebook_run("mine")

    async def follow() -> None:
        control = Control()
        app.open_tab(control, opening("tab-1"))
        control.hear(type="notebook", path=path)
        view = app.tabs["tab-1"].list
        await until(lambda: [row["name"] for row in view.window["rows"]] == ["mine"])
        close(app)

    asyncio.run(follow())


def test_a_click_on_a_revision_reaches_the_tab(
    app: App,
    notebook_run: Callable[..., Run],
    path: str,
    until: Until,
    say: Callable[..., None],
) -> None:
    run = notebook_run("mine", tags={"nbruns.revision": "rev-1"})

    async def click() -> None:
        control = Control()
        app.open_tab(control, opening("tab-1", path))
        view = app.tabs["tab-1"].list
        await until(lambda: view.window["rows"])
        say(view, type="act", name="open", run_id=run.run_id)
        assert control.sent[-1] == {
            "type": "command",
            "id": "nbruns:open-revision",
            "args": {"revisionId": "rev-1", "title": "mine"},
        }
        close(app)

    asyncio.run(click())


def test_what_is_chosen_is_told_and_brought_back_by_a_new_kernel(
    app: App,
    notebook_run: Callable[..., Run],
    path: str,
    until: Until,
    say: Callable[..., None],
) -> None:
    run = notebook_run("mine")

    async def choose() -> None:
        control = Control()
        app.open_tab(control, opening("tab-1", path))
        view = app.tabs["tab-1"].list
        await until(lambda: view.window["rows"])
        say(view, type="only", run_id=run.run_id)
        await until(lambda: control.sent[-1]["type"] == "state")
        told = control.sent[-1]
        assert told["state"]["ticked"] == [run.run_id]
        assert told["title"]
        close(app)

        another = App()
        another.open_tab(Control(), opening("tab-1", path, state=told["state"]))
        panel = another.tabs["tab-1"]
        await until(lambda: panel.card.card.get("name") == "mine")
        assert panel.selection.ticked == (run.run_id,)
        close(another)

    asyncio.run(choose())


def test_a_tab_that_is_closed_gives_its_panel_up(app: App) -> None:
    async def open_and_close() -> None:
        control = Control()
        app.open_tab(control, opening("tab-1:a"))
        control.hear(type="close")
        assert list(app.tabs) == []

    asyncio.run(open_and_close())


def test_a_tab_that_cannot_be_served_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBRUNS_SERVER_URL", raising=False)
    control = Control()
    with pytest.raises(Exception, match="NBRUNS_SERVER_URL"):
        App().open_tab(control, opening("tab-1"))

    assert control.sent[0]["type"] == "error"
