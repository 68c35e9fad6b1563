"""The stock client over HTTP, beside the same client against a server that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from group_server import GroupServer
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

Say = Callable[[str], None]

IDLE_SERVER = """
import asyncio
from tornado import httpserver, netutil, web

class Nothing(web.RequestHandler):
    def post(self):
        self.finish("{}")

    get = post

async def serve():
    sockets = netutil.bind_sockets(0, "127.0.0.1")
    httpserver.HTTPServer(web.Application([(".*", Nothing)])).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


@pytest.fixture
def idle_server() -> Iterator[str]:
    """The address of a server that answers `{}` to everything."""
    process = subprocess.Popen(
        [sys.executable, "-c", IDLE_SERVER], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.kill()
    process.wait()


def round_ms(client: MlflowClient, run_id: str, start: int, calls: int = 200) -> float:
    """Milliseconds a call of one round of log_metric."""
    begun = time.perf_counter()
    for step in range(start, start + calls):
        client._tracking_client.store.log_metric(run_id, Metric("loss", 0.5, step, step))
    return (time.perf_counter() - begun) / calls * 1000


def test_log_metric_over_http(
    new_server: Callable[..., Any],
    idle_server: str,
    monkeypatch: pytest.MonkeyPatch,
    say: Say,
) -> None:
    server = new_server()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    ours, idle = MlflowClient(server.url), MlflowClient(idle_server)
    run_id = ours.create_run("0").info.run_id

    # Turn by turn, so that a busy machine slows both alike.
    rounds = [
        (round_ms(ours, run_id, turn * 200), round_ms(idle, run_id, turn * 200))
        for turn in range(7)
    ]
    took, floor = (min(each) for each in zip(*rounds, strict=True))

    say(f"log_metric over HTTP: {took:.2f} ms, {took / floor:.2f} x a server that does nothing")
    assert len(ours.get_metric_history(run_id, "loss")) == 1400
    assert took < 1.3 * floor


def test_a_groups_server_is_as_quick(
    new_server: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    say: Say,
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("default: EDIT\n")
    group = GroupServer(tmp_path, options=("--policy", str(policy)))
    group.start()
    beside = new_server(config=f"c.NbrunsApp.policy_file = {str(policy)!r}")
    servers = (group, beside)
    tokens = (group.add_user("ada"), beside.token)
    clients = [MlflowClient(server.url) for server in servers]

    def took(which: int, turn: int) -> float:
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", tokens[which])
        return round_ms(clients[which], runs[which], turn * 200)

    try:
        runs = ["", ""]
        for which, client in enumerate(clients):
            monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", tokens[which])
            runs[which] = client.create_run("0").info.run_id
        rounds = [(took(0, turn), took(1, turn)) for turn in range(7)]
    finally:
        group.stop()
    ours, extension = (min(each) for each in zip(*rounds, strict=True))

    say(f"log_metric to `nbruns serve`: {ours:.2f} ms, {ours / extension:.2f} x beside notebooks")
    assert ours < 1.15 * extension
