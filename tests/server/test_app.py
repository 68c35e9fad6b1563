"""What the extension changes in the server it joins, and takes back when it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nbruns.server.app import server_url
from nbruns.store import Store

INHERITED = ("NBRUNS_HOME", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in INHERITED:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_kernels_inherit_the_home_and_nothing_of_mlflow(
    clean_environment: pytest.MonkeyPatch, jp_serverapp: Any, tmp_path: Path
) -> None:
    # A kernel of an environment without nbruns could not use the address.
    assert {name: os.environ.get(name) for name in INHERITED} == {
        "NBRUNS_HOME": str(tmp_path / "a home"),
        "MLFLOW_TRACKING_URI": None,
        "MLFLOW_REGISTRY_URI": None,
    }


@pytest.mark.parametrize("before", [None, "/somewhere/else"])
async def test_the_environment_is_taken_back(
    monkeypatch: pytest.MonkeyPatch, before: str | None, request: pytest.FixtureRequest
) -> None:
    monkeypatch.delenv("NBRUNS_HOME", raising=False)
    if before is not None:
        monkeypatch.setenv("NBRUNS_HOME", before)
    server = request.getfixturevalue("jp_serverapp")

    await server.extension_manager.stop_all_extensions()

    assert os.environ.get("NBRUNS_HOME") == before


async def test_the_home_is_a_setting(jp_fetch: Any, tmp_path: Path) -> None:
    body = json.dumps({"name": "here"})
    await jp_fetch("nbruns/api/2.0/mlflow/experiments/create", method="POST", body=body)

    assert (tmp_path / "a home" / "nbruns.db").exists()


async def test_kernels_and_notebooks_are_followed(jp_serverapp: Any) -> None:
    app = jp_serverapp.extension_manager.extension_points["nbruns"].app

    await app._start_jupyter_server_extension(jp_serverapp)
    for _ in range(200):
        if app._is_following:
            break
        await asyncio.sleep(0.02)

    assert app._is_following


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://127.0.0.1:8888/base/nbruns/"),
        ({"ip": "0.0.0.0"}, "http://127.0.0.1:8888/base/nbruns/"),
        ({"ip": "192.168.1.5"}, "http://192.168.1.5:8888/base/nbruns/"),
        ({"ip": "::1"}, "http://[::1]:8888/base/nbruns/"),
        ({"certfile": "x.pem"}, "https://127.0.0.1:8888/base/nbruns/"),
        ({"sock": "/tmp/a b"}, "http+unix://%2Ftmp%2Fa%20b/base/nbruns/"),
    ],
)
def test_the_address_for_processes_of_this_machine(settings: dict[str, str], url: str) -> None:
    known = {"ip": "127.0.0.1", "port": 8888, "base_url": "/base/", "certfile": "", "sock": ""}

    assert server_url(SimpleNamespace(**known | settings)) == url  # type: ignore[arg-type]


def foreign_file(home: Path) -> None:
    home.mkdir()
    (home / "nbruns.db").write_bytes(b"this is not a database, it is a diary" * 100)


def newer_version(home: Path) -> None:
    home.mkdir()
    Store.open(home).close()
    with contextlib.closing(sqlite3.connect(home / "nbruns.db")) as conn:
        conn.execute("pragma user_version = 999")


def file_in_place_of_the_folder(home: Path) -> None:
    home.write_text("a file")


@pytest.mark.parametrize("spoil", [foreign_file, newer_version, file_in_place_of_the_folder])
def test_an_unusable_store_is_said_and_stops_nothing_else(
    new_server: Callable[..., Any], spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    home = tmp_path / "spoilt"
    spoil(home)
    server = new_server(options=(f"--NbrunsApp.home={home}",))

    answers = [server.ask("GET", "api/2.0/mlflow/experiments/get?experiment_id=0") for _ in "ab"]

    for status, reply in answers:
        assert (status, reply["error_code"]) == (500, "INTERNAL_ERROR")
        assert str(home) in reply["message"]
    assert server.request("GET", "/api/status").status == 200
    assert server.log.count("nbruns keeps nothing for now") == 1
    assert "Traceback" not in server.log

    home.rename(tmp_path / "put aside")
    assert server.ask("GET", "api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200


def test_the_log_of_a_quiet_server_has_no_warnings(new_server: Callable[..., Any]) -> None:
    server = new_server()
    server.ask("GET", "api/2.0/mlflow/experiments/get?experiment_id=0")
    server.stop()

    # Jupyter itself says critically that it was asked to stop.
    lines = [line for line in server.log.splitlines() if line.startswith(("[W", "[E"))]
    assert lines == []
    assert "Traceback" not in server.log
