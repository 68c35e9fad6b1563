"""Our own calls about lists of runs, on a real store without HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from nbruns.endpoints.routes import call
from nbruns.errors import InvalidValue
from nbruns.protocol.list_messages import columns_from_wire, columns_to_wire, row_from_wire
from nbruns.records import ListColumns, MetricPoint, Run
from nbruns.store import Store


def listed(store: Store, **body: Any) -> dict[str, Any]:
    return call(store, "POST", "api/1.0/runs/list", {"experiment_id": "0", **body})


@pytest.fixture
def runs(store: Store) -> list[Run]:
    """Three runs; the first reached the highest accuracy and kept the lowest."""
    made = []
    for name, values in (("one", (0.9, 0.1)), ("two", (0.3, 0.5)), ("three", ())):
        run = store.runs.create("0", name=name, started_ms=1_000 + len(made))
        points = [MetricPoint("acc", value, step, 1) for step, value in enumerate(values)]
        store.runs.log_batch(run.run_id, metrics=points, params={"p": name})
        made.append(run)
    return made


def names(reply: dict[str, Any]) -> list[str]:
    return [row_from_wire(row).run.name for row in reply["rows"]]


def test_a_list_is_asked_for_by_place_and_says_what_there_is(store: Store, runs: list[Run]) -> None:
    reply = listed(store, first=1, count=1, folded=True, totals=True)

    assert names(reply) == ["two"]
    assert reply["total"] == 3
    assert reply["counts"] == {"by_status": {"RUNNING": 3}, "deleted": 0}
    assert reply["keys"]["metrics"] == [{"key": "acc", "runs": 2, "values": 2}]


def test_totals_are_counted_only_where_they_are_asked_for(store: Store, runs: list[Run]) -> None:
    assert set(listed(store, count=2)) == {"rows"}


@pytest.mark.parametrize(("aggregate", "first"), [("last", "two"), ("max", "one"), ("min", "two")])
def test_a_metric_s_order_goes_by_the_value_its_column_shows(
    store: Store, runs: list[Run], aggregate: str, first: str
) -> None:
    columns = {"metrics": [{"key": "acc", "aggregate": aggregate, "best": "max"}]}
    reply = listed(store, order_by=["metrics.acc DESC"], columns=columns, totals=True)

    assert names(reply)[0] == first
    assert names(reply)[2] == "three"
    assert reply["best"] == reply["rows"][0]["run"]["info"]["run_id"]


def test_the_winner_is_marked_however_the_list_is_sorted(store: Store, runs: list[Run]) -> None:
    columns = {"metrics": [{"key": "acc", "aggregate": "last", "best": "min"}]}
    reply = listed(store, order_by=["metrics.acc DESC"], columns=columns, totals=True)

    assert reply["best"] == runs[0].run_id


def test_the_longest_comes_first_where_runs_are_sorted_by_duration(
    store: Store, runs: list[Run]
) -> None:
    for run, ended_ms in zip(runs, (9_000, 2_000, 5_000), strict=True):
        store.runs.update(run.run_id, status="FINISHED", ended_ms=ended_ms)

    assert names(listed(store, order_by=["duration DESC"], folded=True)) == ["one", "three", "two"]
    with pytest.raises(InvalidValue, match="can be ordered by, not filtered on"):
        listed(store, filter="duration > 5")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"filter": "params.p ="}, "Expected a quoted string"),
        ({"folded": True, "filter": "params.p = 'one'"}, "leave 'folded' out"),
        ({"folded": True, "order_by": ["metrics.acc"]}, "leave 'folded' out"),
        ({"count": 1_001}, "at most 1000"),
        ({"columns": {"metrics": [{"key": "a", "aggregate": "mean"}]}}, "'mean'"),
        ({"columns": 1}, "must be an object"),
    ],
)
def test_what_cannot_be_listed_is_refused_with_its_value(
    store: Store, runs: list[Run], body: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidValue, match=said):
        listed(store, **body)


def test_keys_values_and_sparks_are_there_to_choose_from(store: Store, runs: list[Run]) -> None:
    keys = call(store, "GET", "api/1.0/experiments/keys", {"experiment_id": "0"})
    values = call(
        store,
        "GET",
        "api/1.0/experiments/values",
        {"experiment_id": "0", "kind": "params", "key": "p"},
    )
    sparks = call(
        store,
        "POST",
        "api/1.0/metrics/sparks",
        {"run_ids": [run.run_id for run in runs], "metric_keys": ["acc"]},
    )

    assert [key["key"] for key in keys["tags"]] == ["mlflow.runName"]
    assert values["values"] == ["one", "three", "two"]
    assert sparks["sparks"] == {
        runs[0].run_id: {"acc": [0.9, 0.1]},
        runs[1].run_id: {"acc": [0.3, 0.5]},
    }


def test_runs_go_into_the_trash_and_come_back_or_go_for_good(store: Store, runs: list[Run]) -> None:
    gone = call(store, "POST", "api/1.0/runs/delete-nested", {"run_ids": [runs[0].run_id]})
    assert names(listed(store, run_view_type="DELETED_ONLY")) == ["one"]
    call(store, "POST", "api/1.0/runs/restore-all", gone)
    assert listed(store, totals=True)["total"] == 3

    call(store, "POST", "api/1.0/runs/delete-nested", {"run_ids": [runs[0].run_id]})
    call(store, "POST", "api/1.0/runs/purge", {"run_ids": [runs[0].run_id]})
    assert listed(store, totals=True)["counts"] == {"by_status": {"RUNNING": 2}, "deleted": 0}


def test_where_a_notebook_logs_is_said_by_its_newest_run(store: Store) -> None:
    other = store.experiments.create("elsewhere").experiment_id
    store.runs.create(other, name="x", tags={"nbruns.notebook": "n"})
    found = call(store, "GET", "api/1.0/notebooks/logging", {"notebook_id": "n"})
    none = call(store, "GET", "api/1.0/notebooks/logging", {"notebook_id": "m"})

    assert (found["run"]["info"]["experiment_id"], found["experiment_name"]) == (other, "elsewhere")
    assert none == {"run": None}


def test_columns_come_back_from_the_wire() -> None:
    columns = ListColumns({"acc": ("max", "min")}, ("p",), ("t",))

    assert columns_from_wire(columns_to_wire(columns)) == columns
