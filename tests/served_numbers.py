"""A model small enough to be loaded again and again, registered on a live server."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from jupyter_process import Answer, LiveServer
from mlflow.models import infer_signature

EXAMPLE = pd.DataFrame({"x": [1.0, 2.0], "kind": ["a", "b"]})
BODY = {"dataframe_split": EXAMPLE.to_dict("split")}
SOURCE = """
import os, time
import mlflow

class Times(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        if model_input["kind"].eq("slow").any():
            time.sleep(1)
        if model_input["kind"].eq("fatal").any():
            os._exit(7)
        return (model_input["x"] * {factor}).tolist()

mlflow.models.set_model(Times())
"""
PATIENCE_S = 120.0


def log_version(folder: Path, name: str, factor: str, requirements: list[str]) -> None:
    """One more version, which multiplies; with the client that the environment points at."""
    source = folder / "times.py"
    source.write_text(SOURCE.format(factor=factor))
    with contextlib.redirect_stdout(None):
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(source),
            signature=infer_signature(EXAMPLE, EXAMPLE["x"]),
            input_example=EXAMPLE,
            registered_model_name=name,
            pip_requirements=requirements,
        )


def wait_for(server: LiveServer, served_id: str, **wanted: Any) -> dict[str, Any]:
    """What is listed of one that is served, when it is as wanted."""
    until = time.monotonic() + PATIENCE_S
    listed: dict[str, Any] = {}
    while time.monotonic() < until:
        _, reply = server.ask("GET", "api/1.0/serving/list")
        (listed,) = [one for one in reply["served"] if one["id"] == served_id]
        if all(listed[key] == value for key, value in wanted.items()):
            return listed
        time.sleep(0.05)
    raise AssertionError(f"waited for {wanted}, is {listed}\n{server.log[-2000:]}")


def invoke(server: LiveServer, served_id: str, body: object) -> Answer:
    """Ask a served model for a prediction."""
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    return server.request(
        "POST", f"serving/{served_id}/invocations", json.dumps(body).encode(), headers
    )


@contextlib.contextmanager
def served(server: LiveServer, **body: Any) -> Iterator[str]:
    """The id of what is served, healthy, until the block ends."""
    status, reply = server.ask("POST", "api/1.0/serving/start", body)
    assert status == 200, reply
    served_id = reply["served"]["id"]
    try:
        wait_for(server, served_id, state="healthy")
        yield served_id
    finally:
        server.ask("POST", "api/1.0/serving/remove", {"id": served_id})
