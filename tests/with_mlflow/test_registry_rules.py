"""The rules as MLflow's own client, Databricks' SDK and our Python functions meet them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import mlflow
import pytest
from databricks.sdk.service.ml import ModelRegistryAPI
from jupyter_process import LiveServer
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from team import ENGINEER, MANAGER, SCIENTIST, ask_as, token

import nbruns
from nbruns.errors import InvalidState, InvalidValue, NbrunsError, NotPermitted
from nbruns.identity import acting_as

Act = Callable[[str], None]


@pytest.fixture(params=["in process", "over HTTP"])
def act_as(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    policy_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Act:
    """Point MLflow at a store under the team's policy, and act as one of the team."""
    if request.param == "in process":
        mlflow.set_registry_uri(f"nbruns://{tmp_path}/home")
        mlflow.set_tracking_uri(f"nbruns://{tmp_path}/home")
        monkeypatch.setenv("NBRUNS_POLICY", str(policy_file))
        # The system's user, as far as a kernel knows.
        return lambda user: monkeypatch.setenv("JUPYTERHUB_USER", user)
    server: LiveServer = request.getfixturevalue("guarded")
    mlflow.set_registry_uri(server.url)
    mlflow.set_tracking_uri(server.url)
    return lambda user: monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token(user))


def make(act_as: Act, name: str) -> MlflowClient:
    act_as(SCIENTIST)
    client = MlflowClient()
    client.create_registered_model(name)
    client.create_model_version(name, "s3://x")
    return client


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_mlflows_client_is_told_the_rule_and_the_way_on(act_as: Act) -> None:  # F81 F86
    client = make(act_as, "prod.told")

    with pytest.raises(MlflowException, match="managers may") as error:
        client.transition_model_version_stage("prod.told", "1", "Production")
    assert error.value.error_code == "PERMISSION_DENIED"
    with pytest.raises(MlflowException, match="request_transition"):
        client.set_registered_model_alias("prod.told", "champion", 1)
    with pytest.raises(MlflowException, match="MANAGE"):
        client.delete_registered_model("prod.told")
    client.set_registered_model_alias("prod.told", "candidate", 1)
    assert client.get_model_version_by_alias("prod.told", "candidate").version in ("1", 1)


def test_a_request_from_python_to_the_move(act_as: Act) -> None:  # F84 F85 F87 N7
    client = make(act_as, "prod.asked")

    asked = nbruns.request_transition("prod.asked", 1, alias="champion", comment="better")
    assert (asked.state, asked.requester, asked.target) == ("pending", SCIENTIST, "@champion")
    with pytest.raises(NotPermitted, match="may not decide their own request"):
        nbruns.approve(asked)

    act_as(MANAGER)
    assert list(nbruns.requests("prod.asked")["request_id"]) == [asked.request_id]
    decided = nbruns.approve(asked.request_id, comment="agreed")

    assert (decided.state, decided.decider) == ("approved", MANAGER)
    assert client.get_registered_model("prod.asked").aliases == {"champion": "1"}
    assert nbruns.holder("prod.asked", alias="champion") == [1]
    assert nbruns.holder("prod.asked", alias="champion", at="2020-05-03") == []
    log = nbruns.activity("prod.asked", version=1)
    assert list(log["action"]) == ["moved", "approved", "requested", "registered"]
    assert list(log["user"]) == [MANAGER, MANAGER, SCIENTIST, SCIENTIST]
    assert list(log["requester"])[:3] == [SCIENTIST] * 3
    assert str(log["at"].dtype) == "datetime64[ms, UTC]" or "UTC" in str(log["at"].dtype)
    assert nbruns.registry.rights("prod.asked")["level"] == "MANAGE"


def test_a_move_says_why_and_comes_back(act_as: Act) -> None:  # F81 F82 F83
    client = make(act_as, "prod.moved")
    client.create_model_version("prod.moved", "s3://y")
    with pytest.raises(NotPermitted, match="managers may"):
        nbruns.move("prod.moved", 1, stage="Production")

    act_as(MANAGER)
    first = nbruns.move("prod.moved", 1, stage="Production", comment="first of all")
    second = nbruns.move("prod.moved", "2", stage="production", archive_existing_versions=True)
    assert (first.stage, second.stage) == ("Production", "Production")
    assert client.get_model_version("prod.moved", "1").current_stage == "Archived"
    assert nbruns.move("prod.moved", 2, stage="None", comment="reverted").stage == "None"

    moved = nbruns.move("prod.moved", 2, alias="@candidate", comment="two points better")
    assert moved.aliases == ("candidate",)
    nbruns.remove("prod.moved", alias="candidate", comment="a mistake")
    assert client.get_registered_model("prod.moved").aliases == {}
    log = nbruns.activity("prod.moved", action="moved")
    assert list(log["comment"]) == [
        "a mistake",
        "two points better",
        "reverted",
        "",
        "makes room for version 2",
        "first of all",
    ]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({}, "Name where to"),
        ({"stage": "Staging", "alias": "a"}, "not both"),
        ({"stage": "Prod"}, "'Prod'"),
        ({"alias": "two words"}, "'two words'"),
        ({"alias": "a", "archive_existing_versions": True}, "for stages"),
    ],
)
def test_a_move_to_nowhere_is_refused(act_as: Act, where: dict[str, Any], words: str) -> None:
    make(act_as, f"sandbox.{len(words)}")

    with pytest.raises(InvalidValue, match=words):
        nbruns.move(f"sandbox.{len(words)}", 1, **where)


def test_a_version_is_copied_under_another_name(act_as: Act) -> None:
    act_as(MANAGER)
    client = MlflowClient()
    experiment_id = client.create_experiment("copied")
    run = client.create_run(experiment_id)
    logged = client.create_logged_model(experiment_id, "net", run.info.run_id)
    client.create_registered_model("prod.staged")
    client.create_registered_model("prod.live")
    source = f"models:/{logged.model_id}"
    first = client.create_model_version("prod.staged", source, model_id=logged.model_id)

    copied = client.copy_model_version("models:/prod.staged/1", "prod.live")

    assert (copied.name, int(copied.version)) == ("prod.live", 1)
    assert copied.source == "models:/prod.staged/1"
    where = client.get_model_version_download_uri("prod.live", "1")
    assert where == client.get_model_version_download_uri("prod.staged", first.version)
    again = client.copy_model_version("models:/prod.staged/1", "prod.live")
    assert int(again.version) == 2
    act_as(ENGINEER)
    with pytest.raises(MlflowException, match="EDIT"):
        client.copy_model_version("models:/prod.staged/1", "prod.live")


def test_no_and_never_mind(act_as: Act) -> None:
    make(act_as, "prod.no")
    first = nbruns.request_transition("prod.no", "1", stage="Production")
    assert nbruns.cancel(first).state == "cancelled"
    second = nbruns.request_transition("prod.no", "1", stage="Production")
    act_as(MANAGER)
    assert nbruns.reject(second, comment="not yet").decision == "not yet"

    states = [one.state for one in nbruns.requests("prod.no", state=None, output_format="list")]
    assert states == ["rejected", "cancelled"]
    with pytest.raises(NbrunsError, match="rejected by katherine: not yet"):
        nbruns.approve(second)


def test_a_long_log_comes_whole_or_as_much_as_is_wanted(act_as: Act) -> None:
    client = make(act_as, "prod.long")
    for number in range(30):
        client.set_model_version_tag("prod.long", "1", "n", str(number))

    assert len(nbruns.activity("prod.long", max_results=10)) == 10
    assert len(nbruns.activity("prod.long", output_format="list")) == 32
    assert len(nbruns.activity("prod.long", since="2100-01-01")) == 0
    with pytest.raises(InvalidValue, match="yesterday"):
        nbruns.activity(since="yesterday")


def test_another_registry_is_named(tmp_path: Path) -> None:
    mlflow.set_registry_uri(f"sqlite:///{tmp_path}/theirs.db")

    with pytest.raises(InvalidState, match="not one of nbruns"):
        nbruns.requests()


class TestInProcess:
    """With the file at hand the policy guides: the registry, and nothing else."""

    @pytest.fixture
    def client(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
        uri = f"nbruns://{tmp_path}/home"
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        monkeypatch.setenv("JUPYTERHUB_USER", ENGINEER)
        return MlflowClient(uri, uri)

    def test_runs_and_experiments_are_free(
        self, client: MlflowClient, policy_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NBRUNS_POLICY", str(policy_file))
        with pytest.raises(MlflowException, match="EDIT"):
            client.create_registered_model("prod.x")

        experiment_id = client.create_experiment("payroll")
        run = client.create_run(experiment_id)
        client.log_metric(run.info.run_id, "m", 1.0)
        assert client.get_experiment(experiment_id).name == "payroll"
        assert len(client.search_runs([experiment_id])) == 1

    def test_a_policy_that_cannot_be_read_stops_no_training(
        self, client: MlflowClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NBRUNS_POLICY", "/nowhere/policy.yaml")

        run = client.create_run("0")
        client.log_metric(run.info.run_id, "m", 1.0)
        with pytest.raises(MlflowException, match=r"/nowhere/policy\.yaml"):
            client.create_registered_model("m")

    def test_without_one_a_single_user_notices_nothing(self, client: MlflowClient) -> None:
        client.create_registered_model("m")
        client.create_model_version("m", "s3://x")
        client.set_registered_model_alias("m", "champion", 1)
        asked = nbruns.request_transition("m", 1, stage="Staging")
        nbruns.approve(asked)

        assert set(nbruns.activity("m")["allowed_by"]) == {"no policy"}
        with acting_as(SCIENTIST):
            client.delete_registered_model("m")


class Sdk:
    """Stands in for the SDK's HTTP client, which knows no servers below a path."""

    _cfg = type("Config", (), {"workspace_id": None})

    def __init__(self, server: LiveServer, user: str) -> None:
        self.server, self.user = server, user

    def do(
        self, method: str, path: str, *, query: Any = None, body: Any = None, headers: Any = None
    ) -> Any:
        if query is not None:
            path += f"?{urlencode(query)}"
        status, reply = ask_as(self.server, self.user, method, path.lstrip("/"), body)
        if status != 200:
            raise PermissionError(reply["message"])
        return reply


def test_the_sdk_of_databricks_is_understood(guarded: LiveServer) -> None:  # F84 F85
    name = "prod.sdk"
    for path, body in (
        ("registered-models/create", {"name": name}),
        ("model-versions/create", {"name": name, "source": "s3://x"}),
    ):
        assert ask_as(guarded, SCIENTIST, "POST", f"api/2.0/mlflow/{path}", body)[0] == 200
    scientist, manager = (ModelRegistryAPI(Sdk(guarded, one)) for one in (SCIENTIST, MANAGER))

    made = scientist.create_transition_request(name, "1", "Production", comment="please").request
    assert made is not None
    assert (made.user_id, made.to_stage, made.comment) == (SCIENTIST, "Production", "please")
    actions = {SCIENTIST: ["CANCEL"], MANAGER: ["APPROVE", "REJECT", "CANCEL"]}
    assert [a.value.partition("_")[0] for a in made.available_actions or ()] == actions[SCIENTIST]
    with pytest.raises(PermissionError, match="may not decide their own"):
        scientist.approve_transition_request(name, "1", "Production", False)
    open_ones = list(manager.list_transition_requests(name, "1"))
    assert [(one.user_id, one.to_stage) for one in open_ones] == [(SCIENTIST, "Production")]

    activity = manager.approve_transition_request(name, "1", "Production", True, comment="yes")
    assert activity.activity is not None
    assert activity.activity.activity_type is not None
    assert activity.activity.activity_type.value == "APPROVED_REQUEST"
    assert (activity.activity.from_stage, activity.activity.to_stage) == ("None", "Production")
    found = scientist.get_model(name).registered_model_databricks
    assert found is not None
    assert found.permission_level is not None
    assert found.permission_level.value == "CAN_EDIT"

    manager.transition_stage(name, "1", "None", False, comment="back")
    scientist.create_transition_request(name, "1", "Production")
    assert manager.reject_transition_request(name, "1", "Production").activity is not None
    scientist.create_transition_request(name, "1", "Production")
    gone = scientist.delete_transition_request(name, "1", "Production", SCIENTIST)
    assert gone is not None
    assert list(manager.list_transition_requests(name, "1")) == []
    told = ask_as(guarded, MANAGER, "GET", f"api/1.0/activity/search?model={name}")[1]
    assert "back" in [a["comment"] for a in told["activities"]]
