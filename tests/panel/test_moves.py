"""Moving versions in the Models view, over a server with users and rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jupyter_process import LiveServer
from registry_team import OURS, V2, Seat, make_model, ok, request, seat_of
from team import ENGINEER, MANAGER, SCIENTIST, token

from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.holdings import read_move
from nbruns.panel.models.moves import Moves
from nbruns.panel.models.place import Place
from nbruns.panel.models.registry_view import RegistryView
from nbruns.panel.selection import Selection


@pytest.fixture(scope="module")
def wrong_model(guarded: LiveServer) -> str:
    return make_model(guarded, "sandbox.wrong")


def row(seat: Seat[Moves], target: str) -> dict[str, Any]:
    rows = [*seat.part.about["aliases"], *seat.part.about["stages"]]
    return next(one for one in rows if one["target"] == target)


def last_told(server: LiveServer, name: str) -> tuple[Any, ...]:
    path = f"{OURS}activity/search?model={name}&max_results=1"
    (told,) = ok(server, MANAGER, "GET", path)["activities"]
    return tuple(told[key] for key in ("user", "action", "target", "before", "after", "comment"))


def test_who_may_moves_and_says_why(guarded: LiveServer) -> None:  # F81 F82 F83 F87
    name = make_model(guarded, "prod.moved")

    async def move() -> None:
        async with seat_of(Moves, SCIENTIST, guarded, f"models/{name}/2") as seat:
            assert seat.part.about["stage"] == "None"
            assert not seat.part.about["uses_stages"]
            said = await seat.does(
                type="edit", edit=1, what="move", target="@live", comment=" two points "
            )
            assert (said["outcome"], said["edit"]) == ("saved", 1)
            assert row(seat, "@live")["versions"] == [2]
            assert last_told(guarded, name) == (
                SCIENTIST,
                "moved",
                "@live",
                None,
                "2",
                "two points",
            )
            await seat.does(type="edit", edit=2, what="move", target="@live", removes=True)
            assert last_told(guarded, name)[3:5] == ("2", None)
        async with seat_of(Moves, MANAGER, guarded, f"models/{name}") as seat:
            move = {"type": "edit", "what": "move", "target": "Production"}
            await seat.does(**move, version="v1")
            await seat.does(**move, version="3", archives=True, comment="newer")
            assert row(seat, "Production")["versions"] == [3]
            assert row(seat, "Archived")["versions"] == [1]
            assert seat.part.about["uses_stages"]
            assert [one["version"] for one in seat.part.about["versions"]] == [3, 2, 1]
            back = {**move, "target": "None", "version": "3"}
            await seat.does(**back)
            assert row(seat, "Production")["versions"] == []
            assert last_told(guarded, name)[2:5] == ("None", "Production", "None")

    asyncio.run(move())


def test_who_may_not_asks_in_the_same_place(guarded: LiveServer) -> None:  # F84 N7
    name = make_model(guarded, "prod.wished")

    async def ask() -> None:
        async with seat_of(Moves, SCIENTIST, guarded, f"models/{name}/1") as seat:
            champion = row(seat, "@champion")
            assert (champion["move"], champion["approvers"]) == (False, "engineers, managers")
            wish = {"type": "edit", "target": "@champion", "comment": "please"}
            said = await seat.does(**wish, what="move")
            assert (said["outcome"], said["field"]) == ("refused", "form")
            assert "nobody may" in said["text"]

            assert (await seat.does(**wish, what="ask"))["outcome"] == "saved"
            (asked,) = row(seat, "@champion")["asked"]
            assert (asked["by"], asked["mine"], asked["version"]) == (SCIENTIST, True, 1)
            said = await seat.does(**wish, what="ask")
            assert "already: the request is still open" in said["text"]
        async with seat_of(Moves, ENGINEER, guarded, f"models/{name}") as seat:
            assert not row(seat, "@champion")["asked"][0]["mine"]
        async with seat_of(Moves, ENGINEER, guarded, f"models/{name}/2") as seat:
            assert row(seat, "@champion")["asked"] == []

    asyncio.run(ask())


def test_out_of_a_stage_needs_a_right_too(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.leaving")
    stage = {"name": name, "version": "1", "stage": "Production"}
    ok(guarded, MANAGER, "POST", f"{V2}model-versions/transition-stage", stage)

    async def look() -> None:
        async with seat_of(Moves, ENGINEER, guarded, f"models/{name}/1") as seat:
            assert not row(seat, "Staging")["move"]
        async with seat_of(Moves, ENGINEER, guarded, f"models/{name}/2") as seat:
            assert row(seat, "Staging")["move"]

    asyncio.run(look())


@pytest.mark.parametrize(
    ("message", "field", "words"),
    [
        ({"target": "@v1"}, "target", "already means a version"),
        ({"target": "@a b"}, "target", "letters, digits"),
        ({"target": "@"}, "target", "Name the alias"),
        ({"target": ""}, "target", "Choose a stage"),
        ({"target": "Best"}, "target", "must be one of"),
        ({"target": "@live", "version": "newest"}, "version", "by its number"),
        ({"target": "@live", "version": "99"}, "version", "not found"),
    ],
)
def test_a_wrong_field_is_named(
    guarded: LiveServer, wrong_model: str, message: dict[str, Any], field: str, words: str
) -> None:
    name = wrong_model

    async def send() -> None:
        async with seat_of(Moves, SCIENTIST, guarded, f"models/{name}") as seat:
            sent = {"type": "edit", "what": "move", "version": "1"} | message
            said = await seat.does(**sent)
            assert (said["outcome"], said["field"]) == ("refused", field)
            assert words in said["text"]

    asyncio.run(send())


def test_an_alias_that_is_typed_is_asked_about(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.typed", 1)

    async def type_it() -> None:
        async with seat_of(Moves, ENGINEER, guarded, f"models/{name}/1") as seat:
            await seat.does(type="rights", alias="shadow")
            assert not row(seat, "@shadow")["move"]
        async with seat_of(Moves, SCIENTIST, guarded, f"models/{name}/1") as seat:
            await seat.does(type="rights", alias="@shadow")
            assert row(seat, "@shadow")["move"]

    asyncio.run(type_it())


def test_what_is_not_there_shows_nothing(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.gone", 1)

    async def look() -> None:
        async with seat_of(Moves, MANAGER, guarded, f"models/{name}/7") as seat:
            assert seat.part.about == {}
        async with seat_of(Moves, MANAGER, guarded, f"models/{name}/1") as seat:
            assert seat.part.about["name"] == name
            # What is sent from now on is of the other page.
            seat.part.selection.registry = "models/other"
            assert seat.part.about == {}

    asyncio.run(look())


def test_the_navigation_counts_what_waits_for_the_reader(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.counted", 1)
    before = ok(guarded, MANAGER, "GET", f"{OURS}requests/count")["to_decide"]
    request(guarded, SCIENTIST, name, 1, stage="Production")

    async def look() -> None:
        view = RegistryView(
            Selection(registry="models"),
            Connection(Address(f"{guarded.url}/", token(MANAGER))),
            browser=lambda: None,
            show_runs=lambda *_: None,
            on_retry=lambda: None,
        )
        await view.renew()
        assert view.nav.counts == {"requests": before + 1}
        view.close_all()

    asyncio.run(look())


def test_a_version_is_read_as_people_write_it() -> None:
    place = Place.of_model("m")
    written = ("3", " v3", "Version 3", 3)

    assert {read_move(place, {"version": one, "target": "@a"}).version for one in written} == {3}
    assert read_move(Place.of_version("m", 5), {"target": "@a"}).version == 5
    assert read_move(place, {"version": "three", "target": "@a"}).version == 0
