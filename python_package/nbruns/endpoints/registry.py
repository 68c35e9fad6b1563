"""The model registry of the protocol: names, versions, aliases and stages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from nbruns.endpoints.experiments import with_token
from nbruns.endpoints.sight import sight_of
from nbruns.endpoints.sources import checked_source, is_prompt
from nbruns.errors import InvalidValue
from nbruns.protocol import pages
from nbruns.protocol.fields import flag, limit, optional, required, text, texts, value_text
from nbruns.protocol.filters import parse_search
from nbruns.protocol.grammar import REGISTERED_MODELS, VERSIONS
from nbruns.protocol.messages import mapping
from nbruns.protocol.model_messages import registered_model_to_wire, version_to_wire
from nbruns.protocol.names import MODEL_VERSIONS_TAG
from nbruns.records import ModelVersion, Occasion
from nbruns.rules import check_length
from nbruns.store import Store

MOST_COMMENT = 65_535
DEFAULT_MODELS, MOST_MODELS = 100, 1000
DEFAULT_VERSIONS, MOST_VERSIONS = 200_000, 200_000

Body = dict[str, Any]


def version_number(body: Body) -> int:
    """A version's number out of a request."""
    found = required(body, "version")
    try:
        return int(found)
    except ValueError:
        raise InvalidValue(f"Parameter 'version' must be an integer, got '{found[:80]}'") from None


def _model_reply(store: Store, name: str) -> Body:
    return {"registered_model": registered_model_to_wire(store.registry.get_model(name))}


def create_model(store: Store, body: Body) -> Body:
    """POST registered-models/create: a name not in use."""
    model = store.registry.create_model(
        required(body, "name"), description=text(body, "description"), tags=mapping(body, "tags")
    )
    return {"registered_model": registered_model_to_wire(model)}


def get_model(store: Store, body: Body) -> Body:
    """GET registered-models/get."""
    return _model_reply(store, required(body, "name"))


def update_model(store: Store, body: Body) -> Body:
    """PATCH registered-models/update: a new description."""
    name = required(body, "name")
    store.registry.update_model(name, text(body, "description"))
    return _model_reply(store, name)


def rename_model(store: Store, body: Body) -> Body:
    """POST registered-models/rename."""
    new_name = required(body, "new_name")
    store.registry.rename_model(required(body, "name"), new_name)
    return _model_reply(store, new_name)


def delete_model(store: Store, body: Body) -> Body:
    """DELETE registered-models/delete: with its versions and aliases."""
    store.registry.delete_model(required(body, "name"))
    return {}


def search_models(store: Store, body: Body) -> Body:
    """GET registered-models/search: a page of names."""
    filter_text = optional(body, "filter")
    orders = texts(body, "order_by", from_query=True)
    mark = pages.mark("registered-models", filter_text, orders)
    page = store.registry.search_models(
        replace(
            parse_search(filter_text, orders, REGISTERED_MODELS), sight=sight_of(store, "model")
        ),
        limit=limit(body, "max_results", DEFAULT_MODELS, MOST_MODELS),
        token=pages.unseal(optional(body, "page_token"), mark),
    )
    found = [registered_model_to_wire(model) for model in page.items]
    reply: Body = {"registered_models": found} if found else {}
    return with_token(reply, pages.seal(page.next_token, mark))


def latest_versions(store: Store, body: Body) -> Body:
    """GET or POST registered-models/get-latest-versions: the newest version per stage."""
    stages = texts(body, "stages", from_query=True)
    found = store.registry.latest_versions(required(body, "name"), stages or None)
    return _versions(found)


def _versions(found: list[ModelVersion]) -> Body:
    return {"model_versions": [version_to_wire(version) for version in found]} if found else {}


def set_model_tag(store: Store, body: Body) -> Body:
    """POST registered-models/set-tag."""
    store.registry.set_model_tag(required(body, "name"), required(body, "key"), value_text(body))
    return {}


def delete_model_tag(store: Store, body: Body) -> Body:
    """DELETE registered-models/delete-tag."""
    store.registry.delete_model_tag(required(body, "name"), required(body, "key"))
    return {}


def create_version(store: Store, body: Body) -> Body:
    """POST model-versions/create: the next version of a name."""
    source, tags = required(body, "source"), mapping(body, "tags")
    run, model_id = text(body, "run_id"), text(body, "model_id")
    if not is_prompt(tags, source):
        checked_source(store, source, run, model_id)
    version = store.registry.create_version(
        required(body, "name"),
        source=source,
        run_id=run,
        tags=tags,
        run_link=text(body, "run_link"),
        description=text(body, "description"),
        model_id=model_id,
    )
    if model_id:
        _note_on_model(store, model_id, version)
    return {"model_version": version_to_wire(version)}


def _note_on_model(store: Store, model_id: str, version: ModelVersion) -> None:
    """Let the logged model say which versions were made of it, as MLflow's server does."""
    made = json.loads(store.models.get(model_id).tags.get(MODEL_VERSIONS_TAG) or "[]")
    entry = {"name": version.name, "version": version.version}
    if entry not in made:
        store.models.set_tags(model_id, {MODEL_VERSIONS_TAG: json.dumps([*made, entry])})


def get_version(store: Store, body: Body) -> Body:
    """GET model-versions/get."""
    version = store.registry.get_version(required(body, "name"), version_number(body))
    return {"model_version": version_to_wire(version)}


def update_version(store: Store, body: Body) -> Body:
    """PATCH model-versions/update: a new description."""
    name, number = required(body, "name"), version_number(body)
    description = optional(body, "description")
    if description is not None:
        store.registry.update_version(name, number, description)
    return {"model_version": version_to_wire(store.registry.get_version(name, number))}


def delete_version(store: Store, body: Body) -> Body:
    """DELETE model-versions/delete: with the aliases pointing at it."""
    store.registry.delete_version(required(body, "name"), version_number(body))
    return {}


def download_uri(store: Store, body: Body) -> Body:
    """GET model-versions/get-download-uri: where the version's files lie."""
    version = store.registry.get_version(required(body, "name"), version_number(body))
    return {"artifact_uri": version.artifact_uri or version.source}


def search_versions(store: Store, body: Body) -> Body:
    """GET model-versions/search: a page of versions."""
    filter_text = optional(body, "filter")
    orders = texts(body, "order_by", from_query=True)
    mark = pages.mark("model-versions", filter_text, orders)
    page = store.registry.search_versions(
        replace(parse_search(filter_text, orders, VERSIONS), sight=sight_of(store, "model")),
        limit=limit(body, "max_results", DEFAULT_VERSIONS, MOST_VERSIONS),
        token=pages.unseal(optional(body, "page_token"), mark),
    )
    return with_token(_versions(page.items), pages.seal(page.next_token, mark))


def set_version_tag(store: Store, body: Body) -> Body:
    """POST model-versions/set-tag."""
    store.registry.set_version_tag(
        required(body, "name"), version_number(body), required(body, "key"), value_text(body)
    )
    return {}


def delete_version_tag(store: Store, body: Body) -> Body:
    """DELETE model-versions/delete-tag."""
    store.registry.delete_version_tag(
        required(body, "name"), version_number(body), required(body, "key")
    )
    return {}


def move_stage(store: Store, body: Body) -> Body:
    """POST model-versions/transition-stage."""
    version = store.registry.move_stage(
        required(body, "name"),
        version_number(body),
        required(body, "stage"),
        archive_existing=flag(body, "archive_existing_versions"),
        occasion=_occasion(body),
    )
    return {"model_version": version_to_wire(version)}


def _occasion(body: Body) -> Occasion:
    """What is said of a move; MLflow's own clients say nothing."""
    return Occasion(comment(body))


def comment(body: Body) -> str:
    """The comment of a request, empty when absent; InvalidValue for a book."""
    found = text(body, "comment")
    check_length("Comment", found, MOST_COMMENT)
    return found


def set_alias(store: Store, body: Body) -> Body:
    """POST registered-models/alias: point an alias at a version."""
    store.registry.set_alias(
        *(required(body, "name"), required(body, "alias"), version_number(body)),
        occasion=_occasion(body),
    )
    return {}


def delete_alias(store: Store, body: Body) -> Body:
    """DELETE registered-models/alias."""
    store.registry.delete_alias(
        required(body, "name"), required(body, "alias"), occasion=_occasion(body)
    )
    return {}


def version_by_alias(store: Store, body: Body) -> Body:
    """GET registered-models/alias: the version an alias points at."""
    version = store.registry.version_by_alias(required(body, "name"), required(body, "alias"))
    return {"model_version": version_to_wire(version)}
