"""Searches of runs find what MLflow's own store finds, in its order, and refuse what it refuses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

FILTERS = [
    "",
    "metrics.acc > 0.5",
    "metrics.acc >= 0.5 AND metrics.acc < 0.8",
    "metric.acc = 0.5",
    "metrics.acc != 0.5",
    "metrics.nan > 0",
    "metrics.nan != 0",
    "metrics.nan = 0",
    "metrics.`spaced out` > -1",
    'metrics."spaced out" <= 1e1',
    "metrics.missing > 0",
    "metrics.inf > 1e300",
    "params.lr = '0.1'",
    "params.lr != '0.1'",
    "param.lr LIKE '0.%'",
    "parameters.name ilike 'ADA%'",
    "params.name like 'ADA%'",
    "params.name LIKE 'a_a'",
    "params.lr = '0.1' and params.name = 'ada'",
    "params.only_some IS NULL",
    "params.only_some is not null",
    "params.only_some != 'x'",
    "tags.team = 'red'",
    "tag.team != 'red'",
    "tags.`mlflow.user` = 'ada'",
    "tags.mlflow.user = 'ada'",
    "tags.team IS NULL",
    'tags.team = "red"',
    "tags.quote = 'it''s'",
    "attributes.status = 'FINISHED'",
    "status != 'FINISHED'",
    "attr.status LIKE 'F%'",
    "run.status ILIKE 'f%'",
    "run_name = 'run-3'",
    "attributes.run_name LIKE 'run-1%'",
    "attributes.`Run name` = 'run-3'",
    "user_id = 'unknown'",
    "start_time > 1005",
    "attributes.start_time <= 1005",
    "attributes.created >= 1010",
    "end_time > 2003",
    "end_time != 2003",
    "artifact_uri LIKE '%artifacts'",
    "dataset.name = 'iris'",
    "datasets.name LIKE 'i%'",
    "dataset.digest != 'abc'",
    "dataset.context = 'train'",
    "dataset.name IN ('iris', 'wine')",
    "dataset.context = 'train' AND dataset.name = 'wine'",
    "metrics.acc > 0.2 AND params.lr = '0.1' AND tags.team = 'red' AND status = 'FINISHED'",
    # and what is refused
    "metrics.acc > 'x'",
    "metrics.acc LIKE 1",
    "metrics.acc IS NULL",
    "params.lr = 0.1",
    "params.lr > '0.1'",
    "params.lr IN ('0.1')",
    "tags.team < 'red'",
    "status > 'FINISHED'",
    "status IN ('FINISHED')",
    "start_time = '5'",
    "start_time LIKE 5",
    "unknown = 'x'",
    "foo.bar = 'x'",
    "dataset.size = 'x'",
    "dataset.name > 'x'",
    "metrics.acc > 0.5 OR metrics.acc < 0.1",
    "metrics.acc",
    "metrics.acc >",
    "> 0.5",
    "params.lr = 'open",
    "params.lr == '0.1'",
    "metrics.acc > 0.5;",
    "(metrics.acc > 0.5)",
    "run_id IN ()",
    "run_id IN (1, 2)",
    "params.a-b = 'x'",
    "NOT params.lr = '0.1'",
    "metrics.acc > 0.5 metrics.acc",
    "'params.lr' = '0.1'",
]
ORDERS: list[list[str]] = [
    [],
    ["metrics.acc"],
    ["metrics.acc DESC"],
    ["metrics.nan ASC"],
    ["metrics.nan DESC", "start_time ASC"],
    ["metrics.`spaced out` desc"],
    ["params.lr", "metrics.acc DESC"],
    ["params.only_some DESC"],
    ["tags.team ASC", "params.lr DESC"],
    ["attributes.start_time ASC"],
    ["start_time DESC"],
    ["end_time DESC"],
    ["run_name ASC"],
    ["status", "run_name DESC"],
    ["attributes.`Created` asc"],
    ["metrics.missing DESC"],
    # and what is refused
    ["metrics.acc down"],
    ["unknown"],
    ["dataset.name"],
    ["metrics.acc, start_time"],
    ["start_time", "lifecycle_stage"],
]


@dataclass
class Peers:
    """Two stores with the same runs."""

    theirs: MlflowClient
    ours: MlflowClient

    def both(self, **search: Any) -> tuple[Any, Any]:
        """What each finds: names of runs, or the code it refuses with."""
        return found(self.theirs, **search), found(self.ours, **search)


def found(client: MlflowClient, **search: Any) -> list[str] | str:
    try:
        return [run.info.run_name for run in client.search_runs(["1", "2"], **search)]
    except MlflowException as error:
        return str(error.error_code)


def fill(client: MlflowClient) -> None:
    """Thirty runs in two experiments, no two alike."""
    for name in ("one", "two"):
        client.create_experiment(name)
    store = client._tracking_client.store
    for i in range(30):
        # Start times tie in pairs; ids, which break the tie, cannot be compared.
        run = client.create_run(str(1 + i % 2), 1000 + i, {"mlflow.user": "ada"}, f"run-{i}")
        values = [("acc", i / 30), ("spaced out", i % 4 - 1.0)]
        if i % 3 == 0:
            values.append(("nan", math.nan if i % 2 else i - 10.0))
        if i % 5 == 0:
            values.append(("inf", math.inf if i % 2 else -math.inf))
        params = [Param("lr", f"0.{i % 3}"), Param("name", "ada" if i % 4 else "Ada Lovelace")]
        if i % 6 == 0:
            params.append(Param("only_some", f"v{i}"))
        tags = [RunTag("team", ("red", "blue")[i % 2])] if i % 7 else []
        tags.append(RunTag("quote", "it''s"))
        store.log_batch(run.info.run_id, [Metric(k, v, 1, 1) for k, v in values], params, tags)
        if i % 4 == 0:
            context = [InputTag("mlflow.data.context", ("train", "test")[i % 8 // 4])]
            dataset = Dataset(("iris", "wine")[i % 3 // 2], ("abc", "def")[i % 2], "t", "s")
            client.log_inputs(run.info.run_id, [DatasetInput(dataset, context)])
        if i % 3:
            client.set_terminated(run.info.run_id, ("FINISHED", "FAILED")[i % 2], 2000 + i)
        if i % 10 == 9:
            client.delete_run(run.info.run_id)


@pytest.fixture(scope="module")
def peers(
    tmp_path_factory: pytest.TempPathFactory, empty_mlflow_db: Path, new_server: Any
) -> Iterator[dict[str, Peers]]:
    """MLflow's store beside ours, in process and over HTTP, all filled alike."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "theirs.db").write_bytes(empty_mlflow_db.read_bytes())
    server = new_server()
    clients = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
        for uri in (f"sqlite:///{folder}/theirs.db", f"nbruns://{folder}/home", server.url):
            clients.append(MlflowClient(uri, uri))
            fill(clients[-1])
        theirs, in_process, over_http = clients
        yield {
            "in process": Peers(theirs, in_process),
            "over HTTP": Peers(theirs, over_http),
        }
    in_process._tracking_client.store.shelves.close()


@pytest.fixture(params=["in process", "over HTTP"])
def pair(request: pytest.FixtureRequest, peers: dict[str, Peers]) -> Peers:
    """MLflow's store and ours, by each door."""
    return peers[request.param]


def test_each_filter_finds_the_same_runs(pair: Peers) -> None:
    outcomes = {text: pair.both(filter_string=text) for text in FILTERS}

    assert {t: o for t, (e, o) in outcomes.items() if e != o} == {
        t: e for t, (e, o) in outcomes.items() if e != o
    }


def test_each_order_sorts_alike(pair: Peers) -> None:
    outcomes = {str(order): pair.both(order_by=order) for order in ORDERS}

    assert {t: o for t, (e, o) in outcomes.items() if e != o} == {
        t: e for t, (e, o) in outcomes.items() if e != o
    }


@pytest.mark.parametrize("view", [ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL])
def test_each_view_shows_the_same_runs(pair: Peers, view: int) -> None:
    expected, ours = pair.both(run_view_type=view)

    assert ours == expected


@pytest.mark.parametrize("size", [0, -1, 50_001, 1, 50_000])
def test_pages_may_be_of_the_same_sizes(pair: Peers, size: int) -> None:
    expected, ours = pair.both(max_results=size)

    assert ours == expected


@pytest.mark.parametrize("order", [[], ["metrics.nan DESC"], ["params.only_some", "metrics.acc"]])
def test_pages_hold_every_run_once(pair: Peers, order: list[str]) -> None:
    whole = pair.both(order_by=order)[0]
    seen, token = [], None
    while token or not seen:
        page = pair.ours.search_runs(["1", "2"], order_by=order, max_results=4, page_token=token)
        seen += [run.info.run_name for run in page]
        token = page.token

    assert seen == whole


def test_pages_stay_right_while_runs_are_added(in_process: MlflowClient) -> None:
    for i in range(6):
        in_process.create_run("0", 100 + i, run_name=f"old-{i}")
    first = in_process.search_runs(["0"], max_results=3)
    in_process.create_run("0", 999, run_name="newer")
    rest = in_process.search_runs(["0"], max_results=9, page_token=first.token)

    assert [run.info.run_name for run in [*first, *rest]] == [
        f"old-{i}" for i in (5, 4, 3, 2, 1, 0)
    ]


def test_a_refused_filter_says_where(in_process: MlflowClient) -> None:
    with pytest.raises(MlflowException, match=r"position 12") as refused:
        in_process.search_runs(["0"], "params.a = 5")

    assert "             ^" in refused.value.message


_KEYS = st.sampled_from(["acc", "nan", "`spaced out`", '"spaced out"', "missing"])
_TEXTS = st.sampled_from(["ada", "0.1", "red", "%a%", "A%", "_.1", "", "it''s", "run-3"])
_NUMBERS = st.sampled_from(["0", "0.5", "-1", "1e-3", ".25", "-10.0", "3"])
_TEXT_FIELDS = st.sampled_from(
    [
        "params.lr",
        "param.name",
        "parameters.only_some",
        "tags.team",
        "tag.`quote`",
        "status",
        "attributes.run_name",
        "run_name",
        "dataset.name",
        "datasets.context",
        "start_time",
    ]
)
_QUOTES = st.sampled_from(["'", '"'])


@st.composite
def _metric_condition(draw: st.DrawFn) -> str:
    entity = draw(st.sampled_from(["metrics", "metric", "`metrics`"]))
    comparator = draw(st.sampled_from([">", "<", ">=", "<=", "=", "!=", "LIKE", "=="]))
    return f"{entity}.{draw(_KEYS)} {comparator} {draw(_NUMBERS)}"


@st.composite
def _text_condition(draw: st.DrawFn) -> str:
    left = draw(_TEXT_FIELDS)
    comparator = draw(st.sampled_from(["=", "!=", "LIKE", "ilike", "ILIKE", "<", "is", "IN"]))
    quote = draw(_QUOTES)
    return f"{left} {comparator} {quote}{draw(_TEXTS)}{quote}"


@st.composite
def _null_condition(draw: st.DrawFn) -> str:
    left = draw(st.sampled_from(["params.only_some", "tags.team", "metrics.acc", "status"]))
    return f"{left} {draw(st.sampled_from(['IS NULL', 'is not null', 'IS NOT NULL']))}"


@settings(max_examples=120, deadline=None)
@given(
    conditions=st.lists(
        st.one_of(_metric_condition(), _text_condition(), _null_condition()), min_size=1, max_size=3
    ),
    joint=st.sampled_from([" AND ", " and ", "\nAND  ", " OR "]),
)
def test_any_filter_finds_what_mlflow_finds(
    peers: dict[str, Peers], conditions: list[str], joint: str
) -> None:
    expected, ours = peers["in process"].both(filter_string=joint.join(conditions))

    assert ours == expected
