"""The box for scoring files, over a server with users and rules."""

from __future__ import annotations

import asyncio

from jupyter_process import LiveServer
from registry_team import make_model, seat_of
from team import ENGINEER, SCIENTIST

from nbruns.panel.models.score_box import ScoreBox


def test_who_may_begin_none_is_told_why(guarded: LiveServer) -> None:  # F101 F104
    name = make_model(guarded, "prod.scored")

    async def look() -> None:
        async with seat_of(ScoreBox, SCIENTIST, guarded, f"models/{name}/2") as seat:
            assert seat.part.about["refusal"] == ""
            assert seat.part.about["uri"] == f"models:/{name}/2"
            assert seat.part.about["jobs"] == []
        async with seat_of(ScoreBox, ENGINEER, guarded, f"models/{name}/2") as seat:
            assert f"experiment 'scoring of {name}'" in seat.part.about["refusal"]

    asyncio.run(look())


def test_what_the_server_refuses_stands_in_the_form(guarded: LiveServer) -> None:
    name = make_model(guarded, "prod.far")
    (guarded.work / "rows.csv").write_text("age\n1\n")

    async def ask() -> None:
        async with seat_of(ScoreBox, SCIENTIST, guarded, f"models/{name}/1") as seat:
            files = await seat.does(type="edit", edit=1, what="files", path="ro")
            assert [one["path"] for one in files["found"]] == ["rows.csv"]
            for what in ("look", "start"):
                said = await seat.does(type="edit", edit=2, what=what, path="rows.csv")
                assert said["outcome"] == "refused"
                assert "outside this store" in said["text"]
            said = await seat.does(type="edit", edit=3, what="cancel", job_id="f" * 32)
            assert "is interrupted there" in said["text"]

    asyncio.run(ask())
