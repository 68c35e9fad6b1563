"""A Jupyter server with users: who each request is from is told by a token of the user's own.

A browser has it in the cookie `team`, which goes with its websockets too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

USERS = ("ada", "erin", "katherine")
# The scientist, the engineer and the manager; and somebody who is in no list at all.
SCIENTIST, ENGINEER, MANAGER, OUTSIDER = *USERS, "mallory"

TEAM = """
from jupyter_server.auth.identity import IdentityProvider, User

class Team(IdentityProvider):
    def get_user(self, handler):
        _, _, token = handler.request.headers.get("Authorization", "").partition(" ")
        tokens = (token, handler.get_cookie("team", ""))
        names = [one.removeprefix("token-of-") for one in tokens if one.startswith("token-of-")]
        return User(names[0]) if names else None

    def is_token_authenticated(self, handler):
        return True

c.ServerApp.identity_provider_class = Team
"""

POLICY = """
groups:
  scientists: [ada]
  engineers: [erin]
  managers: [katherine]
default: NONE
experiments:
  - {match: "payroll*", read: managers, manage: managers}
  - {match: "*", read: engineers, edit: scientists, manage: managers}
models:
  - match: "sandbox.*"
    manage: [scientists, engineers, managers]
  - match: "prod.*"
    read: [scientists, engineers]
    edit: scientists
    manage: managers
    targets:
      Production: {move: managers, self_approval: false}
      Staging: {move: [engineers, managers]}
      "@champion": {approve: [engineers, managers], self_approval: false}
"""


def team_config(policy: Path) -> str:
    """The configuration of a server that knows the users and goes by a policy file.

    The file is written where there is none.
    """
    if not policy.exists():
        policy.write_text(POLICY)
    return f"{TEAM}\nc.NbrunsApp.policy_file = {str(policy)!r}\n"


def token(user: str) -> str:
    """What a user signs in with."""
    return f"token-of-{user}"


def ask_as(server: Any, user: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Status and JSON of a user's call."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {token(user)}"}
    answer = server.request(method, path, sent, headers)
    return answer.status, answer.json()


def make_useless_version(server: Any, name: str) -> str:
    """A version of the scientist's whose files lie in the store and cannot be loaded; its run."""
    v2 = "api/2.0/mlflow/"

    def made(path: str, body: object) -> Any:
        status, reply = ask_as(server, SCIENTIST, "POST", v2 + path, body)
        assert status == 200, reply
        return reply

    number = made("experiments/create", {"name": f"experiment of {name}"})["experiment_id"]
    run_id = made("runs/create", {"experiment_id": number})["run"]["info"]["run_id"]
    path = f"{number}/{run_id}/artifacts/m"
    files = f"api/2.0/mlflow-artifacts/artifacts/{path}"
    described = b"flavors: {python_function: {loader_module: no_such_module}}"
    headers = {"Authorization": f"token {token(SCIENTIST)}"}
    assert server.request("PUT", f"{files}/MLmodel", described, headers).status == 200
    made("registered-models/create", {"name": name})
    source = {"source": f"mlflow-artifacts:/{path}", "run_id": run_id}
    made("model-versions/create", {"name": name, **source})
    return str(run_id)
