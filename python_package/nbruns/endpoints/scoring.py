"""Batch scoring: which version is meant, what it takes, and the runs that scored with it.

The server starts what scores; see `server/scoring_jobs.py`.
"""

from __future__ import annotations

import json
from typing import Any

from nbruns.endpoints import experiments, model_files
from nbruns.endpoints.sight import readable_experiments, sight_of
from nbruns.errors import InvalidState, InvalidValue
from nbruns.protocol.fields import integer, limit, optional, required
from nbruns.protocol.names import (
    END_REASON_TAG,
    RATE_METRIC,
    ROWS_METRIC,
    SCORED_INPUT_TAG,
    SCORED_ROWS_TAG,
    SCORED_VERSION_TAG,
    SCORED_WITH_TAG,
    SCORING_EXPERIMENT,
)
from nbruns.records import ModelVersion, Run
from nbruns.store import Store

Body = dict[str, Any]
MOST_JOBS = 100
_STATES = {"RUNNING": "scoring", "FINISHED": "finished", "FAILED": "failed", "KILLED": "cancelled"}


def prepare(store: Store, body: Body) -> Body:
    """The version a scoring is asked for, and the experiment its run goes to.

    `version` or `alias` of `name`; `experiment_id`, else the experiment of scorings with it.
    """
    version = _version(store, body)
    _own_folder(store, version)
    return {
        "name": version.name,
        "version": str(version.version),
        "uri": f"models:/{version.name}/{version.version}",
        "experiment": experiment_name(store, body),
    }


def inputs(store: Store, body: Body) -> Body:
    """What a version takes, as its signature says it; null where it says nothing."""
    version = _version(store, body)
    folder = _own_folder(store, version)
    try:
        said = model_files.description(folder)
        signature = said.get("signature") or {}
        taken = json.loads(signature.get("inputs") or "null")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InvalidState(
            f"The file MLmodel of version {version.version} of '{version.name}' cannot be read: "
            f"{error}"
        ) from error
    return {"name": version.name, "version": str(version.version), "inputs": taken}


def runs_with(store: Store, body: Body) -> Body:
    """The runs that scored with a model, or with one version, newest first, as jobs.

    Of the names in `experiments` the reply has those that the acting user may read.
    """
    name, version = required(body, "name"), optional(body, "version")
    found = store.listing.tagged(
        SCORED_WITH_TAG,
        name,
        limit=limit(body, "max_results", 20, MOST_JOBS),
        also=(SCORED_VERSION_TAG, version) if version else None,
    )
    seen = readable_experiments(store, sorted({run.experiment_id for run in found}))
    sight, experiments_named = sight_of(store, "experiment"), list(body.get("experiments", ()))
    return {
        "jobs": [_job(run) for run in found if run.experiment_id in seen],
        "experiments": [one for one in experiments_named if sight is None or sight.shows(one)],
    }


def experiment_name(store: Store, body: Body) -> str:
    """Where the run of a scoring goes."""
    if optional(body, "experiment_id"):
        return store.experiments.get(experiments.experiment_id(body)).name
    return SCORING_EXPERIMENT.format(model=required(body, "name"))


def _version(store: Store, body: Body) -> ModelVersion:
    name, alias = required(body, "name"), optional(body, "alias")
    if alias:
        return store.registry.version_by_alias(name, alias.removeprefix("@"))
    return store.registry.get_version(name, integer("version", required(body, "version")))


def _own_folder(store: Store, version: ModelVersion) -> Any:
    """Where its files lie: loading a model runs their code, so they must be the store's own."""
    try:
        return store.artifacts.folder(version.artifact_uri)
    except InvalidValue as error:
        raise InvalidState(
            f"The files of version {version.version} of '{version.name}' lie at "
            f"'{version.artifact_uri}', outside this store: the server loads none of those. "
            "Score from a notebook: nbruns.score"
        ) from error


def _job(run: Run) -> Body:
    newest = {point.key: point.value for point in run.metrics}
    tags = run.tags
    return {
        "job_id": run.run_id,
        "run_id": run.run_id,
        "run_name": run.name,
        "experiment_id": run.experiment_id,
        "name": tags[SCORED_WITH_TAG],
        "version": tags.get(SCORED_VERSION_TAG, ""),
        "input": tags.get(SCORED_INPUT_TAG, ""),
        "state": _STATES.get(run.status, "scoring"),
        "rows": int(newest.get(ROWS_METRIC, 0)),
        "total": int(tags.get(SCORED_ROWS_TAG, "0") or 0),
        "per_second": newest.get(RATE_METRIC, 0.0),
        "message": "" if run.status in ("RUNNING", "FINISHED") else tags.get(END_REASON_TAG, ""),
        "user": run.user,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "is_ours": False,
    }
