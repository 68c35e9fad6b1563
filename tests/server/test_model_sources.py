"""Where a version's files may come from, attacked over raw REST on a server with rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_process import LiveServer
from team import MANAGER, SCIENTIST, ask_as

from nbruns.records import Run
from nbruns.store import Store

V2 = "api/2.0/mlflow/"
FILES = "api/2.0/mlflow-artifacts/artifacts"
NAME = "sandbox.taken"


@pytest.fixture(scope="module")
def store(guarded: LiveServer) -> Iterator[Store]:
    made = ask_as(guarded, SCIENTIST, "POST", f"{V2}registered-models/create", {"name": NAME})
    assert made[0] == 200
    store = Store.open(guarded.home)
    yield store
    store.close()


@pytest.fixture(scope="module")
def own(guarded: LiveServer, store: Store) -> Run:
    """A run of the scientist's with a model among its files."""
    return run_with_files(guarded, store, SCIENTIST, "churn")


@pytest.fixture(scope="module")
def secret(guarded: LiveServer, store: Store) -> Run:
    """One of an experiment that the scientist may not read."""
    return run_with_files(guarded, store, MANAGER, "payroll")


def run_with_files(server: LiveServer, store: Store, user: str, name: str) -> Run:
    def ask(path: str, body: dict[str, Any]) -> Any:
        status, reply = ask_as(server, user, "POST", f"{V2}{path}", body)
        assert status == 200, reply
        return reply

    number = ask("experiments/create", {"name": name})["experiment_id"]
    run_id = ask("runs/create", {"experiment_id": number})["run"]["info"]["run_id"]
    folder = store.artifacts.folder(store.runs.get(run_id).artifact_uri) / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    return store.runs.get(run_id)


def door(run: Run) -> str:
    """A run's artifacts as the server names them."""
    return f"mlflow-artifacts:/{run.experiment_id}/{run.run_id}/artifacts"


def register(server: LiveServer, source: str, **more: str) -> tuple[int, Any]:
    body = {"name": NAME, "source": source, **more}
    return ask_as(server, SCIENTIST, "POST", f"{V2}model-versions/create", body)


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc",
        "/etc/passwd",
        "etc",
        "C:/Windows",
        "mlflow-artifacts:/",
        "mlflow-artifacts:/../../etc",
        "mlflow-artifacts:/%252e%252e/x",
        "s3://bucket/../../x",
        "http://127.0.0.1:1/model",
        "https://elsewhere/model",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "models:/m-0123456789abcdef0123456789abcdef",
        "models:/nobody/1",
    ],
)
@pytest.mark.parametrize("with_run", [False, True])
def test_hostile_sources_make_no_version(
    guarded: LiveServer, store: Store, own: Run, *, source: str, with_run: bool
) -> None:
    before = [version.version for version in store.registry.latest_versions(NAME)]
    status, reply = register(guarded, source, **({"run_id": own.run_id} if with_run else {}))

    assert status in (400, 403, 404), reply
    assert [version.version for version in store.registry.latest_versions(NAME)] == before


def test_the_folder_of_another_run_is_not_one_s_own(
    guarded: LiveServer, own: Run, secret: Run
) -> None:
    for source, named in (
        (f"{door(secret)}/model", own.run_id),
        (f"{door(secret)}/model", secret.run_id),
        (f"{door(own)}/model/../../../{secret.experiment_id}", own.run_id),
        (f"{door(own)}-and-more/model", own.run_id),
        (f"runs:/{secret.run_id}/model", own.run_id),
        (f"runs:/{secret.run_id}/model", ""),
    ):
        status, reply = register(guarded, source, run_id=named)
        assert status in (400, 403), (source, reply)


def test_one_s_own_is_registered_and_read(guarded: LiveServer, own: Run) -> None:
    for source in (f"{door(own)}/model", f"runs:/{own.run_id}/model"):
        status, reply = register(guarded, source, run_id=own.run_id)
        assert status == 200, reply
        number = reply["model_version"]["version"]
        where = f"{V2}model-versions/get-download-uri?name={NAME}&version={number}"
        found = ask_as(guarded, SCIENTIST, "GET", where)[1]["artifact_uri"]
        assert found == f"{door(own)}/model"


def test_a_link_among_the_files_leads_nowhere(
    guarded: LiveServer, store: Store, own: Run, secret: Run
) -> None:
    model = store.artifacts.folder(own.artifact_uri) / "model"
    (model / "out").symlink_to("/etc")
    (model / "passwd").symlink_to("/etc/passwd")
    folder = f"{own.experiment_id}/{own.run_id}/artifacts/model"

    listed = ask_as(guarded, SCIENTIST, "GET", f"{FILES}?path={folder}")[1]["files"]
    assert [file["path"] for file in listed] == ["MLmodel"]
    for path in (f"{folder}/passwd", f"{folder}/out/passwd", f"{folder}/out"):
        status, reply = ask_as(guarded, SCIENTIST, "GET", f"{FILES}/{path}")
        assert status in (400, 404), reply
    (model / "neighbour").symlink_to(store.artifacts.folder(secret.artifact_uri) / "model")
    status, reply = ask_as(guarded, SCIENTIST, "GET", f"{FILES}/{folder}/neighbour/MLmodel")
    assert status in (400, 403, 404), reply
