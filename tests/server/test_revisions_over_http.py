"""Revisions that become files again, on a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_process import LiveServer

from nbruns.identity import user_name

SECRET = "correct-horse-battery"
GRACE = """
from jupyter_server.auth.identity import IdentityProvider, User

class Grace(IdentityProvider):
    def get_user(self, handler):
        return User("grace")

    def is_token_authenticated(self, handler):
        return True

c.ServerApp.identity_provider_class = Grace
"""
READ_ONLY = """
from jupyter_server.auth import Authorizer

class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "contents" or action == "read"

c.ServerApp.authorizer_class = ReadOnly
"""


def code(cell_id: str, text: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    shape = {"cell_type": "code", "outputs": [], "execution_count": None}
    return {**shape, "id": cell_id, "metadata": metadata, "source": text}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": list(cells)}


def write(server: LiveServer, path: str, *cells: dict[str, Any]) -> Path:
    file = server.work / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(notebook(*cells)), "utf-8")
    return file


def texts(file: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(file.read_text("utf-8"))["cells"]]


def ours(server: LiveServer, method: str, where: str, **body: Any) -> dict[str, Any]:
    status, reply = server.ask(method, f"api/1.0/{where}", body)
    assert status == 200, reply
    return reply


def revision_of(server: LiveServer, path: str, *cells: dict[str, Any]) -> str:
    """A run's revision of a notebook as it stood in a browser."""
    run = ours_run(server)
    body = {"run_id": run, "path": path, "content": notebook(*cells)}
    return str(ours(server, "POST", "revisions/capture", **body)["revision"]["revision_id"])


def ours_run(server: LiveServer) -> str:
    reply = server.ask("POST", "api/2.0/mlflow/runs/create", {"experiment_id": "0"})[1]
    return str(reply["run"]["info"]["run_id"])


def activities(server: LiveServer, revision: str) -> list[dict[str, Any]]:
    reply = ours(server, "GET", f"activity/search?kind=revision&subject={revision}")
    return list(reply["activities"])


# F5 F13 N8
def test_a_restored_file_was_kept_first_and_its_secrets_stay(live_server: LiveServer) -> None:
    secret = code("s", f"key = '{SECRET}'", "nbruns-skip")
    revision = revision_of(live_server, "one.ipynb", code("a", "old"), secret)
    file = write(live_server, "one.ipynb", code("a", "new"), code("b", "more"), secret)

    reply = ours(live_server, "POST", "revisions/restore", revision_id=revision, comment="oops")

    assert reply["path"] == "one.ipynb"
    assert texts(file) == ["old", f"key = '{SECRET}'"]
    safe = ours(live_server, "GET", f"revisions/get?revision_id={reply['kept']['revision_id']}")
    assert [cell["source"] for cell in safe["content"]["cells"]] == ["new", "more", ""]
    (noted,) = activities(live_server, revision)
    assert (noted["action"], noted["after"], noted["comment"]) == ("restored", "one.ipynb", "oops")
    assert noted["before"] == reply["kept"]["revision_id"]
    # Everybody has this server's token: they are the user who runs it.
    assert noted["user"] == user_name()
    files = live_server.home.glob("nbruns.db*")
    assert not any(SECRET.encode() in one.read_bytes() for one in files)

    back = ours(live_server, "POST", "revisions/restore", revision_id=reply["kept"]["revision_id"])
    assert texts(file) == ["new", "more", f"key = '{SECRET}'"]
    assert back["kept"]["revision_id"] == revision


def test_a_notebook_that_is_gone_comes_back(live_server: LiveServer) -> None:
    revision = revision_of(live_server, "gone.ipynb", code("gone", "was here"))

    reply = ours(live_server, "POST", "revisions/restore", revision_id=revision)

    assert reply == {"kept": None, "path": "gone.ipynb"}
    assert texts(live_server.work / "gone.ipynb") == ["was here"]


def test_a_renamed_notebook_is_restored_where_it_lies_now(live_server: LiveServer) -> None:
    file = write(live_server, "before.ipynb", code("r1", "new"), code("r2", "x"))
    revision = revision_of(live_server, "before.ipynb", code("r1", "old"), code("r2", "x"))
    status, _ = live_server.ask("PATCH", "/api/contents/before.ipynb", {"path": "after.ipynb"})
    assert status == 200
    until_moved(live_server, revision, "after.ipynb")

    reply = ours(live_server, "POST", "revisions/restore", revision_id=revision)

    assert reply["path"] == "after.ipynb"
    assert texts(live_server.work / "after.ipynb") == ["old", "x"]
    assert not file.exists()


def until_moved(server: LiveServer, revision: str, path: str) -> None:
    """The rename reaches the store with the server's event, a moment later."""
    known = ours(server, "GET", f"revisions/get?revision_id={revision}")["revision"]
    query = f"notebooks/get?notebook_id={known['notebook_id']}"
    until = time.monotonic() + 20
    while ours(server, "GET", query)["notebook"]["path"] != path:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_copy_stands_beside_the_notebook_and_takes_nobodys_place(
    live_server: LiveServer,
) -> None:
    write(live_server, "deep/er/two.ipynb", code("c1", "now"))
    revision = revision_of(live_server, "deep/er/two.ipynb", code("c1", "then"))

    copies = [
        ours(live_server, "POST", "revisions/copy", revision_id=revision, name="best/run: 1")[
            "path"
        ]
        for _ in range(2)
    ]

    assert copies == ["deep/er/two-best-run- 1.ipynb", "deep/er/two-best-run- 1-1.ipynb"]
    assert [texts(live_server.work / path) for path in copies] == [["then"], ["then"]]
    assert texts(live_server.work / "deep/er/two.ipynb") == ["now"]
    assert [one["after"] for one in activities(live_server, revision)] == copies[::-1]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere/three.ipynb", "name another 'path'"),
        ("../outside.ipynb", "name another 'path'"),
        ("/etc/outside.ipynb", "name another 'path'"),
        ("three.txt", "ends with .ipynb"),
        ("broken.ipynb", "cannot be kept"),
    ],
)
def test_where_nothing_may_or_can_be_written_nothing_is(
    live_server: LiveServer, path: str, words: str
) -> None:
    revision = revision_of(live_server, "three.ipynb", code("d", "x"))
    broken = live_server.work / "broken.ipynb"
    broken.write_text("{ not a notebook")

    status, reply = live_server.ask(
        "POST", "api/1.0/revisions/restore", {"revision_id": revision, "path": path}
    )

    assert status == 400, reply
    assert words in reply["message"]
    assert broken.read_text() == "{ not a notebook"
    assert not (live_server.work.parent / "outside.ipynb").exists()
    assert activities(live_server, revision) == []


def test_an_unknown_revision_is_said_to_be_unknown(live_server: LiveServer) -> None:
    for call in ("restore", "copy"):
        status, reply = live_server.ask(
            "POST", f"api/1.0/revisions/{call}", {"revision_id": "none"}
        )
        assert (status, reply["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_the_log_names_who_is_signed_in(new_server: Callable[..., LiveServer]) -> None:
    server = new_server(config=GRACE)
    revision = revision_of(server, "hers.ipynb", code("e", "x"))

    ours(server, "POST", "revisions/restore", revision_id=revision)
    ours(server, "POST", "revisions/purge", revision_id=revision, user="mallory")

    noted = activities(server, revision)
    assert [(one["action"], one["user"]) for one in noted] == [
        ("purged", "grace"),
        ("restored", "grace"),
    ]


def test_who_may_not_write_notebooks_restores_none(new_server: Callable[..., LiveServer]) -> None:
    server = new_server(config=READ_ONLY)
    revision = revision_of(server, "theirs.ipynb", code("f", "x"))

    for call in ("restore", "copy"):
        status, _ = server.ask("POST", f"api/1.0/revisions/{call}", {"revision_id": revision})
        assert status == 403
    assert list(server.work.glob("*.ipynb")) == []
