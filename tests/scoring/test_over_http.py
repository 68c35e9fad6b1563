"""Scorings the server does: by whom, of which files, followed, cancelled, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import mlflow
import numpy as np
import pandas as pd
import psutil
import pytest
from jupyter_process import LiveServer
from mlflow.models import infer_signature
from scorers import CUSTOMERS, Doubler, Scorers, Slow
from team import ENGINEER, MANAGER, OUTSIDER, SCIENTIST, ask_as, team_config, token

from nbruns.errors import InvalidState
from nbruns.protocol.names import SCORED_VERSION_TAG, SCORED_WITH_TAG
from nbruns.server.scoring_jobs import MOST_AT_ONCE, ScoringJobs

OURS, V2 = "api/1.0/scoring/", "api/2.0/mlflow/"
MODEL, SLOW = "prod.churn", "prod.slow"


def serve(new_server: Callable[..., LiveServer], folder: Path) -> LiveServer:
    """A server with users, a policy, files and models."""
    server = new_server(config=team_config(folder / "policy.yaml"))
    uri = f"nbruns://{server.home}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    scorers, signature = Scorers(server.home), infer_signature(CUSTOMERS, np.array([1.0]))
    scorers.register(MODEL, Doubler(), signature)
    scorers.register(SLOW, Slow(), signature)
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "champion", "1")
    (server.work / "data").mkdir()
    lines = "".join(f"{i},{i % 90},{i}\n" for i in range(1_000))
    (server.work / "data" / "customers.csv").write_text("id,age,income\n" + lines)
    (server.work / "data" / "wrong.csv").write_text("id,Age,income\n1,2,3\n")
    (server.work / "data" / "late.csv").write_text("age,income\n1,2\nold,3\n")
    (server.work / "data" / ".secret.csv").write_text("age,income\n1,2\n")
    (server.work / "parts" / ".hidden").mkdir(parents=True)
    CUSTOMERS.to_parquet(server.work / "parts" / "one.parquet")
    CUSTOMERS.to_parquet(server.work / "parts" / ".hidden" / "two.parquet")
    (server.folder / "outside.csv").write_text("age,income\n1,2\n")
    return server


@pytest.fixture(scope="module")
def server(
    new_server: Callable[..., LiveServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    yield serve(new_server, tmp_path_factory.mktemp("policy"))
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def start(server: LiveServer, user: str = SCIENTIST, **body: Any) -> tuple[int, Any]:
    wish = {"name": MODEL, "version": "1", "path": "data/customers.csv"} | body
    return ask_as(server, user, "POST", f"{OURS}start", wish)


def begun(server: LiveServer, **body: Any) -> str:
    """Start a scoring that is let begin; the id of its job."""
    status, reply = start(server, **body)
    assert status == 200, reply
    return str(reply["job"]["job_id"])


def jobs(server: LiveServer, name: str = MODEL, user: str = SCIENTIST) -> list[dict[str, Any]]:
    status, reply = ask_as(server, user, "GET", f"{OURS}list?{urlencode({'name': name})}")
    assert status == 200, reply
    found: list[dict[str, Any]] = reply["jobs"]
    return found


def newest(server: LiveServer, *states: str, name: str = MODEL) -> dict[str, Any]:
    """The job that was begun last, once it is in one of some states."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = jobs(server, name)
        if found and found[0]["state"] in states:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{found[:2]}\n{server.log[-2000:]}")


def test_a_file_is_scored_in_its_user_s_name(server: LiveServer) -> None:  # F101 F103
    begun(server, version=None, alias="champion", columns=["id"])

    job = newest(server, "finished")

    assert (job["rows"], job["total"], job["user"]) == (1_000, 1_000, SCIENTIST)
    assert (job["name"], job["version"]) == (MODEL, "1")
    run = mlflow.get_run(job["run_id"])
    assert run.data.tags["mlflow.user"] == SCIENTIST
    assert run.data.tags["mlflow.source.type"] == "JOB"
    assert mlflow.get_experiment(run.info.experiment_id).name == f"scoring of {MODEL}"
    path = mlflow.artifacts.download_artifacts(f"runs:/{job['run_id']}/predictions.parquet")
    assert list(pd.read_parquet(path)) == ["id", "prediction"]


def test_it_goes_to_a_chosen_experiment(server: LiveServer) -> None:
    number = mlflow.create_experiment("nightly")

    begun(server, path="parts", experiment_id=number)

    job = newest(server, "finished")
    assert (job["experiment_id"], job["rows"]) == (number, 4)


def test_columns_are_looked_at_before_anything_starts(server: LiveServer) -> None:  # F101
    def look(path: str) -> Any:
        body = {"name": MODEL, "version": "1", "path": path}
        status, reply = ask_as(server, ENGINEER, "POST", f"{OURS}look", body)
        assert status == 200, reply
        return reply

    found = look("data/customers.csv")
    assert [(c["name"], c["kind"], c["is_taken"]) for c in found["columns"]] == [
        ("id", "", False),
        ("age", "double", True),
        ("income", "double", True),
    ]
    assert look("parts")["rows"] == 4
    assert "misses 'age' (double)" in look("data/wrong.csv")["message"]


def test_what_does_not_fit_leaves_no_run(server: LiveServer) -> None:
    runs = len([job for job in jobs(server) if job["run_id"]])

    begun(server, path="data/late.csv")

    job = newest(server, "refused")
    assert "Column 'age', line 3 of 'late.csv': 'old' is not a number" in job["message"]
    assert job["run_id"] == ""
    assert len([job for job in jobs(server) if job["run_id"]]) == runs

    begun(server)
    assert newest(server, "finished")["run_id"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("../outside.csv", 400),
        ("data/../../outside.csv", 400),
        ("/etc/passwd", 400),
        ("data\\customers.csv", 400),
        ("", 400),
        ("data/.secret.csv", 404),
        ("parts/.hidden", 404),
        ("data/nowhere.csv", 404),
    ],
)
def test_only_files_of_the_server_are_read(server: LiveServer, path: str, status: int) -> None:
    for call in ("start", "look"):
        body = {"name": MODEL, "version": "1", "path": path}
        got, reply = ask_as(server, SCIENTIST, "POST", OURS + call, body)
        assert got == status, reply


def test_files_are_completed(server: LiveServer) -> None:
    def files(path: str) -> list[tuple[str, bool]]:
        query = urlencode({"path": path})
        status, reply = ask_as(server, SCIENTIST, "GET", f"{OURS}files?{query}")
        assert status == 200, reply
        return [(one["path"], one["is_folder"]) for one in reply["files"]]

    assert files("") == [("data", True), ("parts", True)]
    assert files("data/C") == [("data/customers.csv", False)]
    assert files("data/")[0] == ("data/customers.csv", False)
    assert ask_as(server, SCIENTIST, "GET", f"{OURS}files?path=../")[0] == 400


def test_who_may_do_what(server: LiveServer) -> None:  # F104
    status, reply = start(server, ENGINEER)
    assert (status, reply["error_code"]) == (403, "PERMISSION_DENIED")
    assert f"experiment 'scoring of {MODEL}'" in reply["message"]
    assert jobs(server, user=ENGINEER)

    body = {"name": MODEL, "version": "1", "path": "data/customers.csv"}
    for call in ("start", "look"):
        assert ask_as(server, OUTSIDER, "POST", OURS + call, body)[0] == 403
    assert ask_as(server, OUTSIDER, "GET", f"{OURS}list?name={MODEL}")[0] == 403
    payroll = mlflow.create_experiment("payroll")
    assert start(server, experiment_id=payroll)[0] == 403


def test_a_refused_one_is_told_to_readers_of_its_experiment_only(server: LiveServer) -> None:
    payroll = mlflow.create_experiment("payroll of may")
    wish = {"name": MODEL, "version": "1", "path": "data/late.csv", "experiment_id": payroll}
    ask_as(server, MANAGER, "POST", f"{OURS}start", wish)
    until = time.monotonic() + 60
    while jobs(server, user=MANAGER)[0]["state"] != "refused":
        assert time.monotonic() < until
        time.sleep(0.05)

    assert jobs(server, user=MANAGER)[0]["experiment"] == "payroll of may"
    for user in (SCIENTIST, ENGINEER):
        assert "payroll of may" not in [job.get("experiment") for job in jobs(server, user=user)]


def test_those_of_a_version_are_found_behind_many_of_another(server: LiveServer) -> None:
    with mlflow.start_run(tags={SCORED_WITH_TAG: MODEL, SCORED_VERSION_TAG: "7"}) as run:
        pass
    for _ in range(3):
        with mlflow.start_run(tags={SCORED_WITH_TAG: MODEL, SCORED_VERSION_TAG: "8"}):
            pass

    query = urlencode({"name": MODEL, "version": "7", "max_results": "2"})
    _, reply = ask_as(server, MANAGER, "GET", f"{OURS}list?{query}")

    assert [job["run_id"] for job in reply["jobs"]] == [run.info.run_id]


def test_files_of_a_model_elsewhere_are_not_loaded(server: LiveServer) -> None:
    body = {"name": "prod.far", "source": "s3://bucket/model"}
    ask_as(server, SCIENTIST, "POST", f"{V2}registered-models/create", {"name": "prod.far"})
    assert ask_as(server, SCIENTIST, "POST", f"{V2}model-versions/create", body)[0] == 200

    status, reply = start(server, name="prod.far")

    assert status == 400
    assert "outside this store" in reply["message"]


def test_a_cancelled_one_keeps_what_was_predicted(server: LiveServer) -> None:
    job_id = begun(server, name=SLOW, chunk_rows=10)
    job = newest(server, "scoring", name=SLOW)
    while not job["rows"]:
        job = newest(server, "scoring", name=SLOW)
    assert job["is_ours"]

    body = {"job_id": job_id}
    assert ask_as(server, ENGINEER, "POST", f"{OURS}cancel", body)[0] == 403
    assert ask_as(server, SCIENTIST, "POST", f"{OURS}cancel", body)[0] == 200

    job = newest(server, "cancelled", name=SLOW)
    assert job["message"].startswith(f"cancelled by {SCIENTIST} after")
    uri = f"runs:/{job['run_id']}/predictions.partial.parquet"
    partial = pd.read_parquet(mlflow.artifacts.download_artifacts(uri))
    assert 0 < len(partial) == job["rows"] < 1_000


def test_a_killed_one_is_closed_by_its_lease(server: LiveServer) -> None:
    begun(server, name=SLOW, chunk_rows=10)
    job = newest(server, "scoring", name=SLOW)

    tags = mlflow.get_run(job["run_id"]).data.tags
    os.kill(int(tags["nbruns.pid"]), signal.SIGKILL)

    job = newest(server, "cancelled", name=SLOW)
    assert job["message"].startswith("the process ended")


def test_a_model_that_never_looks_up_ends_with_the_server(tmp_path: Path) -> None:
    """As when the server is killed: nobody is left to insist."""
    (tmp_path / "deep.py").write_text(
        "import itertools, json, sys, time\nfrom nbruns.scoring import worker\n"
        "def deep(*_):\n"
        "    for turn in itertools.count():\n"
        "        try:\n"
        "            if turn == 0:\n                print('deep', flush=True)\n"
        "            time.sleep(60)\n"
        "        except KeyboardInterrupt:\n            print('asked to', flush=True)\n"
        "worker._look, worker.PATIENCE_S = deep, 3.0\n"
        "worker.main()\n"
    )
    command = [sys.executable, str(tmp_path / "deep.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b'{"task": "look", "user": "ada"}\n')
        process.stdin.flush()
        try:
            assert process.stderr.readline() == b"deep\n"
            process.stdin.close()
            process.wait(20)
            assert process.stderr.read() == b"asked to\n"
        finally:
            process.kill()


def test_what_cannot_start_stands_in_nobody_s_way(tmp_path: Path) -> None:
    jobs = ScoringJobs(tmp_path / "gone")
    shown = {"name": "m", "version": "1", "experiment": "e"}

    async def all_fail() -> None:
        for _ in range(2 * MOST_AT_ONCE):
            with pytest.raises(InvalidState, match="could not be started"):
                await jobs.start({"task": "score", "user": "ada"}, shown)

    asyncio.run(all_fail())


def test_nobody_knows_a_scoring_of_elsewhere(server: LiveServer) -> None:
    status, reply = ask_as(server, SCIENTIST, "POST", f"{OURS}cancel", {"run_id": "f" * 32})

    assert (status, reply["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_it_ends_with_the_server_and_is_known_to_the_next(
    new_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTERHUB_API_TOKEN", "of-the-hub")
        server = serve(new_server, tmp_path)
    begun(server, name=SLOW, chunk_rows=10)
    job = newest(server, "scoring", name=SLOW)
    process = psutil.Process(int(mlflow.get_run(job["run_id"]).data.tags["nbruns.pid"]))
    assert "of-the-hub" not in process.environ().values()
    # Else a Ctrl-C in the server's terminal, taken back when it asks, would end it.
    assert os.getpgid(process.pid) == process.pid

    server.stop()
    process.wait(10)
    server.start()

    job = newest(server, "cancelled", name=SLOW)
    assert job["message"].startswith("the Jupyter server ended after")
    assert token(SCIENTIST) not in server.log
