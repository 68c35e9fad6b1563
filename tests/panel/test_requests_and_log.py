"""Requests and the activity log in the Models view, over a server with users and rules."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from typing import Any

import pytest
from jupyter_process import LiveServer
from registry_team import OURS, V2, make_model, ok, request, seat_of
from team import ENGINEER, MANAGER, OUTSIDER, SCIENTIST

from nbruns.panel.models.activity_log import ActivityLog
from nbruns.panel.models.activity_words import csv_of, told
from nbruns.panel.models.request_list import RequestList
from nbruns.records import Activity


def test_requests_are_listed_and_decided(guarded: LiveServer) -> None:  # F85 N7
    name = make_model(guarded, "prod.asked")
    first = request(guarded, SCIENTIST, name, 1, stage="Production", comment="better")
    second = request(guarded, ENGINEER, name, 2, alias="champion")

    async def decide() -> None:
        async with seat_of(RequestList, ENGINEER, guarded, f"models/{name}") as seat:
            own, others = seat.part.rows
            assert (own["id"], own["mine"], own["may"]) == (second, True, ["cancel"])
            # Nobody decides their own here, and the row says so.
            assert own["deciders"] == "somebody else"
            assert "their own request" in own["refusal"]
            assert (others["may"], others["deciders"]) == ([], "managers")
            said = await seat.does(type="edit", edit=3, action="approve", id=second)
            assert (said["outcome"], said["edit"]) == ("refused", 3)
            assert "may not decide their own" in said["text"]
        async with seat_of(RequestList, MANAGER, guarded, "requests") as seat:
            await seat.does(type="edit", action="approve", id=second, comment="agreed")
            await seat.does(type="edit", action="reject", id=first, comment="not yet")
            assert not {first, second} & {one["id"] for one in seat.part.rows}
            await seat.does(type="filter", whose="all", state="all")
            done = {one["id"]: one for one in seat.part.rows}
            assert (done[first]["state"], done[first]["decision"]) == ("rejected", "not yet")
            assert (done[second]["state"], done[second]["decider"]) == ("approved", MANAGER)
            assert done[first]["may"] == []

    asyncio.run(decide())
    found = ok(guarded, ENGINEER, "GET", f"{V2}registered-models/alias?name={name}&alias=champion")
    assert found["model_version"]["version"] == "2"


def test_whose_and_which(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.whose")
    mine = request(guarded, SCIENTIST, name, 1, stage="Staging")
    theirs = request(guarded, ENGINEER, name, 2, stage="Production")

    async def look() -> None:
        async with seat_of(RequestList, SCIENTIST, guarded, "requests") as seat:
            await seat.does(type="filter", whose="mine", state="pending")
            ids = [one["id"] for one in seat.part.rows]
            assert mine in ids
            assert theirs not in ids
            await seat.does(type="edit", action="cancel", id=mine)
            assert mine not in [one["id"] for one in seat.part.rows]
            await seat.does(type="filter", whose="mine", state="cancelled")
            assert mine in [one["id"] for one in seat.part.rows]
            await seat.does(type="filter", whose="to-decide", state="cancelled")
            assert (seat.part.about["state"], seat.part.rows) == ("pending", [])
        async with seat_of(RequestList, MANAGER, guarded, f"models/{name}/2") as seat:
            assert [one["id"] for one in seat.part.rows] == [theirs]
            assert not seat.part.about["has_past"]
            assert seat.part.about["waiting"] >= 1
            await seat.does(type="go", name=name, version=2)
            assert seat.went == [f"models/{name}/2"]
        async with seat_of(RequestList, MANAGER, guarded, f"models/{name}/1") as seat:
            assert (seat.part.rows, seat.part.about["has_past"]) == ([], True)
        async with seat_of(RequestList, MANAGER, guarded, f"models/{name}/3") as seat:
            assert (seat.part.rows, seat.part.about["has_past"]) == ([], False)
        async with seat_of(RequestList, OUTSIDER, guarded, "requests") as seat:
            assert seat.part.rows == []

    asyncio.run(look())


def test_a_long_list_comes_in_parts(guarded: LiveServer) -> None:
    name = make_model(guarded, "sandbox.long", 1)
    for number in range(60):
        request(guarded, SCIENTIST, name, 1, alias=f"a{number}")

    async def look() -> None:
        async with seat_of(RequestList, SCIENTIST, guarded, f"models/{name}") as seat:
            assert (len(seat.part.rows), seat.part.about["more"]) == (50, True)
            await seat.does(type="more")
            assert (len(seat.part.rows), seat.part.about["more"]) == (60, False)

    asyncio.run(look())


def test_the_log_tells_all_and_is_filtered(guarded: LiveServer) -> None:  # F87
    name = make_model(guarded, "prod.logged")
    asked = request(guarded, ENGINEER, name, 2, alias="champion", comment="two points")
    decision = {"request_id": asked, "comment": "agreed"}
    ok(guarded, MANAGER, "POST", f"{OURS}requests/approve", decision)

    async def look() -> None:
        async with seat_of(ActivityLog, SCIENTIST, guarded, f"models/{name}/2") as seat:
            said = [(one["user"], one["words"], one["for"]) for one in seat.part.rows]
            assert said == [
                (MANAGER, "set @champion", f"asked for by {ENGINEER}"),
                (MANAGER, "approved erin's request for @champion", ""),
                (ENGINEER, "asked to set @champion", ""),
                (SCIENTIST, "registered version 2", ""),
            ]
            moved = seat.part.rows[0]
            assert (moved["before"], moved["after"]) == ("no version", "version 2")
            assert (moved["comment"], "target @champion" in moved["why"]) == ("agreed", True)
            await seat.does(type="filter", user=ENGINEER)
            assert len(seat.part.rows) == 1
            await seat.does(type="filter", action="registered")
            assert [one["version"] for one in seat.part.rows] == [2]
            await seat.does(type="filter", until_ms=1_000)
            assert seat.part.rows == []
        async with seat_of(ActivityLog, OUTSIDER, guarded, "activity") as seat:
            assert seat.part.rows == []

    asyncio.run(look())


def test_a_model_that_is_gone_is_told_of(guarded: LiveServer) -> None:  # F93
    name = make_model(guarded, "prod.deleted", 2)
    ok(guarded, MANAGER, "DELETE", f"{V2}registered-models/delete", {"name": name})

    async def look() -> None:
        async with seat_of(ActivityLog, SCIENTIST, guarded, "activity") as seat:
            await seat.does(type="filter", model=name)
            words = [one["words"] for one in seat.part.rows]
            assert words[0] == "deleted the model"
            assert words[-1] == "created the model"
            assert len(words) == 4
            await seat.does(type="go", name=name, version=0)
            assert seat.went == [f"models/{name}"]

    asyncio.run(look())


def test_who_held_it_on_a_day(guarded: LiveServer) -> None:  # N7
    name = make_model(guarded, "sandbox.held", 2)
    for version in ("1", "2"):
        alias = {"name": name, "alias": "live", "version": version}
        ok(guarded, SCIENTIST, "POST", f"{V2}registered-models/alias", alias)
    now = int(time.time() * 1_000)
    day = {"begins_ms": now - 3_600_000, "ends_ms": now + 3_600_000}

    async def look() -> None:
        async with seat_of(ActivityLog, SCIENTIST, guarded, f"models/{name}") as seat:
            assert seat.part.about["targets"] == ["@live"]
            said = await seat.does(type="holder", target="@live", **day)
            assert (said["before"], said["after"]) == ([], [2])
            said = await seat.does(type="holder", target="@v2", **day)
            assert "looks like a version" in said["trouble"]
        async with seat_of(ActivityLog, SCIENTIST, guarded, "activity") as seat:
            await seat.does(type="filter", model="sandbox.never")
            said = await seat.does(type="holder", target="@live", **day)
            assert "sandbox.never" in said["trouble"]

    asyncio.run(look())


def test_the_log_as_a_table(guarded: LiveServer) -> None:
    name = make_model(guarded, "sandbox.saved", 60)
    alias = {"name": name, "alias": "live", "version": "1", "comment": '=1+1, "so"'}
    ok(guarded, SCIENTIST, "POST", f"{V2}registered-models/alias", alias)

    async def save() -> dict[str, Any]:
        async with seat_of(ActivityLog, SCIENTIST, guarded, f"models/{name}") as seat:
            assert (len(seat.part.rows), seat.part.about["more"]) == (50, True)
            return await seat.does(type="csv")

    saved = asyncio.run(save())
    rows = list(csv.DictReader(io.StringIO(saved["text"])))
    assert saved["name"] == name
    assert len(rows) == 62
    assert (rows[0]["user"], rows[0]["target"], rows[0]["to"]) == (SCIENTIST, "@live", "1")
    # A spreadsheet would run it as a formula.
    assert rows[0]["comment"] == '\'=1+1, "so"'


def deed(action: str, **said: Any) -> Activity:
    fields = {"version": 3, "requester": None} | said
    return Activity(1, 1, "ada", action, "model", "m", **fields)


@pytest.mark.parametrize(
    ("one", "words", "way"),
    [
        (deed("created", version=None), "created the model", ("", "")),
        (deed("registered", after="r9"), "registered version 3", ("", "")),
        (deed("described"), "described version 3", ("", "")),
        (deed("tagged", after="a=1"), "tagged version 3", ("", "a=1")),
        (deed("tagged", before="a=1", version=None), "untagged the model", ("a=1", "")),
        (deed("renamed", version=None, before="a", after="b"), "renamed the model", ("a", "b")),
        (deed("deleted", before="None"), "deleted version 3", ("", "")),
        (deed("deleted", before="Staging"), "deleted version 3", ("Staging", "")),
        (
            deed("moved", target="Staging", before="None", after="Staging"),
            "moved version 3",
            ("None", "Staging"),
        ),
        (
            deed("moved", target="@c", before="2", after="3"),
            "moved @c",
            ("version 2", "version 3"),
        ),
        (deed("moved", target="@c", before="3"), "removed @c", ("version 3", "no version")),
        (
            deed("requested", target="@c", before="3"),
            "asked to remove @c",
            ("version 3", "no version"),
        ),
        (
            deed("requested", target="Staging", before="None", after="Staging"),
            "asked to move version 3",
            ("None", "Staging"),
        ),
        (
            deed("cancelled", requester="ada", target="@c", after="3"),
            "took back their own request for @c",
            ("no version", "version 3"),
        ),
        (
            deed("overtaken", requester="erin", target="@c"),
            "overtook erin's request for @c",
            ("", ""),
        ),
        (deed("served"), "served version 3", ("", "")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_deeds_in_words(one: Activity, words: str, way: tuple[str, str]) -> None:
    line = told(one)

    assert (line["words"], (line["before"], line["after"])) == (words, way)


def test_nobodys_text_is_a_formula() -> None:
    written = csv_of([deed("described", comment=text) for text in ("=1", "+1", "-1", "@x()", "ok")])

    assert [row["comment"] for row in csv.DictReader(io.StringIO(written))] == [
        *("'=1", "'+1", "'-1", "'@x()"),
        "ok",
    ]
