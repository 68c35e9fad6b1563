"""Serving in the Models view, over a server with users and rules; processes are others' to test."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from jupyter_process import LiveServer
from registry_team import OURS, V2, Seat, make_model, ok, seat_of
from team import ENGINEER, SCIENTIST, make_useless_version

from nbruns.panel.models.serve_box import ServeBox, laid_out


@pytest.fixture(scope="module")
def useless(guarded: LiveServer) -> str:
    """A model whose only version cannot be loaded, and holds an alias and a stage."""
    name = "sandbox.useless"
    make_useless_version(guarded, name)
    alias = {"name": name, "alias": "live", "version": "1"}
    ok(guarded, SCIENTIST, "POST", f"{V2}registered-models/alias", alias)
    stage = {"name": name, "version": "1", "stage": "Staging"}
    ok(guarded, SCIENTIST, "POST", f"{V2}model-versions/transition-stage", stage)
    return name


def offered(seat: Seat[ServeBox]) -> list[tuple[str, int, bool]]:
    return [(one["title"], one["version"], one["follows"]) for one in seat.part.about["choices"]]


def shown(seat: Seat[ServeBox]) -> list[tuple[str, str]]:
    return [(one["title"], one["state"]) for one in seat.part.about["served"]]


async def until_failing(seat: Seat[ServeBox]) -> dict[str, Any]:
    while not (rows := seat.part.about["served"]) or rows[0]["state"] != "failing":
        await asyncio.sleep(0.1)
        await seat.does(type="tick")
    return dict(rows[0])


def test_what_stands_somewhere_is_offered_first(guarded: LiveServer, useless: str) -> None:
    async def look() -> None:
        async with seat_of(ServeBox, SCIENTIST, guarded, f"models/{useless}/1") as seat:
            assert offered(seat) == [
                ("@live", 1, True),
                ("Staging", 1, True),
                ("version 1", 1, False),
            ]
        async with seat_of(ServeBox, SCIENTIST, guarded, f"models/{useless}") as seat:
            assert offered(seat) == [("@live", 1, True), ("Staging", 1, True)]
        plain = make_model(guarded, "sandbox.plain", versions=2)
        async with seat_of(ServeBox, SCIENTIST, guarded, f"models/{plain}") as seat:
            assert offered(seat) == [("version 2", 2, False)]
        async with seat_of(ServeBox, SCIENTIST, guarded, f"models/{useless}/9") as seat:
            assert seat.part.about == {}

    asyncio.run(look())


def test_who_may_only_read_is_offered_nothing(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.looked_at", versions=1)

    async def look() -> None:
        async with seat_of(ServeBox, ENGINEER, guarded, f"models/{name}/1") as seat:
            assert (offered(seat), seat.part.about["may"]) == ([], False)
            target = {"name": name, "version": "1"}
            await seat.does(type="serve", target=target)
            assert "may not change" in seat.part.trouble

    asyncio.run(look())


def test_files_that_lie_elsewhere_are_refused_in_place(guarded: LiveServer) -> None:
    name = make_model(guarded, "sandbox.elsewhere", versions=1)

    async def serve() -> None:
        async with seat_of(ServeBox, SCIENTIST, guarded, f"models/{name}/1") as seat:
            await seat.does(type="serve", target={"name": name, "version": "1"})
            assert "own artifacts only" in seat.part.trouble
            assert shown(seat) == []

    asyncio.run(serve())


def test_it_is_started_watched_stopped_and_removed(
    guarded: LiveServer, useless: str
) -> None:  # F98
    served_id = f"{useless}@live"

    async def serve() -> None:
        async with seat_of(ServeBox, SCIENTIST, guarded, f"models/{useless}/1") as seat:
            target = {"name": useless, "alias": "live"}
            said = await seat.does(type="serve", target=target, environment="here")
            assert said == {"type": "started", "id": served_id}
            assert [title for title, _, _ in offered(seat)] == ["Staging", "version 1"]
            failing = await until_failing(seat)
            assert "no_such_module" in failing["last_error"]["message"]
            assert failing["path"] == f"/nbruns/serving/{served_id}"

            detail = await seat.does(type="detail", id=served_id)
            assert (detail["example"], detail["is_made_up"]) == ('{"inputs": []}', True)
            tried = await seat.does(type="try", id=served_id, text="{}")
            assert tried["status"] == 503
            assert tried["text"].startswith(f"'{served_id}' is failing: ")
            assert "no_such_module" in (await seat.does(type="logs", id=served_id))["log"]

        async with seat_of(ServeBox, SCIENTIST, guarded, "endpoints") as seat:
            assert shown(seat) == [(served_id, "failing")]
            await seat.does(type="go", name=useless, version="1")
            assert seat.went == [f"models/{useless}/1"]
            await seat.does(type="stop", id=served_id)
            assert shown(seat) == [(served_id, "stopped")]
            await seat.does(type="remove", id=served_id)
            assert shown(seat) == []
            await seat.does(type="restart", id=served_id)
            assert "Nothing is served as" in seat.part.trouble
        assert ok(guarded, SCIENTIST, "GET", f"{OURS}serving/list") == {"served": []}

    asyncio.run(serve())


def test_json_is_broken_only_where_it_is_long() -> None:
    short, long = {"a": [1.0, None]}, {"rows": [["x" * 30, number] for number in range(3)]}

    assert laid_out(short) == '{"a": [1.0, null]}'
    assert len(laid_out(long).splitlines()) == 7
    assert json.loads(laid_out(long)) == long
