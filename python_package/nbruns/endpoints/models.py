"""The logged models of the protocol."""

from __future__ import annotations

from typing import Any

from nbruns.conditions import Search
from nbruns.endpoints.experiments import MOST_PER_PAGE, checked_id, experiment_id, with_token
from nbruns.endpoints.sight import readable_experiments
from nbruns.errors import InvalidValue
from nbruns.protocol import pages
from nbruns.protocol.fields import (
    choice,
    find,
    flag,
    limit,
    messages,
    missing,
    optional,
    required,
    text,
    texts,
)
from nbruns.protocol.filters import order_of_models, parse_filter
from nbruns.protocol.grammar import LOGGED_MODELS
from nbruns.protocol.messages import mapping
from nbruns.protocol.model_messages import (
    MODEL_STATUSES,
    logged_model_to_wire,
    model_status_from_wire,
)
from nbruns.store import Store

DEFAULT_PAGE = 100

Body = dict[str, Any]


def create(store: Store, body: Body) -> Body:
    """POST logged-models: a new model, pending until its files are there."""
    model = store.models.create(
        experiment_id(body),
        name=optional(body, "name") or None,
        model_type=text(body, "model_type"),
        source_run_id=text(body, "source_run_id"),
        params=mapping(body, "params"),
        tags=mapping(body, "tags"),
    )
    return {"model": logged_model_to_wire(model)}


def get(store: Store, body: Body) -> Body:
    """GET logged-models/{model_id}."""
    deleted_too = flag(body, "allow_deleted")
    model = store.models.get(required(body, "model_id"), allow_deleted=deleted_too)
    return {"model": logged_model_to_wire(model)}


def finalize(store: Store, body: Body) -> Body:
    """PATCH logged-models/{model_id}: the files are there, or never will be."""
    if find(body, "status") is None:
        raise missing("status")
    status = model_status_from_wire(choice(body, "status", MODEL_STATUSES, ""))
    model = store.models.finalize(required(body, "model_id"), status)
    return {"model": logged_model_to_wire(model)}


def search(store: Store, body: Body) -> Body:
    """POST logged-models/search: a page of the models of some experiments."""
    experiment_ids = [checked_id(found) for found in texts(body, "experiment_ids")]
    if not experiment_ids and find(body, "experiment_ids") is None:
        raise missing("experiment_ids")
    filter_text = optional(body, "filter")
    orders = messages(body, "order_by")
    datasets = [_dataset(item) for item in messages(body, "datasets")]
    mark = pages.mark("models", experiment_ids, filter_text, orders, datasets)
    page = store.models.search(
        readable_experiments(store, experiment_ids),
        Search(
            parse_filter(filter_text, LOGGED_MODELS),
            tuple(
                order_of_models(
                    required(item, "field_name"),
                    find(item, "ascending") is None or flag(item, "ascending"),
                    optional(item, "dataset_name") or None,
                    optional(item, "dataset_digest") or None,
                )
                for item in orders
            ),
        ),
        datasets=datasets,
        limit=limit(body, "max_results", 0, MOST_PER_PAGE, least=0) or DEFAULT_PAGE,
        token=pages.unseal(optional(body, "page_token"), mark),
    )
    reply: Body = {"models": [logged_model_to_wire(found) for found in page.items]}
    return with_token(reply, pages.seal(page.next_token, mark))


def _dataset(item: Any) -> tuple[str, str | None]:
    name = optional(item, "dataset_name")
    if not name:
        raise InvalidValue("Each of 'datasets' needs a dataset_name")
    return name, optional(item, "dataset_digest") or None


def log_params(store: Store, body: Body) -> Body:
    """POST logged-models/{model_id}/params."""
    store.models.log_params(required(body, "model_id"), mapping(body, "params"))
    return {}


def set_tags(store: Store, body: Body) -> Body:
    """PATCH logged-models/{model_id}/tags."""
    store.models.set_tags(required(body, "model_id"), mapping(body, "tags"))
    return {}


def delete_tag(store: Store, body: Body) -> Body:
    """DELETE logged-models/{model_id}/tags/{tag_key}."""
    store.models.delete_tag(required(body, "model_id"), required(body, "tag_key"))
    return {}


def delete(store: Store, body: Body) -> Body:
    """DELETE logged-models/{model_id}."""
    store.models.delete(required(body, "model_id"))
    return {}
