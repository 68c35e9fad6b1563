"""Searches of runs → SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import InvalidValue
from nbruns.records import View
from nbruns.store.database import Database
from nbruns.store.keyset import Sql, Term, attribute, column, compare, fetch_page, has

COLUMNS = {
    "run_id": "r.run_id",
    "name": "r.name",
    "user": "r.user",
    "status": "r.status",
    "artifact_uri": "r.artifact_uri",
    "started_ms": "r.started_ms",
    "ended_ms": "r.ended_ms",
}
_METRIC = """
select {} from histories h
where h.run_number = r.run_number
and h.key_number = (select key_number from metric_keys where key = ?)
"""
_NEWEST = """
case when h.is_settled then {0} else (
    select {1} from recent_metrics m
    where m.run_number = h.run_number and m.key_number = h.key_number
    order by m.step desc, m.key_number desc, m.at_ms desc, m.value desc, m.is_nan desc
    limit 1
) end
"""


def find_runs(
    db: Database,
    experiment_ids: Sequence[int],
    search: Search,
    *,
    view: View,
    limit: int,
    token: str | None,
) -> tuple[list[int], str | None]:
    """The numbers of a page of runs, and the token for the next page."""
    wheres = [
        Sql(
            "r.experiment_id in (select value from json_each(?))",
            (json.dumps(list(experiment_ids)),),
        )
    ]
    if view != "all":
        wheres.append(Sql("r.stage = ?", (view,)))
    wheres += map(condition_sql, search.conditions)
    rows, next_token = fetch_page(
        db, "r.run_number from runs r", wheres, _terms(search.orders), limit=limit, token=token
    )
    return [row[0] for row in rows], next_token


def condition_sql(condition: Condition) -> Sql:
    """What must hold of run r."""
    match condition.field:
        case "attribute" if condition.key == "name":
            # As MLflow: the name is asked of its tag.
            return _text("tags", "mlflow.runName", condition)
        case "attribute":
            return attribute(condition, COLUMNS)
        case "param":
            return _text("params", condition.key, condition)
        case "tag":
            return _text("tags", condition.key, condition)
        case "metric":
            return _metric(condition)
        case "dataset":
            return _dataset(condition)


def _text(table: str, key: str, condition: Condition) -> Sql:
    joined = "kv.run_number = r.run_number"
    if condition.comparator in ("is null", "is not null"):
        found = has(table, joined, key, Sql("true"))
        return (
            Sql(f"not {found.text}", found.values) if condition.comparator == "is null" else found
        )
    return has(table, joined, key, compare("kv.value", condition.comparator, condition.value))


def _metric(condition: Condition) -> Sql:
    if condition.comparator in ("is null", "is not null"):
        negation = "not " if condition.comparator == "is null" else ""
        return Sql(f"{negation}exists ({_METRIC.format(1)})", (condition.key,))
    compared = compare("{0}", condition.comparator, condition.value)
    # Nothing compares with NaN, but it differs from everything.
    with_nan = "({1} or {2})" if condition.comparator == "!=" else "({1} and not {2})"
    settled = with_nan.format("", compared.text.format("h.value"), "h.is_nan")
    unsettled = with_nan.format("", compared.text.format("m.value"), "m.is_nan")
    holds = _METRIC.format(_NEWEST.format(settled, unsettled))
    values = (*compared.values, *compared.values, condition.key)
    return Sql(f"coalesce(({holds}), 0)", values)


def _dataset(condition: Condition) -> Sql:
    if condition.key not in ("name", "digest", "context"):
        raise InvalidValue(
            f"Datasets are searched by name, digest or context, not '{condition.key}'"
        )
    if condition.key == "context":
        compared = compare("t.value", condition.comparator, condition.value)
        return Sql(
            f"""exists (
                select 1 from run_dataset_tags t
                where t.run_number = r.run_number and t.key = 'mlflow.data.context'
                and {compared.text}
            )""",
            compared.values,
        )
    compared = compare(f"d.{condition.key}", condition.comparator, condition.value)
    return Sql(
        f"""exists (
            select 1 from run_datasets rd join datasets d using (dataset_number)
            where rd.run_number = r.run_number and {compared.text}
        )""",
        compared.values,
    )


def _terms(orders: tuple[Order, ...]) -> list[Term]:
    named = [(order.field, order.key) for order in orders]
    if len(set(named)) < len(named):
        raise InvalidValue("The same field stands twice in `order_by`")
    terms = [term for order in orders for term in _order(order)]
    if ("attribute", "started_ms") not in named:
        terms.append(Term(Sql("r.started_ms"), ascending=False))
    return [*terms, Term(Sql("r.run_id"))]


def _order(order: Order) -> list[Term]:
    match order.field:
        case "attribute":
            return [Term(Sql(column(order.key, COLUMNS)), order.ascending)]
        case "param" | "tag":
            text = f"(select value from {order.field}s where run_number = r.run_number and key = ?)"
            return [Term(Sql(text, (order.key,)), order.ascending)]
        case "metric":
            nan = Sql(f"({_METRIC.format(_NEWEST.format('h.is_nan', 'm.is_nan'))})", (order.key,))
            number = Sql(f"({_METRIC.format(_NEWEST.format('h.value', 'm.value'))})", (order.key,))
            return [Term(nan), Term(number, order.ascending)]
        case _:
            raise InvalidValue(f"Runs cannot be ordered by a {order.field}")
