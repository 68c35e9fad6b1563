"""The two ways runs/search is answered, as records and as text, must be one."""

import json
import math
from typing import Any

import pytest

from nbruns.endpoints import runs
from nbruns.records import Dataset, DatasetInput, MetricPoint, ModelLink
from nbruns.store import Store


def by_key(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply with what each run logged in the order of its keys, which MLflow leaves open."""
    for run in reply.get("runs", ()):
        for logged in run["data"].values():
            logged.sort(key=lambda member: member["key"])
    return reply


@pytest.mark.parametrize("is_ended", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 9])
def test_both_replies_are_the_same(store: Store, is_ended: bool, limit: int) -> None:
    for name in ("a", 'b"\n', "ü"):
        run = store.runs.create("0", name=name, started_ms=len(name), tags={"t": name})
        store.runs.log_batch(
            run.run_id,
            metrics=[MetricPoint("m", 0.1 + 0.2), MetricPoint("n", math.nan, 3, 4)],
            params={"p": name, "q": "\\"},
        )
        store.runs.log_inputs(
            run.run_id, [DatasetInput(Dataset("d", "1", "local", "{}"), {"k": "v"})]
        )
        store.runs.log_outputs(run.run_id, [ModelLink("m-1", 2)])
        if is_ended:
            store.runs.update(run.run_id, status="FINISHED", ended_ms=9)
    store.runs.create("0", name="bare", started_ms=0)
    body = {"experiment_ids": ["0"], "max_results": limit}

    assert by_key(json.loads(runs.search_text(store, body))) == by_key(runs.search(store, body))


def test_an_empty_search_is_an_empty_object(store: Store) -> None:
    assert runs.search_text(store, {"experiment_ids": ["0"]}) == "{}"
