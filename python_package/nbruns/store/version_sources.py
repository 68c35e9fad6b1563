"""What a model version is made from: the files and the run its source leads to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from nbruns.errors import InvalidValue, NotFound
from nbruns.records import ModelVersion
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.registry_rules import IS_PROMPT, canonical_stage
from nbruns.store.registry_search import get_model, get_version, version_by_alias

_LOGGED_MODEL = re.compile(r"m-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the database keeps of a source; locations are canonical."""

    source: str
    artifact_uri: str
    run_id: str
    model_id: str


def find_origin(db: Database, artifacts: Artifacts, source: str, model_id: str) -> Origin:
    """Follow a source to its files.

    `models:/…` names a logged model or another version, `runs:/…` files of a run.
    """
    if (of_run := _of_run(db, artifacts, source)) is not None:
        return replace(of_run, model_id=model_id)
    if urlsplit(source).scheme != "models":
        kept = artifacts.canonical(source)
        run_id = _logged_model(db, model_id)[1] if model_id else ""
        return Origin(kept, artifacts.plain(kept), run_id, model_id)
    named = urlsplit(source).path.strip("/")
    if _LOGGED_MODEL.fullmatch(named):
        return Origin(source, *_logged_model(db, named), named)
    version = _named_version(db, artifacts, source, named)
    tags = get_model(db, artifacts, version.name).tags
    if tags.get(IS_PROMPT, "").lower() == "true":
        raise InvalidValue(f"The source '{source}' is a prompt, not a model")
    return Origin(
        f"models:/{version.name}/{version.version}",
        artifacts.canonical(version.artifact_uri),
        version.run_id,
        model_id or version.model_id,
    )


def named_in(source: str) -> tuple[str, str] | None:
    """What a source `models:/…` or `runs:/…` names, and its id or name.

    One of 'logged model', 'model' and 'run'.
    """
    parts = urlsplit(source)
    named = parts.path.strip("/")
    if parts.scheme == "runs":
        return "run", named.partition("/")[0]
    if parts.scheme != "models":
        return None
    if _LOGGED_MODEL.fullmatch(named):
        return "logged model", named
    return "model", named.partition("@")[0].partition("/")[0]


def _of_run(db: Database, artifacts: Artifacts, source: str) -> Origin | None:
    """The files of a run that a source names; None for one that is not ours, or another kind."""
    kind, run_id = named_in(source) or ("", "")
    row = None
    if kind == "run":
        row = db.conn.execute(
            "select artifact_uri from runs where run_id = ?", (run_id,)
        ).fetchone()
    if row is None:
        return None
    _, _, path = urlsplit(source).path.strip("/").partition("/")
    return Origin(source, artifacts.plain(f"{row[0].rstrip('/')}/{path}"), run_id, "")


def _logged_model(db: Database, model_id: str) -> tuple[str, str]:
    """Where a logged model's files lie, and its run."""
    row = db.conn.execute(
        """
        select artifact_uri, source_run_id from models
        where model_id = ? and stage = 'active'
        """,
        (model_id,),
    ).fetchone()
    if row is None:
        raise NotFound(f"No logged model with id '{model_id}'")
    return row[0], row[1]


def _named_version(db: Database, artifacts: Artifacts, source: str, named: str) -> ModelVersion:
    """The version of `name/3`, `name/Production`, `name/latest` or `name@alias`."""
    name, at, alias = named.partition("@")
    if at:
        return version_by_alias(db, artifacts, name, alias)
    name, slash, which = named.partition("/")
    if not slash or not which or "/" in which:
        raise InvalidValue(f"Invalid source '{source}': expected models:/<name>/<version>")
    if which.isdecimal():
        return get_version(db, artifacts, name, int(which))
    if which.lower() == "latest":
        return version_by_alias(db, artifacts, name, which)
    stage = canonical_stage(which)
    for version in get_model(db, artifacts, name).latest_versions:
        if version.stage == stage:
            return version
    raise NotFound(f"No version of '{name}' is in the stage '{stage}'")
