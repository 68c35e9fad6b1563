"""The Models view's frame: in place of the runs, with the parts of the page in front."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from nbruns.errors import InvalidValue
from nbruns.panel.browser import Browser
from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.part import Part
from nbruns.panel.models.registry_view import RegistryView
from nbruns.panel.run_panel import RunPanel
from nbruns.panel.selection import Selection
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]


class Clerk(Part):
    """A part that writes down where it was renewed."""

    _esm = "export default { render() {} };"
    shown_on = ("model", "requests")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.renewed: list[str] = []

    async def renew(self) -> None:
        self.renewed.append(self.place.text)
        if self.place.name == "refused":
            raise InvalidValue("'refused' is no model")


def view_at(place: str, address: Address) -> RegistryView:
    return RegistryView(
        Selection(registry=place),
        Connection(address),
        browser=lambda: None,
        show_runs=lambda *_: None,
        on_retry=lambda: None,
        parts=(Clerk,),
    )


def clerk_of(view: RegistryView) -> Clerk:
    (clerk,) = view.parts
    assert isinstance(clerk, Clerk)
    return clerk


def is_away(part: Part) -> bool:
    return bool(part.layout.display == "none")


def test_a_part_is_renewed_on_its_pages_only(address: Address, until: Until) -> None:
    async def look() -> None:
        view = view_at("models", address)
        clerk = clerk_of(view)
        view.changed()
        await view.pulse.settled()
        assert is_away(clerk)
        assert not clerk.renewed

        view.go("models/churn")
        await view.pulse.settled()
        assert clerk.renewed == ["models/churn"]
        assert not is_away(clerk)
        view.selection.registry = None
        view.changed()
        await view.pulse.settled()
        assert clerk.renewed == ["models/churn"]

    asyncio.run(look())


def test_nobody_looking_means_nothing_is_fetched(address: Address, say: Say) -> None:
    async def look() -> None:
        view = view_at("requests", address)
        say(view.nav, type="seen", view="a", seen=False)
        view.changed()
        await view.pulse.settled()
        assert not clerk_of(view).renewed
        say(view.nav, type="seen", view="a", seen=True)
        await view.pulse.settled()
        assert clerk_of(view).renewed == ["requests"]

    asyncio.run(look())


def test_what_fails_is_said_until_the_reader_goes_on(address: Address) -> None:
    async def look() -> None:
        view = view_at("models/refused", address)
        view.changed()
        await view.pulse.settled()
        assert view.nav.trouble == "'refused' is no model"
        view.go("models/churn")
        assert view.nav.trouble == ""

    asyncio.run(look())


def test_the_navigation_names_pages_with_parts_and_the_way_to_here(
    address: Address, say: Say
) -> None:
    async def look() -> None:
        view = view_at("models/a.b.c/3", address)
        about = view.nav.about
        assert [page["to"] for page in about["pages"]] == ["models", "requests"]
        assert about["page"] == "models"
        assert [step["to"] for step in about["steps"]] == [
            "models",
            "models/a.b.c",
            "models/a.b.c/3",
        ]
        say(view.nav, type="go", to="requests")
        assert view.selection.registry == "requests"
        say(view.nav, type="leave")
        assert view.selection.registry is None

    asyncio.run(look())


def test_the_view_stands_in_place_of_the_runs_and_gives_it_back(
    address: Address, kernel_store: Store, path: str, until: Until, say: Say
) -> None:
    told: list[dict[str, Any]] = []

    async def look() -> None:
        panel = RunPanel(path, connection=Connection(address))
        panel.meet(Browser(told.append))
        await until(lambda: panel.list.note)
        say(panel.header, type="menu", name="models")
        view = panel.entrance.view
        assert view is not None
        assert view in panel.children
        assert "nbruns-inRegistry" in panel._dom_classes
        await until(lambda: told and told[-1].get("state", {}).get("registry") == "models")
        say(view.nav, type="leave")
        assert "nbruns-inRegistry" not in panel._dom_classes
        await until(lambda: "registry" not in told[-1]["state"])

        view.go("models/churn/2")
        say(view.nav, type="leave")
        say(panel.header, type="menu", name="models")
        assert panel.selection.registry == "models/churn/2"
        panel.close_all()
        await asyncio.sleep(0)

    asyncio.run(look())


def test_a_link_opens_the_panel_at_its_place(address: Address, path: str) -> None:
    async def look() -> None:
        state = {"registry": "models/churn/2"}
        panel = RunPanel(path, connection=Connection(address), state=state)
        assert panel.entrance.view is not None
        assert panel.entrance.view.nav.about["steps"][-1]["title"] == "version 2"
        panel.close_all()
        await asyncio.sleep(0)

    asyncio.run(look())


def test_the_view_is_loaded_when_it_is_entered() -> None:
    code = "import sys, nbruns.panel.app; print('nbruns.panel.models.registry_view' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "False"
