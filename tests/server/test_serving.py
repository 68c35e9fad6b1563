"""Models served by a real server: started, asked, moved, killed and stopped."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_process import LiveServer
from mlflow.tracking import MlflowClient
from served_numbers import BODY, invoke, log_version, served, wait_for

START, OURS = "api/1.0/serving/start", "api/1.0/serving/"


@pytest.fixture(scope="module")
def server(live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    """A server with the model `numbers`: times 2, times 3, one that fails, one that is unfit."""
    patched = pytest.MonkeyPatch()
    patched.setenv("MLFLOW_TRACKING_URI", live_server.url)
    patched.setenv("MLFLOW_TRACKING_TOKEN", live_server.token)
    folder = tmp_path_factory.mktemp("source")
    for factor, requirements in (
        ("2", ["mlflow"]),
        ("3", ["mlflow"]),
        ("(1 / 0 if os.environ.get('NBRUNS_HOME') else 4)", ["mlflow"]),
        ("5", ["mlflow", "no-such-package-of-ours==1.5", "pandas>=99"]),
    ):
        # What fails here in the server's processes must not fail while it is logged.
        patched.delenv("NBRUNS_HOME", raising=False)
        log_version(folder, "numbers", factor, requirements)
    yield live_server
    patched.undo()


@pytest.fixture
def client(server: LiveServer) -> MlflowClient:
    return MlflowClient(server.url)


def predictions(server: LiveServer, served_id: str) -> Any:
    answer = invoke(server, served_id, BODY)
    assert answer.status == 200, answer.body
    return answer.json()["predictions"]


class TestOne:
    """A version that is served, and what can be asked of it."""

    @pytest.fixture(scope="class")
    def served_id(self, server: LiveServer) -> Iterator[str]:
        with served(server, name="numbers", version=1) as served_id:
            yield served_id

    def test_it_predicts(self, server: LiveServer, served_id: str) -> None:  # F97
        answer = invoke(server, served_id, BODY)

        assert served_id == "numbers/1"
        assert answer.json() == {"predictions": [2.0, 4.0]}
        assert answer.headers["Content-Type"] == "application/json"
        assert server.request("GET", f"serving/{served_id}/ping").status == 200
        assert server.request("GET", f"serving/{served_id}/version").body.count(b".") == 2

    def test_it_is_listed_with_its_figures(self, server: LiveServer, served_id: str) -> None:
        before = wait_for(server, served_id)["requests"]
        predictions(server, served_id)

        listed = wait_for(server, served_id)
        assert listed["requests"] == before + 1
        assert 0 < listed["p50_ms"] <= listed["p99_ms"]
        assert listed["path"] == "/nbruns/serving/numbers/1"
        assert "port" not in json.dumps(listed)
        assert server.ask("GET", f"{OURS}list?name=others")[1]["served"] == []

    def test_it_tells_its_inputs_and_an_example(self, server: LiveServer, served_id: str) -> None:
        _, known = server.ask("GET", f"{OURS}get?id={served_id}")

        assert [(c["name"], c["type"]) for c in known["columns"]] == [
            ("x", "double"),
            ("kind", "string"),
        ]
        assert json.loads(known["example"])["dataframe_split"]["data"] == [[1.0, "a"], [2.0, "b"]]
        assert invoke(server, served_id, json.loads(known["example"])).status == 200

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"dataframe_records": [{"x": 1.0}]}, "Missing column 'kind' (string)"),
            (
                {"inputs": {"x": ["old"], "kind": ["a"]}},
                "Column 'x' (row 1): expected double, got the text \"old\"",
            ),
            ({"rows": []}, "exactly one of the input fields"),
        ],
    )
    def test_a_wrong_input_is_a_400_that_names_the_column(
        self, server: LiveServer, served_id: str, body: object, said: str
    ) -> None:
        answer = invoke(server, served_id, body)

        assert answer.status == 400
        assert said in answer.json()["message"]
        assert answer.json().keys() == {"error_code", "message"}
        listed = wait_for(server, served_id)
        assert listed["state"] == "healthy"
        assert said in listed["last_error"]["message"]
        assert listed["last_error"]["status"] == 400

    def test_what_the_model_s_code_raises_is_said_and_logged(
        self, server: LiveServer, served_id: str
    ) -> None:
        answer = invoke(server, served_id, {"dataframe_records": [{"x": 1.0, "kind": None}] * 2})
        assert answer.status == 200  # It takes that for no kind at all.

        headers = {"Authorization": f"token {server.token}", "Content-Type": "text/csv"}
        path = f"serving/{served_id}/invocations"
        answer = server.request("POST", path, b"x,kind\nmany,a\n", headers)
        assert "Column 'x' (row 1)" in answer.json()["message"]
        _, told = server.ask("GET", f"{OURS}logs?id={served_id}&lines=60")
        assert "Traceback" in told["log"]

    def test_long_bodies_go_through_piece_by_piece(
        self, server: LiveServer, served_id: str
    ) -> None:
        rows = 200_000
        body = b"x,kind\n" + b"1.5,a\n" * rows
        headers = {"Authorization": f"token {server.token}", "Content-Type": "text/csv"}

        answer = server.request("POST", f"serving/{served_id}/invocations", body, headers)

        assert answer.status == 200
        assert len(answer.json()["predictions"]) == rows

    def test_bodies_of_unknown_length_too(self, server: LiveServer, served_id: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        headers = {"Authorization": f"token {server.token}", "Content-Type": "text/csv"}
        pieces = (b"x,kind\n", *[b"1.5,a\n" * 5_000] * 10)
        with contextlib.closing(connection):
            path = f"/nbruns/serving/{served_id}/invocations"
            connection.request("POST", path, iter(pieces), headers, encode_chunked=True)
            answer = connection.getresponse()
            assert len(json.loads(answer.read())["predictions"]) == 50_000
            assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize("is_chunked", [True, False])
    def test_a_body_where_none_belongs_is_no_second_request(
        self, server: LiveServer, served_id: str, is_chunked: bool
    ) -> None:
        hidden = b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        (length, body) = (f"Content-Length: {len(hidden)}", hidden)
        if is_chunked:
            length = "Transfer-Encoding: chunked"
            body = f"{len(hidden):x}\r\n".encode() + hidden + b"\r\n0\r\n\r\n"
        head = (
            f"GET /nbruns/serving/{served_id}/ping HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: token {server.token}\r\nConnection: close\r\n{length}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sender:
            sender.sendall(head.encode() + body)
            assert sender.makefile("rb").readline().split()[1] == b"200"

        for _ in range(3):
            assert predictions(server, served_id) == [2.0, 4.0]

    def test_its_own_port_answers_nobody_else(self, server: LiveServer, served_id: str) -> None:
        (pid,) = wait_for(server, served_id)["pids"]
        ports = listening_ports(pid)

        assert ports
        for port in ports:
            assert plain_status(port) == 403

    def test_it_cannot_be_started_twice(self, server: LiveServer, served_id: str) -> None:
        status, reply = server.ask("POST", START, {"name": "numbers", "version": "1"})

        assert (status, reply["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
        assert "stop it first" in reply["message"]

    def test_stopped_it_says_so_and_restarted_it_answers(
        self, server: LiveServer, served_id: str
    ) -> None:
        (pid,) = wait_for(server, served_id)["pids"]

        _, reply = server.ask("POST", f"{OURS}stop", {"id": served_id})
        assert reply["served"]["state"] == "stopped"
        assert has_ended(pid)
        answer = invoke(server, served_id, BODY)
        assert (answer.status, answer.json()["message"]) == (503, "'numbers/1' is stopped")

        server.ask("POST", f"{OURS}restart", {"id": served_id})
        wait_for(server, served_id, state="healthy")
        assert predictions(server, served_id) == [2.0, 4.0]

    def test_a_process_that_dies_is_replaced(self, server: LiveServer, served_id: str) -> None:
        (pid,) = wait_for(server, served_id, state="healthy")["pids"]

        fatal = invoke(server, served_id, {"dataframe_records": [{"x": 1.0, "kind": "fatal"}]})

        assert fatal.status == 503
        assert "process ended" in fatal.json()["message"]
        failing = wait_for(server, served_id, state="failing")
        assert "exit code 7" in failing["last_error"]["message"]
        (new,) = wait_for(server, served_id, state="healthy")["pids"]
        assert new != pid
        assert predictions(server, served_id) == [2.0, 4.0]


def test_an_alias_moves_under_load_and_no_request_fails(
    server: LiveServer, client: MlflowClient
) -> None:  # F99
    client.set_registered_model_alias("numbers", "champion", "1")
    seen: list[tuple[int, Any]] = []
    is_over = threading.Event()

    def keep_asking() -> None:
        while not is_over.is_set():
            answer = invoke(server, "numbers@champion", BODY)
            seen.append((answer.status, answer.json().get("predictions")))

    with served(server, name="numbers", alias="champion", workers=2) as served_id:
        (old, _) = wait_for(server, served_id)["pids"]
        threads = [threading.Thread(target=keep_asking) for _ in range(4)]
        for thread in threads:
            thread.start()
        slow: list[int] = []
        late = {"dataframe_records": [{"x": 1.0, "kind": "slow"}]}
        client.set_registered_model_alias("numbers", "champion", "2")
        wait_for(server, served_id, next_version="2")
        patient = threading.Thread(
            target=lambda: slow.append(invoke(server, served_id, late).status)
        )
        patient.start()
        wait_for(server, served_id, version="2", state="healthy")
        until = len(seen) + 50
        while len(seen) < until:
            time.sleep(0.01)
        is_over.set()
        for thread in (*threads, patient):
            thread.join()

        assert {status for status, _ in seen} == {200}
        assert slow == [200]
        factors = [predicted[0] for _, predicted in seen]
        assert set(factors) == {2.0, 3.0}
        assert factors[-1] == 3.0
        wait_for_end(old)

        # A version that cannot do it: the one that can stays, and the reason is told.
        client.set_registered_model_alias("numbers", "champion", "3")
        until_s = time.monotonic() + 120
        while not (listed := wait_for(server, served_id))["last_error"]:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        assert "ZeroDivisionError" in listed["last_error"]["message"]
        assert (listed["state"], listed["version"]) == ("healthy", "2")
        assert "version 3" in listed["doing"]
        assert predictions(server, served_id) == [3.0, 6.0]

        wait_for_processes(server, listed["pids"])

        # Back where it was nothing is amiss; what was refused is tried again.
        client.set_registered_model_alias("numbers", "champion", "2")
        wait_for(server, served_id, doing="", version="2")
        client.set_registered_model_alias("numbers", "champion", "3")
        wait_for(server, served_id, next_version="3")

        client.delete_registered_model_alias("numbers", "champion")
        until_s = time.monotonic() + 30
        while "served on" not in (listed := wait_for(server, served_id))["doing"] or (
            "version 3" in listed["doing"]
        ):
            assert time.monotonic() < until_s, listed
            time.sleep(0.05)
        assert predictions(server, served_id) == [3.0, 6.0]


def test_a_stage_is_served_too(server: LiveServer, client: MlflowClient) -> None:
    client.transition_model_version_stage("numbers", "2", "Staging")

    with served(server, name="numbers", stage="staging") as served_id:
        assert served_id == "numbers/Staging"
        assert predictions(server, served_id) == [3.0, 6.0]


def test_packages_that_differ_are_said_before_anything_starts(server: LiveServer) -> None:
    status, reply = server.ask("POST", START, {"name": "numbers", "version": "4"})

    assert status == 400
    assert "no-such-package-of-ours ==1.5 (missing here)" in reply["message"]
    assert "'isolated'" in reply["message"]
    differ = {one["package"]: (one["wanted"], bool(one["here"])) for one in reply["differences"]}
    fit = server.ask("GET", f"{OURS}fit?name=numbers&version=4")[1]
    assert (fit["version"], fit["differences"]) == ("4", reply["differences"])
    assert server.ask("GET", f"{OURS}fit?name=numbers&version=1")[1]["differences"] == []
    assert differ == {"no-such-package-of-ours": ("==1.5", False), "pandas": (">=99", True)}
    assert server.ask("GET", f"{OURS}list?name=numbers")[1]["served"] == []


def test_told_to_it_is_served_all_the_same(server: LiveServer) -> None:
    with served(server, name="numbers", version=4, environment="here") as served_id:
        assert predictions(server, served_id) == [5.0, 10.0]


def test_an_environment_that_cannot_be_made_is_said_and_why(
    new_server: Callable[..., LiveServer], server: LiveServer
) -> None:
    body = {"name": "numbers", "version": "4", "environment": "isolated"}
    assert server.ask("POST", START, body)[0] == 200

    failing = wait_for(server, "numbers/4", state="failing")

    assert "no-such-package-of-ours" in failing["last_error"]["message"]
    log = server.ask("GET", f"{OURS}logs?id=numbers/4")[1]["log"]
    assert "venv" in log
    server.ask("POST", f"{OURS}remove", {"id": "numbers/4"})
    assert server.request("GET", "serving/numbers/4/ping").status == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "numbers"}, "none of them"),
        ({"name": "numbers", "version": "1", "alias": "a"}, "'version' and 'alias'"),
        ({"name": "numbers", "version": "9"}, "version=9"),
        ({"name": "numbers", "stage": "Archived"}, "'Archived' is not served"),
        ({"name": "numbers", "version": "1", "workers": 0}, "Invalid workers '0'"),
        ({"name": "numbers", "version": "1", "environment": "moon"}, "'moon'"),
    ],
)
def test_what_cannot_be_served_is_said(server: LiveServer, body: object, said: str) -> None:
    status, reply = server.ask("POST", START, body)

    assert status in (400, 404)
    assert said in reply["message"]


def test_files_outside_the_store_are_not_loaded(server: LiveServer, client: MlflowClient) -> None:
    client.create_registered_model("outside")
    client.create_model_version("outside", "s3://bucket/model")

    status, reply = server.ask("POST", START, {"name": "outside", "version": "1"})

    assert status == 400
    assert "'s3://bucket/model'" in reply["message"]
    assert "own artifacts only" in reply["message"]


def test_processes_end_with_a_server_that_is_killed(
    new_server: Callable[..., LiveServer], server: LiveServer, tmp_path: Path
) -> None:
    other = new_server()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", other.url)
        patched.setenv("MLFLOW_TRACKING_TOKEN", other.token)
        log_version(tmp_path, "numbers", "2", ["mlflow"])
    other.ask("POST", START, {"name": "numbers", "version": "1"})
    (pid,) = wait_for(other, "numbers/1", state="healthy")["pids"]

    assert other.process is not None
    os.kill(other.process.pid, signal.SIGKILL)
    other.process.wait()

    wait_for_end(pid)


def wait_for_processes(server: LiveServer, pids: list[int]) -> None:
    """Return when no model's process is left but these."""
    assert server.process is not None
    until = time.monotonic() + 30
    while True:
        children = psutil.Process(server.process.pid).children()
        running = {one.pid for one in children if "served_model" in command_of(one)}
        if running == set(pids):
            return
        assert time.monotonic() < until, (running, pids)
        time.sleep(0.05)


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def wait_for_end(pid: int) -> None:
    until = time.monotonic() + 30
    while not has_ended(pid):
        assert time.monotonic() < until, f"process {pid} still runs"
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def listening_ports(pid: int) -> list[int]:
    found = psutil.Process(pid).net_connections("tcp")
    assert all(one.laddr.ip == "127.0.0.1" for one in found)
    return [one.laddr.port for one in found if one.status == psutil.CONN_LISTEN]


def plain_status(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/invocations", json.dumps(BODY))
    return connection.getresponse().status
