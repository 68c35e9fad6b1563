"""The stream of changes: at once on connecting, soon after any process has written."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nbruns.store import Store


class Stream:
    """An open connection to the events."""

    def __init__(self, server: Any) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self.connection.request(
            "GET", "/nbruns/events", headers={"Authorization": f"token {server.token}"}
        )
        self.response = self.connection.getresponse()

    def next(self) -> int:
        """The version of the next change."""
        lines: list[str] = []
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line:
                lines.append(line)
            elif lines and lines[0] == "event: change":
                return int(json.loads(lines[1].removeprefix("data: "))["version"])
            else:
                lines = []


@pytest.fixture
def stream(live_server: Any) -> Iterator[Stream]:
    stream = Stream(live_server)
    with contextlib.closing(stream.connection):
        yield stream


def test_it_is_an_event_stream(stream: Stream) -> None:
    assert stream.response.headers["Content-Type"] == "text/event-stream"
    assert stream.response.headers["Cache-Control"] == "no-cache"


def test_the_first_message_comes_at_once(stream: Stream) -> None:
    started = time.monotonic()

    stream.next()

    assert time.monotonic() - started < 1


def test_a_write_through_the_server_is_told(live_server: Any, stream: Stream) -> None:
    first = stream.next()
    live_server.ask("POST", "api/2.0/mlflow/experiments/create", {"name": "told"})
    started = time.monotonic()

    assert stream.next() > first
    assert time.monotonic() - started < 1


def test_a_write_by_another_process_is_told(live_server: Any, stream: Stream) -> None:
    first = stream.next()
    store = Store.open(live_server.home)
    with contextlib.closing(store):
        store.experiments.create("from this process")
        started = time.monotonic()

        assert stream.next() > first
        assert time.monotonic() - started < 1


def test_every_listener_is_told(live_server: Any, stream: Stream) -> None:
    other = Stream(live_server)
    with contextlib.closing(other.connection):
        first = stream.next()
        other.next()

        live_server.ask("POST", "api/2.0/mlflow/experiments/create", {"name": "told to all"})

        assert stream.next() > first
        assert other.next() > first


def test_the_server_stops_with_listeners_connected(new_server: Any) -> None:
    server = new_server()
    stream = Stream(server)
    stream.next()
    started = time.monotonic()

    server.stop()

    assert time.monotonic() - started < 10
    assert "Traceback" not in server.log
    stream.connection.close()
