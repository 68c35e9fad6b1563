"""Artifact bytes over HTTP: whole or not at all, in constant memory, never out of the root."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

ROOT = "api/2.0/mlflow-artifacts/artifacts"
MB = 2**20


def put(server: Any, path: str, body: bytes) -> int:
    return int(server.request("PUT", f"{ROOT}/{quote(path)}", body).status)


@pytest.mark.parametrize(
    "path",
    ["0/r/a.txt", "0/r/with space & more.txt", "0/r/ünï/日本語.bin", "0/r/100%.csv", "0/r/a+b"],
)
@pytest.mark.parametrize("body", [b"", b"four", bytes(range(256)) * 9000])
def test_what_goes_up_comes_down(live_server: Any, path: str, body: bytes) -> None:
    assert put(live_server, path, body) == 200

    answer = live_server.request("GET", f"{ROOT}/{quote(path)}")

    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Length"] == str(len(body))


def test_a_list_names_files_relative_to_the_folder(live_server: Any) -> None:
    put(live_server, "0/listed/b.txt", b"xy")
    put(live_server, "0/listed/sub/a.txt", b"x")

    status, reply = live_server.ask("GET", f"{ROOT}?path=0/listed")

    assert (status, reply["files"]) == (
        200,
        [
            {"path": "b.txt", "is_dir": False, "file_size": 2},
            {"path": "sub", "is_dir": True},
        ],
    )
    assert live_server.ask("GET", f"{ROOT}?path=0/listed/b.txt") == (200, {})


def test_delete_removes_a_file_and_a_folder(live_server: Any) -> None:
    put(live_server, "0/gone/a", b"x")
    put(live_server, "0/gone/sub/b", b"x")

    assert live_server.ask("DELETE", f"{ROOT}/0/gone/a")[0] == 200
    assert live_server.ask("DELETE", f"{ROOT}/0/gone/sub")[0] == 200
    assert live_server.ask("GET", f"{ROOT}?path=0/gone") == (200, {})
    assert live_server.ask("DELETE", f"{ROOT}/0/gone/a")[1]["error_code"] == (
        "RESOURCE_DOES_NOT_EXIST"
    )


@pytest.mark.parametrize("path", ["0/nothing", "0"])
def test_there_must_be_a_file_to_download(live_server: Any, path: str) -> None:
    put(live_server, "0/some/file", b"x")

    status, reply = live_server.ask("GET", f"{ROOT}/{path}")

    assert (status, reply["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_page_among_the_artifacts_cannot_run_as_ours(live_server: Any) -> None:
    put(live_server, "0/evil.html", b"<script>alert(1)</script>")

    headers = live_server.request("GET", f"{ROOT}/0/evil.html").headers

    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Content-Type"] == "text/html"


ESCAPES = [
    "../outside",
    "0/../../outside",
    "%2e%2e/outside",
    "%2e%2e%2foutside",
    "%252e%252e%252foutside",
    "0/%5c..%5c..%5coutside",
    "%2fetc/hostname",
    "/etc/hostname",
    "0/nul%00byte",
    "C%3a%5coutside",
    "link/file",
    ".uploads/x",
]


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_path_leaves_the_root(live_server: Any, path: str, method: str) -> None:
    outside = live_server.folder / "outside"
    outside.write_text("mine")
    link = live_server.home / "artifacts" / "link"
    link.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        link.symlink_to(live_server.folder)

    answer = live_server.request(method, f"{ROOT}/{path}", b"x" if method == "PUT" else None)

    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("path", ["..", "%2e%2e", "0/../..", "/etc", "%252e%252e"])
def test_no_list_leaves_the_root(live_server: Any, path: str) -> None:
    status, reply = live_server.ask("GET", f"{ROOT}?path={path}")

    assert (status, reply["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@contextlib.contextmanager
def sending(server: Any, path: str, announced: int) -> Iterator[socket.socket]:
    """An upload that has announced so many bytes and sent none of them yet."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"PUT /nbruns/{ROOT}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: token {server.token}\r\nContent-Length: {announced}\r\n\r\n".encode()
        )
        yield connection


def staged(server: Any) -> list[Path]:
    return list((server.home / "artifacts" / ".uploads").glob("*"))


def wait_for(condition: Any, patience_s: float = 10) -> None:
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_upload_cut_short_leaves_nothing(live_server: Any) -> None:
    put(live_server, "0/cut", b"the old one")
    with sending(live_server, "0/cut", 10 * MB) as connection:
        connection.sendall(b"x" * 4 * MB)
        wait_for(lambda: staged(live_server) and staged(live_server)[0].stat().st_size > MB)
        assert live_server.request("GET", f"{ROOT}/0/cut").body == b"the old one"

    wait_for(lambda: not staged(live_server))
    assert live_server.request("GET", f"{ROOT}/0/cut").body == b"the old one"


def test_a_refused_upload_is_answered_after_it_was_sent(live_server: Any) -> None:
    answer = live_server.request("PUT", f"{ROOT}/%2e%2e/x", b"x" * 5 * MB)

    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert staged(live_server) == []


def test_a_file_cannot_replace_a_folder(live_server: Any) -> None:
    put(live_server, "0/both/file", b"x")

    assert put(live_server, "0/both", b"x") == 400
    assert put(live_server, "0/both/file/below", b"x") == 400


def test_the_server_answers_others_during_an_upload(live_server: Any) -> None:
    with sending(live_server, "0/slow", 10 * MB) as connection:
        connection.sendall(b"x" * MB)
        assert live_server.request("GET", "health").status == 200
        connection.sendall(b"x" * 9 * MB)
        assert connection.recv(99).startswith(b"HTTP/1.1 200")


def peak_while(server: Any, work: Any) -> float:
    """How many MB of memory the server gained while something was done, at most."""
    process = psutil.Process(server.process.pid)
    before = highest = process.memory_info().rss

    def look() -> None:
        nonlocal highest
        highest = max(highest, process.memory_info().rss)

    work(look)
    return (highest - before) / MB


def test_a_large_file_passes_both_ways_in_constant_memory(live_server: Any) -> None:
    piece, count = os.urandom(MB), 200
    want, got = hashlib.blake2b(), hashlib.blake2b()

    def up(look: Any) -> None:
        with sending(live_server, "0/large", count * MB) as connection:
            for _ in range(count):
                connection.sendall(piece)
                want.update(piece)
                look()
            assert connection.recv(99).startswith(b"HTTP/1.1 200")

    def down(look: Any) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", live_server.port)
        connection.request(
            "GET",
            f"/nbruns/{ROOT}/0/large",
            headers={"Authorization": f"token {live_server.token}"},
        )
        response = connection.getresponse()
        assert response.headers["Content-Length"] == str(count * MB)
        while chunk := response.read(MB):
            got.update(chunk)
            look()

    assert peak_while(live_server, up) < 40
    assert peak_while(live_server, down) < 40
    assert got.digest() == want.digest()


@pytest.mark.parametrize(
    ("asked", "status", "body", "range_said"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=6-", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=5-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        (f"bytes={'9' * 5000}-", 200, b"0123456789", None),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(
    live_server: Any, asked: str, status: int, body: bytes, range_said: str | None
) -> None:
    put(live_server, "0/parts.bin", b"0123456789")
    headers = {"Authorization": f"token {live_server.token}", "Range": asked}

    answer = live_server.request("GET", f"{ROOT}/0/parts.bin", headers=headers)

    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["Content-Range"] == range_said
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_files_of_a_run_come_in_pages_where_asked(live_server: Any) -> None:
    body = {"experiment_id": "0", "start_time": 1}
    run = live_server.ask("POST", "api/2.0/mlflow/runs/create", body)[1]["run"]["info"]
    folder = live_server.home / "artifacts" / run["artifact_uri"].partition(":/")[2] / "many"
    folder.mkdir(parents=True)
    for number in range(25):
        (folder / f"{number:02}.txt").touch()
    path = f"api/2.0/mlflow/artifacts/list?run_id={run['run_id']}&path=many"

    found, token, pages = [], "", 0
    while pages == 0 or token:
        query = f"&max_results=10&page_token={quote(token)}" if token else "&max_results=10"
        reply = live_server.ask("GET", path + query)[1]
        found += [file["path"] for file in reply["files"]]
        token, pages = reply.get("next_page_token", ""), pages + 1

    assert found == [f"many/{number:02}.txt" for number in range(25)]
    assert pages == 3
    assert len(live_server.ask("GET", path)[1]["files"]) == 25


def test_a_page_of_a_large_folder_is_quick(live_server: Any) -> None:
    body = {"experiment_id": "0", "start_time": 1}
    run = live_server.ask("POST", "api/2.0/mlflow/runs/create", body)[1]["run"]["info"]
    folder = live_server.home / "artifacts" / run["artifact_uri"].partition(":/")[2]
    folder.mkdir(parents=True)
    for number in range(10_000):
        (folder / f"{number:05}").touch()
    path = f"api/2.0/mlflow/artifacts/list?run_id={run['run_id']}"
    live_server.ask("GET", path + "&max_results=1")

    began = time.perf_counter()
    page = live_server.ask("GET", path + "&max_results=200")[1]
    a_page = time.perf_counter() - began
    everything = live_server.ask("GET", path)[1]
    all_of_it = time.perf_counter() - began - a_page

    assert (len(page["files"]), len(everything["files"])) == (200, 10_000)
    assert a_page < all_of_it / 4
    print(f"page {a_page * 1e3:.0f} ms, all {all_of_it * 1e3:.0f} ms")
