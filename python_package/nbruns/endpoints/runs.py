"""The runs of the protocol: their life, what is logged to them, the search for them."""

from __future__ import annotations

import json
from typing import Any

from nbruns.conditions import Search
from nbruns.endpoints.experiments import MOST_PER_PAGE, checked_id, with_token
from nbruns.endpoints.sight import readable_experiments
from nbruns.errors import InvalidValue, Unsupported
from nbruns.identity import signed_in_user
from nbruns.protocol import pages
from nbruns.protocol.fields import (
    choice,
    find,
    items,
    limit,
    missing,
    optional,
    optional_int,
    required,
    text,
    texts,
    value_text,
)
from nbruns.protocol.filters import parse_search
from nbruns.protocol.grammar import RUNS
from nbruns.protocol.messages import (
    STATUSES,
    dataset_inputs_from_wire,
    mapping,
    metric_from_wire,
    metrics_from_wire,
    model_links_from_wire,
    run_info_to_wire,
    run_to_wire,
    unique_mapping,
    view,
)
from nbruns.protocol.names import LOGGED_MODELS_TAG
from nbruns.rules import check_batch
from nbruns.store import Store
from nbruns.store.run_texts import RunText, Words

DEFAULT_PAGE = 1000
_encode = json.JSONEncoder(separators=(",", ":")).encode
METRIC_WORDS = Words(key="key", value="value", at_ms="timestamp", step="step", nan="NaN")
_MODEL_FIELDS = {"artifact_path", "flavors", "utc_time_created", "run_id"}

Body = dict[str, Any]


def run_id(body: Body) -> str:
    """A run's id, under its name or the one it had before."""
    return optional(body, "run_id") or required_id(optional(body, "run_uuid"))


def required_id(found: str | None) -> str:
    """The id, if there is one."""
    if not found:
        raise missing("run_id")
    return found


def create(store: Store, body: Body) -> Body:
    """POST runs/create: a new running run."""
    run = store.runs.create(
        checked_id(text(body, "experiment_id") or "0"),
        name=optional(body, "run_name") or None,
        # A client only guesses: it sends the name of its machine's user, or 'unknown'.
        user=signed_in_user() or text(body, "user_id"),
        started_ms=optional_int(body, "start_time"),
        tags=mapping(body, "tags"),
    )
    return {"run": run_to_wire(run)}


def get(store: Store, body: Body) -> Body:
    """GET runs/get: one run with all but its histories."""
    return {"run": run_to_wire(store.runs.get(run_id(body)))}


def update(store: Store, body: Body) -> Body:
    """POST runs/update: status, end and name, each if given."""
    status = None if find(body, "status") is None else choice(body, "status", STATUSES, "RUNNING")
    run = store.runs.update(
        run_id(body),
        status=status,
        ended_ms=optional_int(body, "end_time"),
        name=optional(body, "run_name") or None,
    )
    return {"run_info": run_info_to_wire(run)}


def delete(store: Store, body: Body) -> Body:
    """POST runs/delete: into the bin."""
    store.runs.delete(run_id(body))
    return {}


def restore(store: Store, body: Body) -> Body:
    """POST runs/restore: out of the bin."""
    store.runs.restore(run_id(body))
    return {}


def search(store: Store, body: Body) -> Body:
    """POST runs/search: a page of runs of some experiments."""
    experiment_ids, wanted, options, mark = _searched(store, body)
    page = store.runs.search(experiment_ids, wanted, **options)
    reply: Body = {"runs": [run_to_wire(run) for run in page.items]} if page.items else {}
    return with_token(reply, pages.seal(page.next_token, mark))


def search_text(store: Store, body: Body) -> str:
    """The same reply as text, made without a record for each value: four times as quick."""
    experiment_ids, wanted, options, mark = _searched(store, body)
    page = store.runs.search_texts(experiment_ids, wanted, METRIC_WORDS, **options)
    token = pages.seal(page.next_token, mark)
    members = [f'"runs":[{",".join(map(run_text_to_wire, page.items))}]'] if page.items else []
    members += [f'"next_page_token":{json.dumps(token)}'] if token else []
    return "{" + ",".join(members) + "}"


def run_text_to_wire(found: RunText) -> str:
    """One run of such a reply; what it logged is text already."""
    wire = run_to_wire(found.run)
    wire.pop("data")
    logged = {"metrics": found.metrics, "params": found.params, "tags": found.tags}
    data = ",".join(f'"{name}":{text}' for name, text in logged.items() if text != "[]")
    rest = _encode(wire)
    return f'{rest[:-1]},"data":{{{data}}}}}'


def _searched(store: Store, body: Body) -> tuple[list[str], Search, dict[str, Any], str]:
    """What a search asks for: experiments, conditions, the page; and the mark of its tokens."""
    experiment_ids = [checked_id(found) for found in texts(body, "experiment_ids")]
    filter_text, orders = optional(body, "filter"), texts(body, "order_by")
    shown = view(body, "run_view_type")
    mark = pages.mark("runs", experiment_ids, filter_text, orders, shown)
    options = {
        "view": shown,
        "limit": limit(body, "max_results", DEFAULT_PAGE, MOST_PER_PAGE),
        "token": pages.unseal(optional(body, "page_token"), mark),
    }
    seen = readable_experiments(store, experiment_ids)
    return seen, parse_search(filter_text, orders, RUNS), options, mark


def log_metric(store: Store, body: Body) -> Body:
    """POST runs/log-metric: one point."""
    run, point = run_id(body), metric_from_wire(body)
    if point.model_id:
        store.metrics.append(run, [point])
    else:
        store.metrics.log(run, point.key, point.value, point.step, point.at_ms)
    return {}


def log_param(store: Store, body: Body) -> Body:
    """POST runs/log-parameter: one parameter; the same value twice is fine."""
    store.runs.log_params(run_id(body), {required(body, "key"): value_text(body)})
    return {}


def set_tag(store: Store, body: Body) -> Body:
    """POST runs/set-tag."""
    store.runs.set_tags(run_id(body), {required(body, "key"): value_text(body)})
    return {}


def delete_tag(store: Store, body: Body) -> Body:
    """POST runs/delete-tag."""
    store.runs.delete_tag(run_id(body), required(body, "key"))
    return {}


def log_batch(store: Store, body: Body) -> Body:
    """POST runs/log-batch: metrics, parameters and tags, all of them or none."""
    check_batch(*(items(body, name) for name in ("metrics", "params", "tags")))
    store.runs.log_batch(
        run_id(body),
        metrics=metrics_from_wire(body),
        params=unique_mapping(body, "params"),
        tags=mapping(body, "tags"),
    )
    return {}


def log_inputs(store: Store, body: Body) -> Body:
    """POST runs/log-inputs: datasets and models a run used."""
    store.runs.log_inputs(
        run_id(body), dataset_inputs_from_wire(body), models=model_links_from_wire(body)
    )
    return {}


def log_outputs(store: Store, body: Body) -> Body:
    """POST runs/outputs: models a run made."""
    links = model_links_from_wire(body)
    if find(body, "models") is None:
        raise missing("models")
    store.runs.log_outputs(run_id(body), links)
    return {}


def log_model(store: Store, body: Body) -> Body:
    """POST runs/log-model: what clients before MLflow 3 say of a model, kept as a tag."""
    run, described = run_id(body), required(body, "model_json")
    try:
        model = json.loads(described)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"The model info is not valid JSON: {described[:200]}") from error
    lacking = _MODEL_FIELDS - (model.keys() if isinstance(model, dict) else set())
    if lacking:
        raise InvalidValue(f"The model info lacks {', '.join(sorted(lacking))}")
    history = json.loads(store.runs.get(run).tags.get(LOGGED_MODELS_TAG, "[]"))
    store.runs.set_tags(run, {LOGGED_MODELS_TAG: json.dumps([*history, model])})
    return {}


def unsupported(store: Store, body: Body) -> Body:
    """Everything of MLflow 3 that nbruns leaves out."""
    raise Unsupported(
        "nbruns keeps experiments, runs, models and the registry; traces, prompts, scorers, "
        "evaluation datasets, webhooks, workspaces and the gateway are not part of it"
    )
