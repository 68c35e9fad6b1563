"""The rules over raw REST: three users and a stranger to the policy, on a live server."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from jupyter_process import LiveServer
from team import (
    ENGINEER,
    MANAGER,
    OUTSIDER,
    POLICY,
    SCIENTIST,
    TEAM,
    USERS,
    ask_as,
    make_useless_version,
    token,
)

from nbruns.endpoints import access_table, activity, requests, routes
from nbruns.server import (
    app,
    artifact_handlers,
    events,
    handlers,
    panel_kernel,
    passing_handlers,
    revision_handlers,
    scoring_handlers,
    serving_handlers,
)
from nbruns.server import static as static_files

V2, OURS = "api/2.0/mlflow/", "api/1.0/"
# What takes a stage or an alias, not both.
ONE_OF_TWO = (requests.create, requests.search, activity.holder)
ARTIFACTS = "api/2.0/mlflow-artifacts/artifacts"


@contextlib.contextmanager
def changed(file: Path, before: str, after: str) -> Iterator[None]:
    """Other words in a file, for the block."""
    assert POLICY.count(before) == 1
    file.write_text(POLICY.replace(before, after))
    try:
        yield
    finally:
        file.write_text(POLICY)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what takes a second or two."""
    end_s = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def ok(server: LiveServer, user: str, method: str, path: str, body: object = None) -> Any:
    status, reply = ask_as(server, user, method, path, body)
    assert status == 200, reply
    return reply


def refused(server: LiveServer, user: str, method: str, path: str, body: object = None) -> str:
    status, reply = ask_as(server, user, method, path, body)
    assert (status, reply["error_code"]) == (403, "PERMISSION_DENIED"), reply
    return str(reply["message"])


@pytest.fixture
def model(guarded: LiveServer, request: pytest.FixtureRequest) -> str:
    """A model of the scientist's, with two versions."""
    name = f"prod.{request.node.name}"
    ok(guarded, SCIENTIST, "POST", f"{V2}registered-models/create", {"name": name})
    for _ in range(2):
        body = {"name": name, "source": "s3://x"}
        ok(guarded, SCIENTIST, "POST", f"{V2}model-versions/create", body)
    return name


def test_the_story_of_three(guarded: LiveServer, model: str) -> None:  # F82–F87 F105 N7
    where = {"name": model, "version": "2", "stage": "Production"}
    transition = f"{V2}model-versions/transition-stage"

    said = refused(guarded, SCIENTIST, "POST", transition, where)
    assert "request_transition" in said
    assert "managers may" in said
    asked = ok(guarded, SCIENTIST, "POST", f"{OURS}requests/create", where | {"comment": "better"})
    request_id = asked["request"]["request_id"]
    decision = {"request_id": request_id, "comment": "agreed"}
    refused(guarded, SCIENTIST, "POST", f"{OURS}requests/approve", decision)
    refused(guarded, ENGINEER, "POST", f"{OURS}requests/approve", decision)
    ok(guarded, MANAGER, "POST", f"{OURS}requests/approve", decision)

    version = ok(guarded, ENGINEER, "GET", f"{V2}model-versions/get?name={model}&version=2")
    assert version["model_version"]["current_stage"] == "Production"
    assert version["model_version"]["user_id"] == SCIENTIST
    log = ok(guarded, ENGINEER, "GET", f"{OURS}activity/search?model={model}&version=2")
    told = [
        (a["action"], a["user"], a["requester"], a["before"], a["after"], a["comment"])
        for a in log["activities"]
    ]
    assert told == [
        ("moved", MANAGER, SCIENTIST, "None", "Production", "agreed"),
        ("approved", MANAGER, SCIENTIST, "None", "Production", "agreed"),
        ("requested", SCIENTIST, SCIENTIST, "None", "Production", "better"),
        ("registered", SCIENTIST, None, None, None, ""),
    ]
    assert "target Production" in log["activities"][0]["allowed_by"]


def test_the_same_for_an_alias_and_nobody_decides_their_own(
    guarded: LiveServer, model: str
) -> None:
    alias = {"name": model, "alias": "champion", "version": "1"}
    for user in (SCIENTIST, ENGINEER, MANAGER):
        refused(guarded, user, "POST", f"{V2}registered-models/alias", alias)
    asked = ok(guarded, ENGINEER, "POST", f"{OURS}requests/create", alias)
    decision = {"request_id": asked["request"]["request_id"]}

    assert "own request" in refused(guarded, ENGINEER, "POST", f"{OURS}requests/approve", decision)
    ok(guarded, MANAGER, "POST", f"{OURS}requests/approve", decision)

    found = ok(guarded, ENGINEER, "GET", f"{V2}registered-models/alias?name={model}&alias=champion")
    assert found["model_version"]["version"] == "1"


def test_an_alias_is_not_taken_away_by_whoever_may_not_give_it(
    guarded: LiveServer, model: str
) -> None:  # F84 F86 N7
    asked = {"name": model, "alias": "champion", "version": "1"}
    create, approve = f"{OURS}requests/create", f"{OURS}requests/approve"

    def grant(body: dict[str, Any]) -> None:
        made = ok(guarded, SCIENTIST, "POST", create, body)["request"]
        assert made["may"] == ["cancel"]
        decision = {"request_id": made["request_id"], "comment": "agreed"}
        refused(guarded, SCIENTIST, "POST", approve, decision)
        ok(guarded, ENGINEER, "POST", approve, decision)

    grant(asked)
    gone = {"name": model, "alias": "champion"}
    for user in (SCIENTIST, ENGINEER, MANAGER):
        refused(guarded, user, "DELETE", f"{V2}registered-models/alias", gone)
    grant(asked | {"remove": True, "comment": "it drifts"})

    assert ok(guarded, ENGINEER, "GET", f"{OURS}registry/holder?name={model}&alias=champion") == {
        **{"versions": [], "target": "@champion"},
        "at_ms": pytest.approx(time.time() * 1_000, abs=60_000),
    }


def test_a_move_says_why_and_by_which_rule(guarded: LiveServer, model: str) -> None:  # F87
    stage = {"name": model, "version": "1", "stage": "Staging", "comment": "for the canary"}
    ok(guarded, ENGINEER, "POST", f"{V2}model-versions/transition-stage", stage)
    alias = {"name": model, "version": "2", "alias": "next", "comment": "try it"}
    ok(guarded, SCIENTIST, "POST", f"{V2}registered-models/alias", alias)
    gone = {"name": model, "alias": "next", "comment": "tried"}
    ok(guarded, SCIENTIST, "DELETE", f"{V2}registered-models/alias", gone)

    log = ok(guarded, MANAGER, "GET", f"{OURS}activity/search?model={model}&action=moved")
    told = [(a["user"], a["before"], a["after"], a["comment"]) for a in log["activities"]]
    assert told == [
        (SCIENTIST, "2", None, "tried"),
        (SCIENTIST, None, "2", "try it"),
        (ENGINEER, "None", "Staging", "for the canary"),
    ]
    assert "target Staging" in log["activities"][2]["allowed_by"]


def test_the_wrong_user_gets_nowhere(guarded: LiveServer, model: str) -> None:  # F86 F105
    """With somebody's request open, all that the others might try; then nothing has changed."""
    where = {"name": model, "version": "2"}
    asked = ok(
        *(guarded, SCIENTIST, "POST", f"{OURS}requests/create"),
        where | {"stage": "Production", "archive_existing_versions": True},
    )
    this = {"request_id": asked["request"]["request_id"]}
    ok(
        *(guarded, MANAGER, "POST", f"{V2}model-versions/transition-stage"),
        {"name": model, "version": "1", "stage": "Production"},
    )
    read = f"{OURS}activity/search?model={model}"
    before = ok(guarded, MANAGER, "GET", read)

    transition, ours = f"{V2}model-versions/transition-stage", f"{OURS}requests"
    named = where | {"stage": "Production", "creator": SCIENTIST}
    for user, method, path, body in (
        (SCIENTIST, "POST", transition, where | {"stage": "Production"}),
        (SCIENTIST, "POST", transition, {"name": model, "version": "1", "stage": "Archived"}),
        (ENGINEER, "POST", transition, {"name": model, "version": "1", "stage": "Staging"}),
        (SCIENTIST, "POST", f"{ours}/approve", this),
        (SCIENTIST, "POST", f"{ours}/reject", this),
        (ENGINEER, "POST", f"{ours}/approve", this | {"archive_existing_versions": False}),
        (ENGINEER, "POST", f"{ours}/reject", this),
        (ENGINEER, "POST", f"{ours}/cancel", this),
        (ENGINEER, "POST", f"{V2}transition-requests/approve", named),
        (ENGINEER, "POST", f"{V2}transition-requests/reject", named),
        (ENGINEER, "DELETE", f"{V2}transition-requests/delete", named),
        (ENGINEER, "POST", f"{V2}model-versions/create", {"name": model, "source": "s3://y"}),
        (ENGINEER, "POST", f"{V2}model-versions/set-tag", where | {"key": "k", "value": "v"}),
        (SCIENTIST, "DELETE", f"{V2}model-versions/delete", {"name": model, "version": "1"}),
        (SCIENTIST, "DELETE", f"{V2}registered-models/delete", {"name": model}),
        (
            *(SCIENTIST, "POST", f"{V2}registered-models/rename"),
            {"name": model, "new_name": f"sandbox.{model}"},
        ),
        (OUTSIDER, "POST", f"{ours}/create", where | {"stage": "Staging"}),
        (OUTSIDER, "POST", f"{ours}/cancel", this),
        (OUTSIDER, "GET", f"{OURS}registry/rights?name={model}", None),
    ):
        refused(guarded, user, method, path, body)

    assert ok(guarded, MANAGER, "GET", read) == before
    held = ok(guarded, MANAGER, "GET", f"{OURS}registry/holder?name={model}&stage=Production")
    assert held["versions"] == [1]
    assert ok(guarded, MANAGER, "GET", f"{ours}/get?request_id={this['request_id']}") == {
        "request": asked["request"]
        | {"may": ["approve", "reject", "cancel"], "refusal": "", "deciders": "", "holders": [1]}
    }


def test_a_rejection_and_a_cancellation(guarded: LiveServer, model: str) -> None:
    where = {"name": model, "version": "1", "stage": "Production"}
    create = f"{V2}transition-requests/create"
    ok(guarded, SCIENTIST, "POST", create, where)
    listed = ok(guarded, MANAGER, "GET", f"{V2}transition-requests/list?name={model}&version=1")
    assert [r["user_id"] for r in listed["requests"]] == [SCIENTIST]

    rejected = ok(guarded, MANAGER, "POST", f"{V2}transition-requests/reject", where)
    assert rejected["activity"]["activity_type"] == "REJECTED_REQUEST"
    ok(guarded, SCIENTIST, "POST", create, where)
    query = f"name={model}&version=1&stage=Production&creator={SCIENTIST}"
    gone = ok(guarded, SCIENTIST, "DELETE", f"{V2}transition-requests/delete?{query}")
    assert gone["activity"]["activity_type"] == "CANCELLED_REQUEST"


class TestAttack:
    """Every route as somebody who is in no list: nothing is said, and nothing changes."""

    @pytest.fixture(scope="class")
    def things(self, guarded: LiveServer) -> dict[str, Any]:
        """Names and ids of one of each thing, as fields for calls."""
        made = ok(guarded, SCIENTIST, "POST", f"{V2}experiments/create", {"name": "attacked"})
        number = made["experiment_id"]
        run = ok(guarded, SCIENTIST, "POST", f"{V2}runs/create", {"experiment_id": number})
        run_id = run["run"]["info"]["run_id"]
        logged = ok(
            *(guarded, SCIENTIST, "POST", f"{V2}logged-models"),
            {"experiment_id": number, "name": "m", "source_run_id": run_id},
        )
        model_id = logged["model"]["info"]["model_id"]
        name = "prod.attacked"
        ok(guarded, SCIENTIST, "POST", f"{V2}registered-models/create", {"name": name})
        version = {"name": name, "source": f"models:/{model_id}", "model_id": model_id}
        ok(guarded, SCIENTIST, "POST", f"{V2}model-versions/create", version)
        asked = ok(
            *(guarded, SCIENTIST, "POST", f"{OURS}requests/create"),
            {"name": name, "version": "1", "stage": "Production"},
        )
        path = f"{number}/{run_id}/artifacts/file"
        headers = {"Authorization": f"token {token(SCIENTIST)}"}
        assert guarded.request("PUT", f"{ARTIFACTS}/{path}", b"mine", headers).status == 200
        content = {
            "cells": [{"id": "a", "cell_type": "raw", "source": "", "metadata": {}}],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        kept = ok(
            *(guarded, SCIENTIST, "POST", f"{OURS}revisions/capture"),
            {"run_id": run_id, "path": "attacked.ipynb", "content": content},
        )
        ok(
            *(guarded, SCIENTIST, "POST", f"{OURS}notebooks/resolve"),
            {"path": "attacked.ipynb", "cell_ids": ["a"]},
        )
        self.give_experiment(guarded, kept["revision"]["notebook_id"], number)
        metric = {"key": "k", "value": 1, "timestamp": 1}
        return {
            "experiment_id": number,
            "experiment_ids": [number],
            "experiment_name": "attacked",
            "run_id": run_id,
            "run_ids": [run_id, run_id],
            "model_id": model_id,
            "name": name,
            "new_name": "prod.stolen",
            "version": "1",
            "stage": "Production",
            "alias": "champion",
            "source": "s3://x",
            "key": "k",
            "value": 1,
            "timestamp": 1,
            "metric_key": "k",
            "metric_keys": ["k"],
            "metrics": [metric],
            "tags": [{"key": "k", "value": "v"}],
            "models": [{"model_id": model_id, "step": 0}],
            "kind": "params",
            "path": "attacked.ipynb",
            "content": content,
            "cell_ids": ["a"],
            "snapshot_id": "s",
            "notebook_id": kept["revision"]["notebook_id"],
            "revision_id": kept["revision"]["revision_id"],
            "other_revision_id": kept["revision"]["revision_id"],
            "request_id": asked["request"]["request_id"],
            "model_json": "{}",
            "status": "FINISHED",
            "description": "x",
            "creator": SCIENTIST,
            "max_results": 9,
            "trace": {
                "trace_info": {
                    "trace_id": "t",
                    "trace_location": {"mlflow_experiment": {"experiment_id": number}},
                }
            },
            "artifact": path,
        }

    def give_experiment(self, server: LiveServer, notebook_id: str, number: str) -> None:
        """As the notebook's first run would; here the run was made over HTTP from nowhere."""
        with sqlite3.connect(server.home / "nbruns.db") as conn:
            conn.execute(
                "update notebooks set experiment_id = ? where notebook_id = ?",
                (int(number), notebook_id),
            )

    def calls(self) -> Iterator[tuple[str, str, Any]]:
        for table, prefix in ((routes._MLFLOW, "api/2.0/"), (routes.own_routes(), OURS)):
            for (method, path), endpoint in table.plain.items():
                yield method, prefix + path, endpoint
            for method, template, endpoint in table.templates:
                path = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", template.pattern)
                yield method, prefix + path.replace("\\", ""), endpoint

    def everything(self, server: LiveServer) -> list[str]:
        with sqlite3.connect(server.home / "nbruns.db") as conn:
            return list(conn.iterdump())

    def test_every_route(self, guarded: LiveServer, things: dict[str, Any]) -> None:  # F86 F103
        before = self.everything(guarded)
        let_in, seen = [], 0
        for method, template, endpoint in self.calls():
            fields = dict(things)
            if "artifacts" in template:
                fields["path"] = things["artifact"]
            path = template.format(tag_key="k", **fields)
            if endpoint is access_table.registry.create_version:
                fields["run_id"] = ""
            if endpoint is access_table.comparisons.environment:
                fields = {"run_id": things["run_id"]}
            if endpoint in ONE_OF_TWO:
                del fields["alias"]
            status, reply = self.attack(guarded, method, path, fields)
            seen += 1
            is_open = access_table.NEEDS[endpoint] is access_table.IN_SIGHT
            if is_open and status in (200, 501):
                assert things["run_id"] not in json.dumps(reply), path
                assert "attacked" not in json.dumps(reply), path
            elif status != 403:
                let_in.append((method, path, status, reply))

        assert let_in == []
        assert seen > 90
        assert self.everything(guarded) == before

    def attack(
        self, server: LiveServer, method: str, path: str, fields: dict[str, Any]
    ) -> tuple[int, Any]:
        if method != "GET":
            return ask_as(server, OUTSIDER, method, path, fields)
        plain = {k: v for k, v in fields.items() if isinstance(v, (str, int, list))}
        return ask_as(server, OUTSIDER, method, f"{path}?{urlencode(plain, doseq=True)}")

    def test_files(self, guarded: LiveServer, things: dict[str, Any]) -> None:
        path, headers = things["artifact"], {"Authorization": f"token {token(OUTSIDER)}"}
        first, _, rest = path.partition("/")
        for spelled in (path, f"{first}//{rest}", f"{first}/%2e/{rest}", f"./{path}", f"%2F{path}"):
            for method, body in (("GET", None), ("PUT", b"theirs"), ("DELETE", None)):
                answer = guarded.request(method, f"{ARTIFACTS}/{spelled}", body, headers)
                assert answer.status in (400, 403, 404), (method, spelled)
                assert b"mine" not in answer.body
        assert (guarded.home / "artifacts" / path).read_bytes() == b"mine"

        reader = {"Authorization": f"token {token(ENGINEER)}"}
        assert guarded.request("GET", f"{ARTIFACTS}/{path}", None, reader).body == b"mine"
        assert guarded.request("PUT", f"{ARTIFACTS}/{path}", b"theirs", reader).status == 403
        assert (guarded.home / "artifacts" / path).read_bytes() == b"mine"

    def test_notebooks_of_revisions(self, guarded: LiveServer, things: dict[str, Any]) -> None:
        body = {"revision_id": things["revision_id"], "path": "stolen.ipynb"}

        refused(guarded, OUTSIDER, "POST", f"{OURS}revisions/restore", body)
        refused(guarded, OUTSIDER, "POST", f"{OURS}revisions/copy", body)

        assert list(guarded.work.glob("*.ipynb")) == []

    def test_every_handler_of_its_own_is_thought_of(self) -> None:
        """One that reads or writes by itself asks `permit`; add it here then."""
        asks = {
            artifact_handlers.ArtifactHandler,
            revision_handlers.RestoreHandler,
            revision_handlers.CopyHandler,
            *scoring_handlers.SCORING.values(),
            *(handler for _, handler in serving_handlers.SERVING_HANDLERS),
            passing_handlers.InvocationsHandler,
            passing_handlers.PingHandler,
            passing_handlers.VersionHandler,
        }
        shows_nothing = {
            events.EventsHandler,  # that something changed, and no more
            handlers.HealthHandler,
            panel_kernel.PanelStartHandler,
            static_files.PlotlyHandler,
        }
        extension = app.NbrunsApp()
        extension.initialize_handlers()
        known = asks | shows_nothing | {handlers.ProtocolHandler}

        assert {handler for _, handler, *_ in extension.handlers} - known == set()


class TestServing:
    """EDIT starts and stops what is served, READ asks it, and others do not learn of it."""

    @pytest.fixture(scope="class")
    def served_id(self, guarded: LiveServer) -> str:
        """A version of the scientist's that is served, though its files are of no use."""
        make_useless_version(guarded, "prod.served")
        body = {"name": "prod.served", "version": "1", "environment": "here"}
        for user in (ENGINEER, OUTSIDER):
            assert "prod.served" in refused(guarded, user, "POST", f"{OURS}serving/start", body)
        started = ok(guarded, SCIENTIST, "POST", f"{OURS}serving/start", body)["served"]
        assert started["started_by"] == SCIENTIST
        return str(started["id"])

    def test_a_reader_asks_it(self, guarded: LiveServer, served_id: str) -> None:
        for _ in range(2):
            status, reply = ask_as(guarded, ENGINEER, "POST", f"serving/{served_id}/invocations")
            assert (status, reply["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
            refused(guarded, OUTSIDER, "POST", f"serving/{served_id}/invocations", {})
        for call in ("ping", "version"):
            assert ask_as(guarded, ENGINEER, "GET", f"serving/{served_id}/{call}")[0] == 503
            refused(guarded, OUTSIDER, "GET", f"serving/{served_id}/{call}")

    def test_others_do_not_learn_of_it(self, guarded: LiveServer, served_id: str) -> None:
        def listed(user: str) -> list[str]:
            return [s["id"] for s in ok(guarded, user, "GET", f"{OURS}serving/list")["served"]]

        assert listed(ENGINEER) == [served_id]
        assert listed(OUTSIDER) == []
        refused(guarded, OUTSIDER, "GET", f"{OURS}serving/get?id={served_id}")
        for user in (OUTSIDER, ENGINEER):
            refused(guarded, user, "GET", f"{OURS}serving/fit?name=prod.served&version=1")
        named = f"{OURS}serving/list?name=prod.served"
        assert ok(guarded, SCIENTIST, "GET", named)["may_control"] is True
        assert ok(guarded, ENGINEER, "GET", named)["may_control"] is False
        assert ok(guarded, OUTSIDER, "GET", named) == {"may_control": False, "served": []}
        there = refused(guarded, OUTSIDER, "GET", f"serving/{served_id}/ping")
        not_there = refused(guarded, OUTSIDER, "GET", "serving/prod.served/9/ping")
        assert there == not_there

    def test_only_an_editor_controls_it(self, guarded: LiveServer, served_id: str) -> None:
        for user in (ENGINEER, OUTSIDER):
            refused(guarded, user, "GET", f"{OURS}serving/logs?id={served_id}")
            for call in ("stop", "restart", "remove"):
                refused(guarded, user, "POST", f"{OURS}serving/{call}", {"id": served_id})

        assert "log" in ok(guarded, SCIENTIST, "GET", f"{OURS}serving/logs?id={served_id}")

    def test_who_may_read_no_longer_asks_no_longer(
        self, guarded: LiveServer, served_id: str, policy_file: Path
    ) -> None:
        def status() -> int:
            return ask_as(guarded, ENGINEER, "GET", f"serving/{served_id}/ping")[0]

        assert status() == 503
        with changed(policy_file, "read: [scientists, engineers]", "read: scientists"):
            until(lambda: status() == 403)
        until(lambda: status() == 503)

    def test_it_is_removed(self, guarded: LiveServer, served_id: str) -> None:
        ok(guarded, SCIENTIST, "POST", f"{OURS}serving/remove", {"id": served_id})
        assert ok(guarded, SCIENTIST, "GET", f"{OURS}serving/list") == {"served": []}


class TestThePanel:
    """Each user's panel has a kernel of its own, which asks in the user's name."""

    def test_its_calls_are_the_users(self, guarded: LiveServer, model: str) -> None:
        secrets = {user: panel_secret(kernel_of(guarded, user)) for user in USERS}

        def move(secret: str) -> int:
            body = {"name": model, "version": "1", "stage": "Production"}
            return guarded.request(
                *("POST", f"{V2}model-versions/transition-stage", json.dumps(body).encode()),
                {"Authorization": f"token {secret}"},
            ).status

        name, seal = secrets[MANAGER].partition(".")[0], secrets[SCIENTIST].partition(".")[2]
        assert move(f"{name}.{seal}") == 403
        assert move(f"{name}.") == 403
        assert move(secrets[SCIENTIST]) == 403
        assert move(secrets[MANAGER]) == 200
        moved = ok(guarded, MANAGER, "GET", f"{OURS}activity/search?model={model}&action=moved")
        assert [a["user"] for a in moved["activities"]] == [MANAGER]

    def test_it_is_shared_with_nobody(self, guarded: LiveServer) -> None:
        kernels = {user: kernel_of(guarded, user) for user in USERS}

        assert len(set(kernels.values())) == len(USERS)
        assert {user: kernel_of(guarded, user) for user in USERS} == kernels
        headers = {"Authorization": f"token {token(ENGINEER)}"}
        sessions = guarded.request("GET", "/api/sessions", None, headers).json()
        names = {one["kernel"]["id"]: one["name"] for one in sessions}
        assert names[kernels[ENGINEER]] == f"Runs panel of {ENGINEER}"

    def test_another_server_does_not_know_its_secret(
        self, guarded: LiveServer, new_server: Callable[..., LiveServer]
    ) -> None:
        headers = {"Authorization": f"token {panel_secret(kernel_of(guarded, MANAGER))}"}
        another = new_server(config=TEAM)

        assert guarded.request("GET", "health", headers=headers).status == 200
        assert another.request("GET", "health", headers=headers).status == 403


def test_the_stream_of_changes_tells_nobody_what_changed(guarded: LiveServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=30)
    with contextlib.closing(connection):
        headers = {"Authorization": f"token {token(OUTSIDER)}"}
        connection.request("GET", f"{guarded.base_url}nbruns/events", headers=headers)
        stream = connection.getresponse()
        assert stream.status == 200
        first = [stream.readline() for _ in range(3)]
        ok(guarded, MANAGER, "POST", f"{V2}experiments/create", {"name": "payroll of all"})
        then = [stream.readline() for _ in range(3)]

    for message in (first, then):
        assert message[0] == b"event: change\n"
        assert re.fullmatch(rb'data: \{"version": \d+\}\n', message[1])
        assert message[2] == b"\n"


def kernel_of(server: LiveServer, user: str) -> str:
    return str(ok(server, user, "POST", f"{OURS}panel/start")["kernel_id"])


def panel_secret(kernel_id: str) -> str:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if kernel_id in (folder / "cmdline").read_text():
                environment = (folder / "environ").read_text().split("\0")
                pairs = dict(line.partition("=")[::2] for line in environment if line)
                return pairs["NBRUNS_PANEL_TOKEN"]
        except OSError:
            continue
    raise AssertionError("The panel's kernel does not run")


class TestStarting:
    def start(self, folder: Any, config: str) -> str:
        """What a server says that is to end at once."""
        server = LiveServer(folder, config=config)
        with pytest.raises(AssertionError):
            server.start()
        assert server.process is not None
        assert server.process.wait(10) == 1
        return server.log

    def test_a_wrong_policy_stops_the_server_with_its_line(self, tmp_path: Any) -> None:
        file = tmp_path / "policy.yaml"
        file.write_text("models:\n  - match: '*'\n    tragets: {}\n")

        log = self.start(tmp_path, f"c.NbrunsApp.policy_file = {str(file)!r}")

        assert "policy.yaml line 3: 'tragets' is not known here: did you mean 'targets'?" in log

    def test_a_wrong_policy_in_the_configuration_too(self, tmp_path: Any) -> None:
        log = self.start(tmp_path, "c.NbrunsApp.policy = {'modles': []}")

        assert "c.NbrunsApp.policy['modles']" in log

    def test_kernels_learn_of_the_policy(self, new_server: Callable[..., LiveServer]) -> None:
        rule = {"match": "*", "targets": {"Production": {"move": ["boss"]}}}
        server = new_server(config=f"c.NbrunsApp.policy = {{'models': [{rule}]}}")
        files = list((server.folder / "runtime").glob("nbruns-policy-*.json"))

        assert json.loads(files[0].read_text())["models"] == [rule]
        assert files[0].stat().st_mode & 0o777 == 0o600


def test_a_user_who_calls_themselves_anonymous_is_who_they_are(guarded: LiveServer) -> None:
    """Jupyter's own names for people without one are the server's user; a provider's are not."""
    name = "a" * 32

    refused(guarded, name, "POST", f"{V2}experiments/create", {"name": "by nobody"})
    log = ok(guarded, MANAGER, "GET", f"{OURS}activity/search?user={name}")
    assert log == {"activities": []}
