"""The experiments of the protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nbruns.endpoints.sight import sight_of
from nbruns.errors import InvalidState, InvalidValue, NotFound
from nbruns.protocol import pages
from nbruns.protocol.errors import RefusedState
from nbruns.protocol.fields import limit, optional, required, texts, value_text
from nbruns.protocol.filters import parse_search
from nbruns.protocol.grammar import EXPERIMENTS
from nbruns.protocol.messages import experiment_to_wire, mapping, view
from nbruns.store import Store

MOST_PER_PAGE = 50_000

Body = dict[str, Any]


def experiment_id(body: Body, name: str = "experiment_id") -> str:
    """An experiment's id out of a request: decimal digits."""
    return checked_id(required(body, name))


def checked_id(found: str) -> str:
    """The id as the store keeps it; MLflow reads ids as integers, so '01' is '1'."""
    try:
        number = int(found)
    except ValueError:
        raise InvalidValue(f"Invalid experiment ID '{found[:80]}': it must be an integer") from None
    if abs(number) >= 2**63:
        raise InvalidValue(f"Invalid experiment ID '{found[:80]}': it exceeds 64 bits")
    return str(number)


def create(store: Store, body: Body) -> Body:
    """POST experiments/create: a new experiment under a name not in use."""
    location = optional(body, "artifact_location") or None
    if location and location.startswith("runs:"):
        raise InvalidValue(f"Artifact location cannot be a runs:/ URI, got '{location[:200]}'")
    experiment = store.experiments.create(
        required(body, "name"), artifact_uri=location, tags=mapping(body, "tags")
    )
    return {"experiment_id": experiment.experiment_id}


def get(store: Store, body: Body) -> Body:
    """GET experiments/get: one experiment, deleted ones too."""
    return {"experiment": experiment_to_wire(store.experiments.get(experiment_id(body)))}


def get_by_name(store: Store, body: Body) -> Body:
    """GET experiments/get-by-name: the experiment of that name, deleted ones too."""
    name = required(body, "experiment_name")
    experiment = store.experiments.find_by_name(name)
    if experiment is None:
        raise NotFound(f"Could not find experiment with name '{name}'")
    return {"experiment": experiment_to_wire(experiment)}


def search(store: Store, body: Body) -> Body:
    """GET or POST experiments/search: a page of experiments."""
    filter_text, shown = optional(body, "filter"), view(body, "view_type")
    orders = texts(body, "order_by", from_query=True)
    mark = pages.mark("experiments", filter_text, orders, shown)
    page = store.experiments.search(
        replace(
            parse_search(filter_text, orders, EXPERIMENTS), sight=sight_of(store, "experiment")
        ),
        view=shown,
        # MLflow has no default here: a request without a size is refused.
        limit=limit(body, "max_results", 0, MOST_PER_PAGE) or _size_missing(),
        token=pages.unseal(optional(body, "page_token"), mark),
    )
    reply: Body = {"experiments": [experiment_to_wire(found) for found in page.items]}
    return with_token(reply, pages.seal(page.next_token, mark))


def _size_missing() -> int:
    raise InvalidValue("Parameter 'max_results' must be a positive integer, it was not given")


def with_token(reply: Body, token: str | None) -> Body:
    """A reply with the token of the next page, if there is one."""
    if token is not None:
        reply["next_page_token"] = token
    return reply


def rename(store: Store, body: Body) -> Body:
    """POST experiments/update: a new name for an active experiment."""
    number, name = experiment_id(body), required(body, "new_name")
    try:
        store.experiments.rename(number, name)
    except InvalidState as error:
        raise RefusedState(str(error)) from error
    return {}


def delete(store: Store, body: Body) -> Body:
    """POST experiments/delete: into the bin, with its runs."""
    store.experiments.delete(experiment_id(body))
    return {}


def restore(store: Store, body: Body) -> Body:
    """POST experiments/restore: out of the bin, with its runs."""
    store.experiments.restore(experiment_id(body))
    return {}


def set_tag(store: Store, body: Body) -> Body:
    """POST experiments/set-experiment-tag."""
    store.experiments.set_tag(experiment_id(body), required(body, "key"), value_text(body))
    return {}


def delete_tag(store: Store, body: Body) -> Body:
    """POST experiments/delete-experiment-tag."""
    store.experiments.delete_tag(experiment_id(body), required(body, "key"))
    return {}
