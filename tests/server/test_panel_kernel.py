"""The panel's kernel: one, hidden, shielded from the user's start-up, back when it is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_process import LiveServer, connected
from team import ENGINEER, MANAGER, SCIENTIST, TEAM, ask_as

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

START = "api/1.0/panel/start"


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> LiveServer:
    """A server under a base URL, whose user has start-up code and a stray `plotly.py`."""
    server = new_server(base_url="/lab/ada/")
    startup = server.folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-mine.py").write_text("mine = 'the user was here'\n")
    (server.work / "plotly.py").write_text("raise ImportError('not the real one')\n")
    return server


def start(server: LiveServer) -> str:
    status, reply = server.ask("POST", START, {})
    assert status == 200, reply
    return str(reply["kernel_id"])


@contextlib.contextmanager
def client_of(server: LiveServer, kernel_id: str) -> Iterator[BlockingKernelClient]:
    file = server.folder / "runtime" / f"kernel-{kernel_id}.json"
    client = connected(file)
    try:
        yield client
    finally:
        client.stop_channels()


def look(server: LiveServer, kernel_id: str, expression: str) -> Any:
    """The value of an expression in the panel's kernel."""
    with client_of(server, kernel_id) as client:
        answer = client.execute_interactive("", user_expressions={"it": expression}, timeout=30)
    it = answer["content"]["user_expressions"]["it"]
    assert it["status"] == "ok", it
    return eval(it["data"]["text/plain"], {})


def wait_for(happens: Callable[[], bool], patience_s: float = 30) -> None:
    until = time.monotonic() + patience_s
    while not happens():
        assert time.monotonic() < until, "It did not happen in time"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_asking_twice_starts_one_kernel(server: LiveServer) -> None:
    first = start(server)

    assert start(server) == first


def test_its_kernelspec_is_listed_nowhere(server: LiveServer) -> None:
    start(server)

    specs = server.request("GET", "/api/kernelspecs").json()["kernelspecs"]

    assert "nbruns-panel" not in specs


def test_it_has_a_name_among_the_sessions(server: LiveServer) -> None:
    kernel_id = start(server)

    sessions = server.request("GET", "/api/sessions").json()

    assert [(s["name"], s["kernel"]["id"]) for s in sessions] == [("Runs panel", kernel_id)]


def test_the_users_startup_code_stays_out(server: LiveServer) -> None:
    kernel_id = start(server)

    assert look(server, kernel_id, "'mine' in globals()") is False


def test_the_magics_and_the_import_hook_stay_out(server: LiveServer) -> None:
    kernel_id = start(server)

    assert look(server, kernel_id, "'nbruns.magics' in __import__('sys').modules") is False
    assert look(server, kernel_id, "__import__('os').environ['NBRUNS_AUTOLOG']") == "off"


def test_modules_in_the_notebooks_folder_shadow_nothing(server: LiveServer) -> None:
    kernel_id = start(server)

    found = look(server, kernel_id, "__import__('importlib.util').util.find_spec('plotly').origin")

    assert "site-packages" in found


def test_it_is_told_the_way_back_and_a_secret_that_opens(server: LiveServer) -> None:
    kernel_id = start(server)
    names = "('NBRUNS_SERVER_URL', 'NBRUNS_PANEL_TOKEN')"

    url, secret = look(server, kernel_id, f"[__import__('os').environ[n] for n in {names}]")

    assert url == f"{server.url}/"
    assert (
        server.request("GET", "health", headers={"Authorization": f"token {secret}"}).status == 200
    )


def test_it_listens_for_the_panel(server: LiveServer) -> None:
    kernel_id = start(server)

    targets = look(server, kernel_id, "list(get_ipython().kernel.comm_manager.targets)")

    assert "nbruns.panel" in targets


def test_killed_it_comes_back_under_its_id(server: LiveServer) -> None:
    kernel_id = start(server)
    pid = look(server, kernel_id, "__import__('os').getpid()")

    os.kill(pid, signal.SIGKILL)

    wait_for(lambda: "restarting kernel" in server.log)
    assert start(server) == kernel_id
    assert look(server, kernel_id, "__import__('os').getpid()") != pid


def test_shut_down_it_is_started_anew(server: LiveServer) -> None:
    kernel_id = start(server)

    server.request("DELETE", f"/api/kernels/{kernel_id}")

    assert start(server) != kernel_id
    assert len(server.request("GET", "/api/kernels").json()) == 1


def test_it_ends_with_its_server(new_server: Callable[..., LiveServer]) -> None:
    server = new_server()
    pid = look(server, start(server), "__import__('os').getpid()")

    server.stop()

    wait_for(lambda: not is_running(pid))


def test_those_of_users_who_left_end_when_another_comes(
    new_server: Callable[..., LiveServer],
) -> None:
    hurry = "from nbruns.server import panel_kernel\npanel_kernel._FORSAKEN_AFTER_S = 0.0\n"
    server = new_server(config=TEAM + hurry)

    def start_as(user: str) -> str:
        status, reply = ask_as(server, user, "POST", START)
        assert status == 200, reply
        return str(reply["kernel_id"])

    def running() -> set[str]:
        return {one["id"] for one in ask_as(server, MANAGER, "GET", "/api/kernels")[1]}

    left = start_as(SCIENTIST)
    assert start_as(SCIENTIST) == left
    coming = start_as(ENGINEER)

    assert running() == {coming}
    assert start_as(SCIENTIST) not in (left, coming)


def test_one_that_gets_no_session_is_shut_down(
    new_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    sessions = tmp_path / "sessions.db"
    server = new_server(options=(f"--SessionManager.database_filepath={sessions}",))
    assert server.request("GET", "/api/sessions").json() == []
    with contextlib.closing(sqlite3.connect(sessions)) as conn:
        conn.execute("drop table session")

    status, reply = server.ask("POST", START, {})

    assert (status, reply["error_code"]) == (500, "INTERNAL_ERROR")
    assert server.request("GET", "/api/kernels").json() == []
