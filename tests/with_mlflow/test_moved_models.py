"""`models:/…` loads what the log says, whoever moved it and by which door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import mlflow
import pytest
from jupyter_process import LiveServer
from mlflow.exceptions import MlflowException

import nbruns
from nbruns.panel.connection import Address, Connection
from nbruns.panel.models.move_client import Move, MoveClient

NAME = "moved.by.all"


class Answer(mlflow.pyfunc.PythonModel):
    """Answers with its number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def predict(self, context: Any, model_input: list[str], params: Any = None) -> list[int]:
        return [self.number]


@pytest.fixture
def server(signed_in: LiveServer) -> LiveServer:
    """The live server with three versions of a model, each of which answers with its number."""
    mlflow.set_tracking_uri(signed_in.url)
    mlflow.set_registry_uri(signed_in.url)
    mlflow.set_experiment("moved")
    for number in (1, 2, 3):
        model = mlflow.pyfunc.log_model(name="answer", python_model=Answer(number))
        mlflow.register_model(model.model_uri, NAME)
    return signed_in


def by_panel(server: LiveServer, version: int, target: str) -> None:
    client = MoveClient(Connection(Address(f"{server.url}/", server.token)))
    asyncio.run(client.move(Move(NAME, version, target, archives=target == "Production")))


def by_python(server: LiveServer, version: int, target: str) -> None:
    if target.startswith("@"):
        nbruns.move(NAME, version, alias=target[1:])
    else:
        nbruns.move(NAME, version, stage=target, archive_existing_versions=True)


def by_request(server: LiveServer, version: int, target: str) -> None:
    where = {"alias": target[1:]} if target.startswith("@") else {"stage": target}
    asked = nbruns.request_transition(NAME, version, **where)  # type: ignore[arg-type]
    nbruns.approve(asked, archive_existing_versions=True if "stage" in where else None)


def by_mlflow(server: LiveServer, version: int, target: str) -> None:
    client = mlflow.MlflowClient()
    if target.startswith("@"):
        client.set_registered_model_alias(NAME, target[1:], version)
    else:
        client.transition_model_version_stage(NAME, version, target, True)


def by_rest(server: LiveServer, version: int, target: str) -> None:
    body: dict[str, Any] = {"name": NAME, "version": str(version)}
    if target.startswith("@"):
        path, more = "registered-models/alias", {"alias": target[1:]}
    else:
        path, more = "model-versions/transition-stage", {"stage": target}
        more["archive_existing_versions"] = "true"
    status, reply = server.ask("POST", f"api/2.0/mlflow/{path}", body | more)
    assert status == 200, reply


def loaded(uri: str) -> int:
    (answer,) = mlflow.pyfunc.load_model(uri).predict(["?"])
    return int(answer)


def last_moved(target: str) -> int:
    log = nbruns.activity(NAME, action="moved", output_format="list")
    return next(int(one.version) for one in log if one.target == target)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_it_loads_what_the_log_says(server: LiveServer) -> None:  # F81 F82 F83
    doors: list[tuple[Callable[[LiveServer, int, str], None], int]] = [
        *((by_panel, 2), (by_request, 3), (by_mlflow, 1), (by_rest, 2)),
        (by_python, 3),
    ]
    for move, version in doors:
        for target, uri in (
            ("@champion", f"{NAME}@champion"),
            ("Production", f"{NAME}/Production"),
        ):
            move(server, version, target)
            assert loaded(f"models:/{uri}") == last_moved(target) == version, move.__name__
            where = {"alias": "champion"} if target.startswith("@") else {"stage": target}
            assert nbruns.holder(NAME, **where) == [version]  # type: ignore[arg-type]
    assert [loaded(f"models:/{NAME}/{number}") for number in (1, 2, 3)] == [1, 2, 3]

    by_panel(server, 3, "None")
    asyncio.run(unpoint(server))
    with pytest.raises(MlflowException, match="Production"):
        mlflow.pyfunc.load_model(f"models:/{NAME}/Production")
    with pytest.raises(MlflowException, match="champion"):
        mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    assert nbruns.holder(NAME, alias="champion") == nbruns.holder(NAME, stage="Production") == []


async def unpoint(server: LiveServer) -> None:
    client = MoveClient(Connection(Address(f"{server.url}/", server.token)))
    await client.move(Move(NAME, 3, "@champion", removes=True))
