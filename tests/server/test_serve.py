"""`nbruns serve` as a group meets it: a real process, MLflow's own client, users with tokens."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from fake_hub import FakeHub
from group_server import GroupServer
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from team import ENGINEER, MANAGER, OUTSIDER, SCIENTIST, USERS

import nbruns

As = Callable[[str], MlflowClient]
V2 = "api/2.0/mlflow/"


@pytest.fixture(scope="module")
def new_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., GroupServer]]:
    """Start servers of groups; all are stopped with the module."""
    started: list[GroupServer] = []

    def new(**settings: Any) -> GroupServer:
        server = GroupServer(tmp_path_factory.mktemp("group"), **settings)
        started.append(server)
        server.start()
        return server

    yield new
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def group(new_group: Callable[..., GroupServer], policy_file: Path) -> GroupServer:
    """A server with a policy, which nobody may use yet."""
    return new_group(options=("--policy", str(policy_file)))


@pytest.fixture(scope="module")
def tokens(group: GroupServer) -> dict[str, str]:
    """The three users', let in while the server runs, and a stranger's to the policy."""
    return {user: group.add_user(user) for user in (*USERS, OUTSIDER)}


@pytest.fixture
def client_of(
    group: GroupServer, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[As]:
    """MLflow's client, and our functions, as one of the users from now on."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    def become(user: str) -> MlflowClient:
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", tokens[user])
        mlflow.set_tracking_uri(group.url)
        mlflow.set_registry_uri(group.url)
        return MlflowClient()

    yield become
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def wait_for(happens: Callable[[], bool], patience_s: float = 20) -> None:
    until = time.monotonic() + patience_s
    while not happens():
        assert time.monotonic() < until, "It did not happen in time"
        time.sleep(0.05)


# F84 F85 F86 F104
@pytest.mark.filterwarnings("ignore:.*transition_model_version_stage.*:FutureWarning")
def test_the_story_of_three_with_mlflows_client(client_of: As) -> None:
    scientist = client_of(SCIENTIST)
    run = scientist.create_run(scientist.create_experiment("churn"))
    scientist.log_metric(run.info.run_id, "loss", 0.25)
    scientist.log_text(run.info.run_id, "what it is", "note.txt")
    scientist.create_registered_model("prod.churn")
    version = scientist.create_model_version("prod.churn", "s3://models/churn")
    assert scientist.get_run(run.info.run_id).info.user_id == SCIENTIST

    with pytest.raises(MlflowException, match="managers may"):
        scientist.transition_model_version_stage("prod.churn", version.version, "Production")
    asked = nbruns.request_transition(
        "prod.churn", version.version, stage="Production", comment="two points better"
    )
    with pytest.raises(Exception, match="managers may"):
        nbruns.approve(asked)

    engineer = client_of(ENGINEER)
    assert engineer.download_artifacts(run.info.run_id, "note.txt")
    with pytest.raises(MlflowException, match="may"):
        engineer.log_metric(run.info.run_id, "loss", 0.0)
    client_of(MANAGER)
    assert list(nbruns.requests()["requester"]) == [SCIENTIST]
    nbruns.approve(asked, comment="agreed")

    found = client_of(SCIENTIST).get_model_version("prod.churn", version.version)
    assert found.current_stage == "Production"
    log = nbruns.activity("prod.churn")
    assert list(zip(log["action"], log["user"], strict=True)) == [
        ("moved", MANAGER),
        ("approved", MANAGER),
        ("requested", SCIENTIST),
        ("registered", SCIENTIST),
        ("created", SCIENTIST),
    ]
    outsider = client_of(OUTSIDER)
    assert outsider.search_registered_models() == []
    with pytest.raises(MlflowException, match="mallory"):
        outsider.get_run(run.info.run_id)


def test_the_root_of_the_address_does_as_well(
    group: GroupServer, client_of: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_of(SCIENTIST)
    at_root = MlflowClient(group.url.removesuffix("/nbruns"))

    run = at_root.create_run(at_root.create_experiment("at the root"))
    at_root.log_text(run.info.run_id, "text", "at/root.txt")

    assert [file.path for file in at_root.list_artifacts(run.info.run_id, "at")] == ["at/root.txt"]
    assert MlflowClient(group.url).get_run(run.info.run_id).info.user_id == SCIENTIST


@pytest.mark.parametrize("header", ["", "Bearer wrong", "token ", "Basic {}", "Bearer {}x", "{}"])
def test_without_a_token_of_a_user_nobody_gets_in(
    group: GroupServer, tokens: dict[str, str], header: str
) -> None:
    headers = {"Authorization": header.format(tokens[MANAGER])}

    answer = group.request("POST", f"{V2}experiments/create", b'{"name": "forged"}', headers)

    assert (answer.status, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_token_in_the_address_is_none(group: GroupServer, tokens: dict[str, str]) -> None:
    path = f"health?token={tokens[MANAGER]}"

    assert group.request("GET", path, headers={}).status == 403


def test_users_come_and_go_without_a_restart(group: GroupServer) -> None:
    token = group.run("token", "add", "grace").strip()
    second = group.run("token", "add", "grace", "--label", "laptop").strip()
    assert group.ask_as(token).status == group.ask_as(second).status == 200
    assert "grace: laptop, token" in group.run("token", "list")
    assert token not in group.tokens.read_text()

    group.run("token", "remove", "grace", "--label", "laptop")
    assert [group.ask_as(one).status for one in (token, second)] == [200, 403]
    group.run("token", "remove", "grace")
    assert group.ask_as(token).status == 403


def test_a_file_that_is_spoilt_lets_in_whom_it_let_in(
    group: GroupServer, tokens: dict[str, str]
) -> None:
    good = group.tokens.read_text()
    group.tokens.write_text(good + "erin: not a digest\n")

    assert group.ask_as(tokens[MANAGER]).status == 200
    wait_for(lambda: "tokens.yaml line" in group.log)
    assert "stays in force" in group.log
    group.tokens.write_text(good)
    assert group.ask_as(tokens[MANAGER]).status == 200


def test_it_serves_nothing_else_of_jupyter(group: GroupServer, tokens: dict[str, str]) -> None:
    paths = ["", "api", "api/contents", "api/kernels", "api/sessions", "api/terminals", "lab"]
    paths += ["login", "metrics", "static/style/style.min.css", "files/tokens.yaml", "tree"]
    paths += ["nbruns/api/1.0/panel/start", "nbruns/api/1.0/revisions/copy", "api/shutdown"]

    found = {path: group.ask_as(tokens[MANAGER], path).status for path in paths}

    assert set(found.values()) == {404}, found
    headers = {"Authorization": f"Bearer {tokens[MANAGER]}"}
    for path in ("/api/shutdown", "/api/kernels", "/api/1.0/panel/start", "/api/1.0/scoring/start"):
        assert group.request("POST", path, b"{}", headers).status == 404
    assert group.process is not None
    assert group.process.poll() is None


def test_the_policy_is_gone_by_when_it_changes(
    new_group: Callable[..., GroupServer], tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("default: READ\n")
    server = new_group(options=("--policy", str(file)))
    headers = {"Authorization": f"Bearer {server.add_user('ada')}"}

    def may_create(name: str) -> bool:
        body = json.dumps({"name": name}).encode()
        return server.request("POST", f"{V2}experiments/create", body, headers).status == 200

    assert not may_create("one")
    file.write_text("default: EDIT\n")
    wait_for(lambda: may_create("two"))
    file.write_text("default: EDIT\nexperimnts: []\n")
    wait_for(lambda: "policy.yaml line 2: 'experimnts'" in server.log)
    assert may_create("three")
    file.write_text("default: NONE\n")
    wait_for(lambda: not may_create(f"at {time.monotonic()}"))


class TestStarting:
    def refusal(self, folder: Path, *options: str, **environ: str) -> str:
        """What a server says that is to end at once."""
        server = GroupServer(folder, options=options, environ=environ)
        with pytest.raises(AssertionError):
            server.start()
        assert server.process is not None
        assert server.process.wait(10) == 1
        assert "Traceback" not in server.log
        return server.log

    def test_a_wrong_policy_is_named_by_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "policy.yaml").write_text("models:\n  - {match: x, raed: ada}\n")

        said = self.refusal(tmp_path, "--policy", str(tmp_path / "policy.yaml"))

        assert "policy.yaml line 2: 'raed' is not known here: did you mean 'read'?" in said

    def test_wrong_tokens_too(self, tmp_path: Path) -> None:
        (tmp_path / "mine.yaml").write_text("ada:\n  laptop: sesame\n")
        (tmp_path / "mine.yaml").chmod(0o600)

        said = self.refusal(tmp_path, "--tokens", str(tmp_path / "mine.yaml"))

        assert "mine.yaml line 2: expected the SHA-256 of a token" in said

    def test_a_port_that_is_taken_is_not_replaced_by_another(
        self, group: GroupServer, tmp_path: Path
    ) -> None:
        assert "is not available" in self.refusal(tmp_path, "--port", str(group.port))

    def test_without_a_hub_it_is_no_service(self, tmp_path: Path) -> None:
        assert "JUPYTERHUB_API_URL is not set" in self.refusal(tmp_path, "--hub")

    def test_what_is_set_for_notebooks_is_left_alone(
        self, new_group: Callable[..., GroupServer]
    ) -> None:
        config = "c.ServerApp.base_url = '/mine/'\nc.NbrunsApp.policy = {'default': 'NONE'}"
        server = new_group(config=config)

        assert server.ask_as(server.add_user("ada")).status == 200

    def test_jupyters_own_settings_follow_two_dashes(
        self, new_group: Callable[..., GroupServer]
    ) -> None:
        options = ("--", "--ServerApp.base_url=/runs/")
        server = new_group(base_url="/runs/", options=options)

        token = server.add_user("ada")

        assert server.ask_as(token).status == 200
        assert f"at http://127.0.0.1:{server.port}/runs/nbruns (process" in server.log

    def test_it_warns_where_tokens_can_be_read(
        self, new_group: Callable[..., GroupServer], group: GroupServer
    ) -> None:
        server = new_group(options=("--host", "0.0.0.0"))

        assert "It listens on 0.0.0.0 without TLS" in server.log
        assert "without TLS" not in group.log


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
    new_group: Callable[..., GroupServer], how: signal.Signals
) -> None:
    server = new_group()
    headers = {"Authorization": f"Bearer {server.add_user('ada')}"}
    body = b'{"name": "kept"}'
    assert server.request("POST", f"{V2}experiments/create", body, headers).status == 200
    assert server.process is not None
    server.process.send_signal(how)

    assert server.process.wait(15) == 0
    assert "Traceback" not in server.log
    assert not (server.home / "nbruns.db-wal").exists()
    server.start()
    answer = server.request(
        "GET", f"{V2}experiments/get-by-name?experiment_name=kept", None, headers
    )
    assert answer.status == 200


def test_over_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    options = ("--certfile", str(certificate), "--keyfile", str(key), "--host", "0.0.0.0")
    server = GroupServer(tmp_path, options=options)
    trusting = ssl.create_default_context(cafile=str(certificate))
    try:
        server.start()
        request = urllib.request.Request(
            f"https://127.0.0.1:{server.port}/nbruns/health",
            headers={"Authorization": f"Bearer {server.add_user('ada')}"},
        )
        assert urllib.request.urlopen(request, context=trusting).read() == b"OK"
        assert "without TLS" not in server.log
    finally:
        server.stop()


class TestOnAHub:
    """As a service of a JupyterHub, which alone knows whose a token is."""

    @pytest.fixture(scope="class")
    def hub(self) -> Iterator[FakeHub]:
        with FakeHub().listening() as hub:
            yield hub

    @pytest.fixture(scope="class")
    def service(
        self, hub: FakeHub, new_group: Callable[..., GroupServer], policy_file: Path
    ) -> Any:
        server = GroupServer(Path())
        return new_group(
            base_url="/services/runs/",
            port=server.port,
            options=("--hub", "--policy", str(policy_file)),
            environ=hub.environment("runs", server.port),
        )

    def test_users_are_the_hubs(self, hub: FakeHub, service: GroupServer) -> None:
        hub.users["of ada"] = {"name": SCIENTIST, "scopes": ["access:services!service=runs"]}
        hub.users["of erin"] = {"name": ENGINEER, "scopes": ["access:services"]}
        create = f"{V2}experiments/create"

        def create_as(token: str, name: str) -> int:
            headers = {"Authorization": f"token {token}"}
            return service.request(
                "POST", create, json.dumps({"name": name}).encode(), headers
            ).status

        assert create_as("of ada", "churn") == 200
        assert create_as("of erin", "leavers") == 403
        found = service.ask_as("of erin", f"nbruns/{V2}experiments/search?max_results=9").json()
        assert {one["name"] for one in found["experiments"]} == {"Default", "churn"}

    def test_a_token_for_something_else_opens_nothing(
        self, hub: FakeHub, service: GroupServer
    ) -> None:
        hub.users["of another service"] = {"name": MANAGER, "scopes": ["access:services!service=x"]}

        assert service.ask_as("of another service").status == 403
        assert service.ask_as("of nobody").status == 403

    def test_a_service_is_no_user_of_its_name(self, hub: FakeHub, service: GroupServer) -> None:
        scopes = ["access:services"]
        hub.users["of a service"] = {"name": MANAGER, "kind": "service", "scopes": scopes}

        answer = service.request(
            *("POST", f"{V2}experiments/create", b'{"name": "payroll"}'),
            {"Authorization": "token of a service"},
        )

        assert answer.status == 403
        assert f"service:{MANAGER}" in answer.json()["message"]

    @pytest.mark.parametrize(
        "said",
        [{"name": None}, {"name": ""}, {"name": 7}, {}, {"name": "ada", "scopes": None}],
    )
    def test_an_answer_that_names_nobody_lets_nobody_in(
        self, hub: FakeHub, service: GroupServer, said: dict[str, Any]
    ) -> None:
        token = f"odd {said}"
        hub.users[token] = {"scopes": ["access:services"]} | said

        headers = {"Authorization": f"Bearer {token}"}
        answer = service.request("GET", f"{V2}experiments/get?experiment_id=0", None, headers)
        assert answer.status == 503

    def test_the_hub_is_asked_once_for_many_calls(self, hub: FakeHub, service: GroupServer) -> None:
        hub.users["often"] = {"name": SCIENTIST, "scopes": ["access:services"]}
        before = hub.asked

        assert {service.ask_as("often").status for _ in range(20)} == {200}
        assert hub.asked == before + 1

    def test_while_the_hub_is_away_new_tokens_wait(
        self, hub: FakeHub, service: GroupServer
    ) -> None:
        hub.users["for later"] = {"name": SCIENTIST, "scopes": ["access:services"]}
        hub.is_away = True
        answer = service.ask_as("for later")
        hub.is_away = False

        assert (answer.status, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert "JupyterHub" in answer.json()["message"]
        assert service.ask_as("for later").status == 200
