"""What runs had to work with and what differs between them, asked over the wire."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from compared_runs import notebook

from nbruns.endpoints.comparisons import MOST_SOURCE, comparison_to_wire, side
from nbruns.endpoints.routes import call
from nbruns.errors import InvalidValue, NotFound
from nbruns.records import Environment, MetricPoint, Package, Run
from nbruns.store import Store
from nbruns.store.environments import digest_of, environment_to_wire

ENVIRONMENT = Environment("3.11.7", "Linux", (Package("numpy", "2.1"),))
LATER = Environment("3.11.7", "Linux", (Package("numpy", "2.2"),))


def ours(store: Store, method: str, where: str, /, **body: Any) -> dict[str, Any]:
    return call(store, method, f"api/1.0/{where}", body)


def made(store: Store, content: dict[str, Any] | None = None, **tags: str) -> Run:
    """A run of a notebook, captured as the browser does it."""
    tags = {key.replace("_", "."): value for key, value in tags.items()}
    run = store.runs.create("0", tags=tags)
    if content is not None:
        body = {"run_id": run.run_id, "path": "a.ipynb", "content": content}
        call(store, "POST", "api/1.0/revisions/capture", body)
    return store.runs.get(run.run_id)


def sent_along(store: Store, run: Run, told: object) -> None:
    """What a kernel elsewhere leaves among a run's artifacts."""
    folder = store.artifacts.folder(run.artifact_uri) / "nbruns"
    folder.mkdir(parents=True)
    (folder / "environment.json").write_text(told if isinstance(told, str) else json.dumps(told))


def test_an_environment_is_found_by_run_and_by_digest(store: Store) -> None:  # F21
    digest = store.environments.keep(ENVIRONMENT)
    run = made(store, nbruns_environment=digest)

    found = ours(store, "GET", "environments/get", run_id=run.run_id)["environment"]
    assert found["digest"] == digest
    assert found["packages"] == [{"name": "numpy", "version": "2.1", "origin": ""}]
    assert ours(store, "GET", "environments/get", digest=digest)["environment"] == found


def test_an_environment_that_was_sent_along_is_found_by_its_run_and_those_nested_in_it(
    store: Store,
) -> None:
    tag = digest_of(ENVIRONMENT)
    run = made(store, nbruns_environment=tag)
    child = made(store, nbruns_environment=tag, mlflow_parentRunId=run.run_id)
    other = made(store, nbruns_environment="0" * 32, mlflow_parentRunId=run.run_id)
    sent_along(store, run, environment_to_wire(ENVIRONMENT))

    for one in (run, child):
        found = ours(store, "GET", "environments/get", run_id=one.run_id)["environment"]
        assert found == environment_to_wire(ENVIRONMENT)
    with pytest.raises(NotFound, match="was not recorded"):
        ours(store, "GET", "environments/get", run_id=other.run_id)


@pytest.mark.parametrize("told", ["", "{", "[" * 100_000, '{"packages": 1}', '"x"'])
def test_a_file_that_is_no_environment_is_none(store: Store, told: str) -> None:
    run = made(store, nbruns_environment="0" * 32)
    sent_along(store, run, told)

    with pytest.raises(NotFound, match=f"'{run.run_id}' was not recorded"):
        ours(store, "GET", "environments/get", run_id=run.run_id)


def test_what_is_new_in_a_run_is_told_against_the_one_before(store: Store) -> None:  # N1
    first = made(store, notebook("x", "y"), nbruns_environment=store.environments.keep(ENVIRONMENT))
    second = made(store, notebook("x", "z"), nbruns_environment=store.environments.keep(LATER))
    store.runs.log_params(first.run_id, {"lr": "0.1", "depth": "3"})
    store.runs.log_params(second.run_id, {"lr": "0.01", "depth": "3"})

    told = ours(store, "GET", "runs/changes", run_id=second.run_id)
    found = told["comparison"]
    assert told["predecessor"] == first.run_id
    assert found["sentence"] == "cell 2 edited; lr 0.1 → 0.01; numpy 2.1 → 2.2"
    assert found["params"] == [{"name": "lr", "values": ["0.1", "0.01"]}]
    assert found["equal"]["params"] == [{"name": "depth", "values": ["3", "3"]}]
    assert found["unknown"] == []
    (code,) = found["code"]
    assert (code["run_id"], code["words"], code["is_known"]) == (
        second.run_id,
        "cell 2 edited",
        True,
    )
    (cell,) = code["cells"]
    assert (cell["old_source"], cell["new_source"], cell["is_cut"]) == ("y", "z", False)
    assert (cell["old_position"], cell["new_position"], cell["cell_id"]) == (2, 2, "c1")


def test_a_first_run_has_none_before_it(store: Store, run: Run) -> None:
    assert ours(store, "GET", "runs/changes", run_id=run.run_id) == {
        "predecessor": None,
        "comparison": None,
    }


def test_runs_are_compared_in_the_order_they_are_named(store: Store) -> None:
    runs = [made(store) for _ in range(3)]
    for n, run in enumerate(runs):
        store.metrics.append(run.run_id, [MetricPoint("m", [1.0, math.nan, 3.0][n])])

    ids = [run.run_id for run in reversed(runs)]
    found = ours(store, "POST", "runs/compare", run_ids=ids)["comparison"]
    assert [one["run_id"] for one in found["runs"]] == ids
    assert found["metrics"] == [
        {
            "name": "m",
            "values": [3.0, "NaN", 1.0],
            "deltas": [0.0, None, -2.0],
            "relative": [0.0, None, pytest.approx(-2 / 3)],
        }
    ]
    json.dumps(found, allow_nan=False)


def test_the_code_compared_is_that_of_the_start(store: Store) -> None:
    first, second = made(store, notebook("x")), made(store, notebook("x"))
    body = {
        "run_id": second.run_id,
        "path": "a.ipynb",
        "content": notebook("edited"),
        "reason": "end",
    }
    call(store, "POST", "api/1.0/revisions/capture", body)

    found = ours(store, "POST", "runs/compare", run_ids=[first.run_id, second.run_id])["comparison"]
    assert found["code"][0]["words"] == "unchanged"


def test_long_sources_are_cut(store: Store) -> None:
    first, second = made(store, notebook("x")), made(store, notebook("x" * MOST_SOURCE + "y"))

    found = ours(store, "POST", "runs/compare", run_ids=[first.run_id, second.run_id])["comparison"]
    (cell,) = [one for one in found["code"][0]["cells"] if one["new_source"]]
    assert (len(cell["new_source"]), cell["is_cut"]) == (MOST_SOURCE, True)


@pytest.mark.parametrize("count", [0, 1, 21])
def test_too_few_or_too_many_runs_are_refused(store: Store, run: Run, count: int) -> None:
    with pytest.raises(InvalidValue, match=f"names {count}"):
        ours(store, "POST", "runs/compare", run_ids=[run.run_id] * count)


def test_a_run_that_is_not_there_is_named(store: Store, run: Run) -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        ours(store, "POST", "runs/compare", run_ids=[run.run_id, "nowhere"])
    with pytest.raises(NotFound, match="'nowhere'"):
        ours(store, "GET", "runs/changes", run_id="nowhere")


def test_artifacts_that_lie_elsewhere_are_not_looked_into(store: Store, tmp_path: Path) -> None:
    there = store.experiments.create("s3", artifact_uri="s3://bucket/there").experiment_id
    run = store.runs.create(there, tags={"nbruns.environment": "0" * 32})

    assert side(store, run.run_id).environment is None


def test_a_comparison_of_much_stays_small_on_the_wire(store: Store) -> None:
    from nbruns.comparison import compare

    sources = ["z = 1\n" * 20_000] * 8
    first, second = (
        made(store, notebook(*sources)),
        made(store, notebook(*(s + "#" for s in sources))),
    )
    found = comparison_to_wire(compare([side(store, one.run_id) for one in (first, second)]))

    assert len(json.dumps(found)) < 1_000_000
