"""What notebooks and scripts call by name: `nbruns.compare`, `nbruns.executed`.

Runs are read where MLflow keeps them: from the file of an `nbruns:` store, with no server
and no network, or by way of MLflow's client. Notebooks and packages of runs on a server
come from its own calls, where it is one of ours.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from nbruns.comparison import Comparison, Side
from nbruns.comparison import compare as compared
from nbruns.errors import InvalidValue, NotFound
from nbruns.identity import now_ms
from nbruns.protocol.messages import run_from_wire
from nbruns.protocol.names import (
    CODE_TAG,
    ENVIRONMENT_FILE,
    ENVIRONMENT_TAG,
    NOTEBOOK_TAG,
    OWN_PREFIX,
    PARENT_RUN_TAG,
    PID_SEEN_TAG,
    PID_TAG,
)
from nbruns.records import Environment, ExecutedCell, NotebookContent, Run

_ID_LENGTH = 32
# A revision no browser sends is put together after a second.
_PATIENCE_S = 3.0


def compare(run_a: Any, run_b: Any = None, *more: Any) -> Comparison:
    """What differs between runs: parameters, metrics, data, packages and code.

    A run is given as its id, as MLflow's Run, or by its name among the runs of this
    notebook (the newest of that name). The first is what the others are compared with;
    one alone is compared with the run before it. Shown in a cell the result is a page.

    Raises NotFound for a run that is not there, InvalidValue for what names none.
    """
    reader = _reader()
    ids = [_id(one) for one in (run_a, run_b, *more) if one is not None]
    if len(ids) == 1:
        ids.insert(0, reader.before(ids[0]))
    if len(set(ids)) == 1:
        raise InvalidValue(f"A run cannot be compared with itself: '{ids[0]}'")
    return compared([reader.side(run_id) for run_id in ids])


def executed(run: Any) -> list[ExecutedCell]:
    """Which cells ran in a run's kernel, from the kernel's start to the run's end, in order.

    Each with its text, when it ran, how long, and with what result; empty for a run that
    no Python kernel started. The run is given as to `compare`.
    """
    return _reader().executed(_id(run))


class _StoreReader:
    """Runs of an `nbruns:` store."""

    def __init__(self, uri: str) -> None:
        from nbruns.mlflow_store.homes import store_at

        self.store = store_at(uri)

    def side(self, run_id: str) -> Side:
        from nbruns.endpoints.comparisons import side

        self._await(run_id)
        return side(self.store, run_id)

    def executed(self, run_id: str) -> list[ExecutedCell]:
        from nbruns.endpoints.notebooks import executed_until

        self._await(run_id)
        return executed_until(self.store, self.store.runs.get(run_id))

    def _await(self, run_id: str) -> None:
        """Let a run this process has just started get its revision and its source.

        They are written beside the cell, which may ask for them a moment later.
        """
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            tags = self.store.runs.get(run_id).tags
            is_ours = tags.get(PID_TAG) == str(os.getpid())
            wanted = {ENVIRONMENT_TAG, CODE_TAG} if NOTEBOOK_TAG in tags else {ENVIRONMENT_TAG}
            began_ms = int(tags.get(PID_SEEN_TAG, 0))
            if not is_ours or wanted <= tags.keys() or now_ms() - began_ms > _PATIENCE_S * 1_000:
                return
            time.sleep(0.02)

    def before(self, run_id: str) -> str:
        self.store.runs.get(run_id)
        return _found_before(run_id, self.store.predecessors.find(run_id))


class _ServerReader:
    """Runs that MLflow's client reads, from a server or from another store."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def side(self, run_id: str) -> Side:
        run = self._run(run_id)
        return Side(run, self._environment(run), self._content(run_id))

    def executed(self, run_id: str) -> list[ExecutedCell]:
        told = self._ask("kernels/executed", run_id=run_id)
        return [ExecutedCell(**cell) for cell in told["cells"]] if told else []

    def before(self, run_id: str) -> str:
        told = self._ask("runs/changes", run_id=run_id)
        if told is None:
            raise InvalidValue(
                f"'{self.uri}' does not tell which run came before: name both runs to compare"
            )
        return _found_before(run_id, told["predecessor"])

    def _run(self, run_id: str) -> Run:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from mlflow.utils.proto_json_utils import message_to_json

        try:
            found = MlflowClient(self.uri).get_run(run_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                raise NotFound(f"No run with id '{run_id}' in '{self.uri}'") from error
            raise
        return run_from_wire(json.loads(message_to_json(found.to_proto())))

    def _environment(self, run: Run) -> Environment | None:
        if ENVIRONMENT_TAG not in run.tags:
            return None
        from nbruns.store.environments import environment_from_wire

        told = self._ask("environments/get", run_id=run.run_id)
        found = told["environment"] if told else self._sent(run)
        try:
            return environment_from_wire(found)
        except InvalidValue:
            return None

    def _sent(self, run: Run) -> Any:
        """The file a kernel has sent along; a nested run has that of its parent."""
        from mlflow.artifacts import load_dict
        from mlflow.exceptions import MlflowException

        for run_id in (run.run_id, run.tags.get(PARENT_RUN_TAG)):
            if run_id:
                try:
                    return load_dict(f"runs:/{run_id}/{ENVIRONMENT_FILE}")
                except (MlflowException, OSError, ValueError):
                    continue
        return None

    def _content(self, run_id: str) -> NotebookContent | None:
        told = self._ask("revisions/of-run", run_id=run_id)
        if not told or not told.get("revision"):
            return None
        revision_id = told["revision"]["revision_id"]
        whole = self._ask("revisions/get", revision_id=revision_id)
        return None if whole is None else _without_outputs(whole["content"])

    def _ask(self, call: str, **fields: str) -> dict[str, Any] | None:
        """The reply to a call of our own; None where the server knows no such call."""
        if not self.uri.startswith(("http://", "https://")):
            return None
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        creds, path = get_default_host_creds(self.uri), f"/{OWN_PREFIX}{call}"
        answer = http_request(host_creds=creds, endpoint=path, method="GET", params=fields)
        if answer.status_code != 200:
            return None
        try:
            told = answer.json()
        except ValueError:
            return None  # a page for people: MLflow's own server answers any path with one
        return told if isinstance(told, dict) else None


def _reader() -> _StoreReader | _ServerReader:
    import mlflow

    uri = str(mlflow.get_tracking_uri())
    return _StoreReader(uri) if uri.partition(":")[0] == "nbruns" else _ServerReader(uri)


def _id(run: Any) -> str:
    """The id of the run that is meant."""
    if isinstance(run, Run):
        return run.run_id
    found = getattr(getattr(run, "info", None), "run_id", None)
    if isinstance(found, str):
        return found
    if not isinstance(run, str) or not run:
        raise InvalidValue(f"A run is its id, its name or MLflow's Run, not {run!r:.80}")
    is_id = len(run) == _ID_LENGTH and not set(run) - set("0123456789abcdef")
    return run if is_id else _named(run)


def _named(name: str) -> str:
    import mlflow

    quote = '"' if "'" in name else "'"
    if quote in name:
        raise InvalidValue(f"The name {name!r} has both kinds of quotes in it: give the run's id")
    runs: Any = mlflow.search_runs(
        filter_string=f"attributes.run_name = {quote}{name}{quote}",
        max_results=1,
        output_format="list",
    )
    if not runs:
        raise NotFound(f"This notebook has no run with the id or name '{name}'")
    return str(runs[0].info.run_id)


def _found_before(run_id: str, found: str | None) -> str:
    if found is None:
        raise NotFound(f"There is no run before '{run_id}' to compare it with: name two runs")
    return found


def _without_outputs(content: NotebookContent) -> NotebookContent:
    cells = [{k: v for k, v in cell.items() if k != "outputs"} for cell in content["cells"]]
    return {**content, "cells": cells}
