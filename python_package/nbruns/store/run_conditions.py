"""What a search may ask of a run → SQL that tests one run r, or sorts by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nbruns.conditions import Condition, Order
from nbruns.errors import InvalidValue
from nbruns.records import Aggregate
from nbruns.store.histories import extreme_of, newest_row
from nbruns.store.keyset import Sql, attribute, column, compare, has
from nbruns.store.run_values import RUN_NAME_TAG

COLUMNS = {
    "run_id": "r.run_id",
    "name": "r.name",
    "user": "r.user",
    "status": "r.status",
    "artifact_uri": "r.artifact_uri",
    "started_ms": "r.started_ms",
    "ended_ms": "r.ended_ms",
    # A run that goes on has lasted until now.
    "took_ms": "(coalesce(r.ended_ms, strftime('%s', 'now') * 1000) - r.started_ms)",
}
CONTEXT_TAG = "mlflow.data.context"
KEY_NUMBER = "(select key_number from metric_keys where key = ?)"
_HISTORY = f"""
    from histories h
    where h.run_number = {{run}} and h.key_number = {KEY_NUMBER}
"""


@dataclass(frozen=True, slots=True)
class SortKey:
    """One thing runs are sorted by; where it may be null, null comes last either way."""

    expression: Sql
    ascending: bool = True
    is_nullable: bool = True


def newest(settled: str, recent: str) -> str:
    """Something about the newest value of history h, wherever that stands now."""
    return f"case when h.is_settled then {settled} else (select {recent} {newest_row()}) end"


def extreme_value(aggregate: Aggregate) -> str:
    """The smallest or the largest value of history h, which is kept only once it is settled."""
    column = "smallest" if aggregate == "min" else "largest"
    return f"case when h.is_settled then h.{column} else ({extreme_of(aggregate, column)}) end"


def condition_sql(condition: Condition, run: str) -> Sql:
    """What must hold of a run: `run` is its number, r its row where attributes are asked for.

    The number may come from an index that is walked: what fails is then dropped before
    the run's row is read.
    """
    match condition.field:
        case "attribute" if condition.key == "name":
            # As MLflow: the name is asked of its tag.
            return _text("tags", RUN_NAME_TAG, condition, run)
        case "attribute":
            return attribute(condition, COLUMNS)
        case "param":
            return _text("params", condition.key, condition, run)
        case "tag":
            return _text("tags", condition.key, condition, run)
        case "metric":
            return _metric(condition, run)
        case "dataset":
            return _dataset(condition, run)


def quickest_first(conditions: Iterable[Condition]) -> list[Condition]:
    """In the order to test them: equal texts leave the fewest runs over."""
    texts = ("param", "tag")
    return sorted(conditions, key=lambda c: not (c.field in texts and c.comparator == "="))


def sort_keys(order: Order) -> list[SortKey]:
    """What run r is sorted by; a metric that is NaN comes after numbers, before missing ones."""
    match order.field:
        case "attribute":
            expression = Sql(column(order.key, COLUMNS))
            return [SortKey(expression, order.ascending, order.key == "ended_ms")]
        case "param" | "tag":
            table = f"{order.field}s"
            text = f"(select value from {table} where run_number = r.run_number and key = ?)"
            return [SortKey(Sql(text, (order.key,)), order.ascending)]
        case "metric" if order.aggregate != "last":
            history = _HISTORY.format(run="r.run_number")
            text = f"(select {extreme_value(order.aggregate)} {history})"
            return [SortKey(Sql(text, (order.key,)), order.ascending)]
        case "metric":
            history = _HISTORY.format(run="r.run_number")
            nan = f"(select {newest('h.is_nan', 'm.is_nan')} {history})"
            value = f"(select {newest('h.value', 'm.value')} {history})"
            return [
                SortKey(Sql(nan, (order.key,))),
                SortKey(Sql(value, (order.key,)), order.ascending),
            ]
        case _:
            raise InvalidValue(f"Runs cannot be ordered by a {order.field}")


def value_holds(condition: Condition, value: str, is_nan: str) -> Sql:
    """A comparison of a metric; nothing compares with NaN, but it differs from everything."""
    compared = compare(value, condition.comparator, condition.value)
    if condition.comparator == "!=":
        return Sql(f"({is_nan} or {compared.text})", compared.values)
    return Sql(f"(not {is_nan} and {compared.text})", compared.values)


def _metric(condition: Condition, run: str) -> Sql:
    history = _HISTORY.format(run=run)
    if condition.comparator in ("is null", "is not null"):
        negation = "not " if condition.comparator == "is null" else ""
        return Sql(f"{negation}exists (select 1 {history})", (condition.key,))
    settled = value_holds(condition, "h.value", "h.is_nan")
    recent = value_holds(condition, "m.value", "m.is_nan")
    holds = f"(select {newest(settled.text, recent.text)} {history})"
    return Sql(holds, (*settled.values, *recent.values, condition.key))


def _text(table: str, key: str, condition: Condition, run: str) -> Sql:
    joined = f"kv.run_number = {run}"
    if condition.comparator in ("is null", "is not null"):
        negation = "not " if condition.comparator == "is null" else ""
        found = has(table, joined, key, Sql("true"))
        return Sql(negation + found.text, found.values)
    return has(table, joined, key, compare("kv.value", condition.comparator, condition.value))


def _dataset(condition: Condition, run: str) -> Sql:
    if condition.key == "context":
        compared = compare("t.value", condition.comparator, condition.value)
        return Sql(
            f"""exists (
                select 1
                from run_dataset_tags t
                where t.run_number = {run} and t.key = ? and {compared.text}
            )""",
            (CONTEXT_TAG, *compared.values),
        )
    columns = {"name": "d.name", "digest": "d.digest"}
    compared = compare(column(condition.key, columns), condition.comparator, condition.value)
    return Sql(
        f"""exists (
            select 1
            from run_datasets rd
            join datasets d using (dataset_number)
            where rd.run_number = {run} and {compared.text}
        )""",
        compared.values,
    )
