"""Searching logged models: what may be asked, as SQL over the tables of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import InvalidValue
from nbruns.store.artifacts import Artifacts
from nbruns.store.database import Database
from nbruns.store.keyset import Sql, Term, as_kept, attribute, column, compare, fetch_page, has

Dataset = tuple[str, str | None]

_COLUMNS = {
    "model_id": "m.model_id",
    "experiment_id": "cast(m.experiment_id as text)",
    "name": "m.name",
    "artifact_uri": "m.artifact_uri",
    "status": "m.status",
    "status_message": "m.status_message",
    "model_type": "m.model_type",
    "source_run_id": "m.source_run_id",
    "created_ms": "m.created_ms",
    "updated_ms": "m.updated_ms",
}
SELECT = """
    m.model_number, m.model_id, m.experiment_id, m.name, m.artifact_uri, m.status,
    m.created_ms, m.updated_ms, m.model_type, m.source_run_id, m.status_message
    from models m
"""
_OF_MODEL = "kv.model_number = m.model_number"


def find_models(
    db: Database,
    artifacts: Artifacts,
    experiment_ids: Sequence[str],
    search: Search,
    *,
    datasets: Sequence[Dataset],
    limit: int,
    token: str | None,
) -> tuple[list[tuple[Any, ...]], str | None]:
    """Rows of `SELECT` for a page of active models, and the token for the next page."""
    wheres = [
        Sql("m.stage = 'active'"),
        compare("cast(m.experiment_id as text)", "in", tuple(experiment_ids)),
        *(_where(as_kept(c, "artifact_uri", artifacts), datasets) for c in search.conditions),
    ]
    if datasets and not any(c.field == "metric" for c in search.conditions):
        on = _on_datasets(datasets)
        text = f"exists (select 1 from model_metrics kv where {_OF_MODEL} and {on.text})"
        wheres.append(Sql(text, on.values))
    return fetch_page(db, SELECT, wheres, _terms(search), limit=limit, token=token)


def _terms(search: Search) -> list[Term]:
    """What was asked for, then the newest, then the ids."""
    terms = [_term(order) for order in search.orders]
    if not any((o.field, o.key) == ("attribute", "created_ms") for o in search.orders):
        terms.append(Term(Sql("m.created_ms"), ascending=False))
    return [*terms, Term(Sql("m.model_id"))]


def _where(condition: Condition, datasets: Sequence[Dataset]) -> Sql:
    compared = compare("kv.value", condition.comparator, condition.value)
    match condition.field:
        case "attribute":
            return attribute(condition, _COLUMNS)
        case "param":
            return has("model_params", _OF_MODEL, condition.key, compared)
        case "tag":
            return has("model_tags", _OF_MODEL, condition.key, compared)
        case "metric":
            on = _on_datasets(datasets)
            both = Sql(f"{compared.text} and {on.text}", (*compared.values, *on.values))
            return has("model_metrics", _OF_MODEL, condition.key, both)
    raise InvalidValue(f"Logged models cannot be searched by {condition.field}")


def _term(order: Order) -> Term:
    if order.field == "attribute":
        return Term(Sql(column(order.key, _COLUMNS)), order.ascending)
    if order.field != "metric":
        raise InvalidValue(f"Logged models cannot be ordered by {order.field}")
    chosen = [(order.dataset_name, order.dataset_digest)] if order.dataset_name else []
    on = _on_datasets(chosen)
    newest = f"""(
        select kv.value from model_metrics kv
        where {_OF_MODEL} and kv.key = ? and {on.text}
        order by kv.at_ms desc, kv.step desc, kv.run_id limit 1)
    """
    return Term(Sql(newest, (order.key, *on.values)), order.ascending)


def _on_datasets(datasets: Sequence[tuple[str | None, str | None]]) -> Sql:
    """Whether a metric was taken on one of some datasets; without any, it does not matter."""
    choices, values = [], []
    for name, digest in datasets:
        choices.append("(kv.dataset_name = ?" + (" and kv.dataset_digest = ?)" if digest else ")"))
        values += [name, digest] if digest else [name]
    return Sql(f"({' or '.join(choices) or 'true'})", tuple(values))
