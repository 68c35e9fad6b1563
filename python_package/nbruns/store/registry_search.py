"""Reading the registry: rows → records, whole pages in a few statements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nbruns.conditions import Condition, Search
from nbruns.errors import InvalidValue, NotFound
from nbruns.records import ModelVersion, Page, RegisteredModel
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.keyset import (
    Sql,
    Term,
    as_kept,
    attribute,
    by_key,
    column,
    compare,
    fetch_page,
    has,
    in_sight,
)
from nbruns.store.registry_rules import IS_PROMPT, check_alias, check_model_name

_MODEL_COLUMNS = {"name": "r.name", "created_ms": "r.created_ms", "updated_ms": "r.updated_ms"}
_VERSION_COLUMNS = {
    "name": "r.name",
    "version": "v.version",
    "run_id": "v.run_id",
    "source": "v.source",
    "created_ms": "v.created_ms",
    "updated_ms": "v.updated_ms",
}
_MODELS = """
    r.registered_number, r.name, r.created_ms, r.updated_ms, r.description
    from registered_models r
"""
_VERSIONS = """
    v.registered_number, v.version, r.name, v.created_ms, v.updated_ms, v.description, v.user,
    v.stage, v.source, v.artifact_uri, v.run_id, v.run_link, v.model_id
    from model_versions v join registered_models r using (registered_number)
"""
_INT64 = 2**63
_OF_NAME = "kv.registered_number = r.registered_number"
_OF_VERSION = "kv.registered_number = v.registered_number and kv.version = v.version"
_NUMBERS = "registered_number in (select value from json_each(?))"
_PAIRS = """
    (registered_number, version) in (
        select json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each(?))
"""


def get_model(db: Database, artifacts: Artifacts, name: str) -> RegisteredModel:
    """The registered model of a name, or NotFound."""
    check_model_name(name)
    with db.lock:
        row = db.conn.execute(f"select {_MODELS} where r.name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"Registered Model with name={name} not found")
    return _models(db, artifacts, [row])[0]


def get_version(db: Database, artifacts: Artifacts, name: str, version: int) -> ModelVersion:
    """One version, or NotFound."""
    check_model_name(name)
    with db.lock:
        row = db.conn.execute(
            f"select {_VERSIONS} where r.name = ? and v.version = ?",
            # No number of ours is that large, and SQLite would not take it.
            (name, min(max(version, 0), _INT64 - 1)),
        ).fetchone()
    if row is None:
        raise NotFound(f"Model Version (name={name}, version={version}) not found")
    return _versions(db, artifacts, [row])[0]


def version_by_alias(db: Database, artifacts: Artifacts, name: str, alias: str) -> ModelVersion:
    """The version an alias points at; `latest` is the newest one."""
    check_alias(alias)
    model = get_model(db, artifacts, name)
    if alias.lower() == "latest":
        if not model.latest_versions:
            raise NotFound(f"Latest version not found for model {name}.")
        return max(model.latest_versions, key=lambda version: version.version)
    if alias not in model.aliases:
        # MLflow calls this an invalid value, and its client shows it as such.
        raise InvalidValue(f"Registered model alias {alias} not found.")
    return get_version(db, artifacts, name, model.aliases[alias])


def search_models(
    db: Database, artifacts: Artifacts, search: Search, limit: int, token: str | None
) -> Page[RegisteredModel]:
    """A page of registered models; prompts are left out unless asked for."""
    wheres = [_where(c, _MODEL_COLUMNS, "registered_model_tags", _OF_NAME) for c in _asked(search)]
    terms = [*_terms(search, _MODEL_COLUMNS), Term(Sql("r.name"))]
    wheres += [_prompts(search), in_sight("r.name", search.sight)]
    rows, next_token = fetch_page(db, _MODELS, wheres, terms, limit=limit, token=token)
    return Page(_models(db, artifacts, rows), next_token)


def search_versions(
    db: Database, artifacts: Artifacts, search: Search, limit: int, token: str | None
) -> Page[ModelVersion]:
    """A page of versions; those of prompts are left out unless asked for."""
    wheres = [
        _where(as_kept(c, "source", artifacts), _VERSION_COLUMNS, "model_version_tags", _OF_VERSION)
        for c in _asked(search)
    ]
    terms = list(_terms(search, _VERSION_COLUMNS)) or [Term(Sql("v.updated_ms"), ascending=False)]
    terms += [Term(Sql("r.name")), Term(Sql("v.version"), ascending=False)]
    wheres += [_prompts(search), in_sight("r.name", search.sight)]
    rows, next_token = fetch_page(db, _VERSIONS, wheres, terms, limit=limit, token=token)
    return Page(_versions(db, artifacts, rows), next_token)


def _where(condition: Condition, columns: dict[str, str], tags: str, joined: str) -> Sql:
    if condition.field == "attribute":
        return attribute(condition, columns)
    if condition.field != "tag":
        raise InvalidValue(f"The registry cannot be searched by {condition.field}")
    compared = compare("kv.value", condition.comparator, condition.value)
    return has(tags, joined, condition.key, compared)


def _asks_for_prompts(condition: Condition) -> bool:
    said = (condition.comparator, str(condition.value).lower())
    return condition.key == IS_PROMPT and said in (("=", "true"), ("!=", "false"))


def _asked(search: Search) -> Sequence[Condition]:
    """The conditions but those that tell models from prompts: models carry no such tag."""
    return [c for c in search.conditions if c.key != IS_PROMPT or _asks_for_prompts(c)]


def _prompts(search: Search) -> Sql:
    return Sql("true") if any(map(_asks_for_prompts, search.conditions)) else not_prompts()


def not_prompts() -> Sql:
    """That a registered model `r` is none of MLflow's prompts, which share its shelf."""
    is_prompt = has("registered_model_tags", _OF_NAME, IS_PROMPT, Sql("kv.value = 'true'"))
    return Sql(f"not {is_prompt.text}", is_prompt.values)


def _terms(search: Search, columns: dict[str, str]) -> list[Term]:
    if any(order.field != "attribute" for order in search.orders):
        raise InvalidValue("The registry can be ordered by attributes only")
    return [Term(Sql(column(order.key, columns)), order.ascending) for order in search.orders]


def _models(
    db: Database, artifacts: Artifacts, rows: Sequence[tuple[Any, ...]]
) -> list[RegisteredModel]:
    numbers = [row[0] for row in rows]
    tags = by_key(
        db,
        f"select registered_number, key, value from registered_model_tags where {_NUMBERS}",
        numbers,
    )
    aliases = by_key(
        db, f"select registered_number, alias, version from aliases where {_NUMBERS}", numbers
    )
    latest = _latest(db, artifacts, numbers)
    return [
        RegisteredModel(
            name=name,
            created_ms=created_ms,
            updated_ms=updated_ms,
            description=description,
            tags=dict(tags.get(number, ())),
            aliases=dict(aliases.get(number, ())),
            latest_versions=tuple(latest.get(name, ())),
        )
        for number, name, created_ms, updated_ms, description in rows
    ]


def _latest(
    db: Database, artifacts: Artifacts, numbers: list[int]
) -> dict[str, list[ModelVersion]]:
    """By name, the newest version of each stage that has one."""
    with db.lock:
        rows = db.conn.execute(
            f"""
            select {_VERSIONS}
            where (v.registered_number, v.version) in (
                select registered_number, max(version) from model_versions
                where {_NUMBERS}
                group by registered_number, stage)
            order by v.registered_number, v.version
            """,
            (json.dumps(numbers),),
        ).fetchall()
    found: dict[str, list[ModelVersion]] = {}
    for version in _versions(db, artifacts, rows):
        found.setdefault(version.name, []).append(version)
    return found


def _versions(
    db: Database, artifacts: Artifacts, rows: Sequence[tuple[Any, ...]]
) -> list[ModelVersion]:
    pairs = [row[:2] for row in rows]
    tags = by_key(
        db,
        f"""
        select registered_number || '/' || version, key, value
        from model_version_tags where {_PAIRS}
        """,
        pairs,
    )
    aliases = by_key(
        db,
        f"select registered_number || '/' || version, alias from aliases where {_PAIRS}",
        pairs,
    )
    return [
        ModelVersion(
            name=name,
            version=version,
            created_ms=created_ms,
            updated_ms=updated_ms,
            description=description,
            user=user,
            stage=stage,
            source=artifacts.uri(source),
            artifact_uri=artifacts.uri(artifact_uri),
            run_id=run_id,
            run_link=run_link,
            model_id=model_id,
            tags=dict(tags.get(f"{number}/{version}", ())),
            aliases=tuple(alias for (alias,) in aliases.get(f"{number}/{version}", ())),
        )
        for (
            number,
            version,
            name,
            created_ms,
            updated_ms,
            description,
            user,
            stage,
            source,
            artifact_uri,
            run_id,
            run_link,
            model_id,
        ) in rows
    ]
