"""Experiments, runs, params, metrics, tags, inputs: our answers are those of MLflow's own store."""

from __future__ import annotations

import math
from typing import Any

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.tracking import MlflowClient
from outcomes import Transcript, differences

BAD_KEYS = ["", ".", "..", "a/../b", "/a", "a//b", "a\0b", "a$b", "k" * 251, "a\nb"]
GOOD_KEYS = ["a b", "a/b.c-d_e", "a:b", "ключ", "k" * 250]


# Where we do otherwise on purpose.
ON_PURPOSE = {
    "rename to a taken name",  # MLflow hands on the database's complaint as BAD_REQUEST.
    "metric of ''",  # MLflow's server refuses an empty id as we do, its SQL store looks for it.
    "delete ''",
}


def experiments(client: MlflowClient, say: Transcript) -> None:
    first = say.note("create", client.create_experiment, "first", tags={"a": "1", "b": "ü"})
    say.note("get", client.get_experiment, first)
    say.note("by name", client.get_experiment_by_name, "first")
    say.note("by a name nobody has", client.get_experiment_by_name, "nobody")
    say.note("the default", client.get_experiment, "0")
    say.note("a taken name", client.create_experiment, "first")
    for name in ("", "n" * 500, "n" * 501, "with/slash", " "):
        say.note(f"name {name[:9]!r}", client.create_experiment, name)
    say.note("own location", client.create_experiment, "far", "s3://bucket/path")
    say.note("its location", client.get_experiment_by_name, "far")
    say.note("location in runs:", client.create_experiment, "runs", "runs:/x")
    for unknown in ("99", "abc", "-1"):
        say.note(f"get {unknown}", client.get_experiment, unknown)
        say.note(f"delete {unknown}", client.delete_experiment, unknown)
        say.note(f"restore {unknown}", client.restore_experiment, unknown)
        say.note(f"rename {unknown}", client.rename_experiment, unknown, "x")
        say.note(f"tag {unknown}", client.set_experiment_tag, unknown, "k", "v")
        say.note(f"run in {unknown}", client.create_run, unknown)
    say.note("tag", client.set_experiment_tag, first, "a", "2")
    say.note("long tag", client.set_experiment_tag, first, "long", "x" * 20_000)
    say.note("longer tag", client.set_experiment_tag, first, "longer", "x" * 20_001)
    for key in BAD_KEYS:
        say.note(f"tag {key[:9]!r}", client.set_experiment_tag, first, key, "v")
    say.note("delete tag", client.delete_experiment_tag, first, "b")
    say.note("delete it again", client.delete_experiment_tag, first, "b")
    say.note("rename", client.rename_experiment, first, "renamed")
    say.note("rename to a taken name", client.rename_experiment, first, "far")
    say.note("rename to nothing", client.rename_experiment, first, "")
    run = say.note("run", client.create_run, first, run_name="inside")
    say.note("delete", client.delete_experiment, first)
    say.note("deleted", client.get_experiment, first)
    say.note("its run", client.get_run, run.info.run_id)
    say.note("delete again", client.delete_experiment, first)
    say.note("its name is still taken", client.create_experiment, "renamed")
    say.note("rename deleted", client.rename_experiment, first, "x")
    say.note("tag deleted", client.set_experiment_tag, first, "a", "3")
    say.note("run in deleted", client.create_run, first)
    say.note("restore", client.restore_experiment, first)
    say.note("its run again", client.get_run, run.info.run_id)
    say.note("restore again", client.restore_experiment, first)
    say.note("restored", client.get_experiment, first)


def search_experiments(client: MlflowClient, say: Transcript) -> None:
    for index in range(7):
        client.create_experiment(f"exp-{index}", tags={"kind": f"k{index % 3}", "n": str(index)})
    client.delete_experiment("3")
    for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL):
        say.note(f"view {view}", _names, client, view_type=view, order_by=["name"])
    for text in (
        "name = 'exp-1'",
        "name != 'exp-1'",
        "name LIKE 'exp-%'",
        "name LIKE 'EXP-%'",
        "name ILIKE 'EXP-%'",
        "name LIKE 'exp_1'",
        "attribute.name = 'exp-2'",
        "tags.kind = 'k1'",
        "tags.kind != 'k1'",
        "tag.kind LIKE 'k%' AND tags.n = '4'",
        "tags.`kind` ILIKE 'K1'",
        "experiment_id IN ('1', '2')",
        "experiment_id NOT IN ('1')",
        "experiment_id = '2'",
        "experiment_id != '2'",
        "creation_time > 0",
        "last_update_time <= 5",
        "tags.missing = 'x'",
        "",
        # and what is refused
        "experiment_id = 'abc'",
        "experiment_id LIKE '1'",
        "name > 'a'",
        "name IN ('exp-1')",
        "creation_time = 'x'",
        "creation_time > 1.5",
        "metrics.a > 1",
        "foo = 'x'",
        "name = exp",
        "name = 'a' OR name = 'b'",
        "name",
        "tags.kind > '1'",
    ):
        say.note(text, _names, client, filter_string=text, order_by=["experiment_id ASC"])
    for order in (["name DESC"], ["name"], ["experiment_id DESC"], ["attribute.name asc"]):
        say.note(str(order), _names, client, order_by=order)
    for order in (["tags.kind"], ["nothing"], ["name up"], ["name, experiment_id"]):
        say.note(str(order), _names, client, order_by=order)
    for size in (0, -1, 50_001, 50_000, 3):
        say.note(f"max_results {size}", _names, client, order_by=["name"], max_results=size)
    say.note("pages", _all_pages, client)
    say.note("a bad token", client.search_experiments, page_token="nonsense")


def _names(client: MlflowClient, **search: Any) -> list[str]:
    return [found.name for found in client.search_experiments(**search)]


def _all_pages(client: MlflowClient) -> list[list[str]]:
    pages, token = [], None
    while not pages or token:
        page = client.search_experiments(max_results=3, order_by=["name DESC"], page_token=token)
        pages.append([found.name for found in page])
        token = page.token
    return pages


def runs(client: MlflowClient, say: Transcript) -> None:
    run = say.note("create", client.create_run, "0", 5, {"t": "v", "mlflow.user": "ada"}, "named")
    run_id = run.info.run_id
    say.note("get", client.get_run, run_id)
    say.note("unnamed", client.create_run, "0")
    say.note("named by tag", client.create_run, "0", 7, {"mlflow.runName": "by tag"})
    say.note("named twice", client.create_run, "0", 7, {"mlflow.runName": "a"}, "b")
    say.note("named alike", client.create_run, "0", 7, {"mlflow.runName": "a"}, "a")
    child = say.note("child", client.create_run, "0", 8, {"mlflow.parentRunId": run_id}, "child")
    say.note("its parent", client.get_parent_run, child.info.run_id)
    for unknown in ("0" * 32, "nobody", "a b", ""):
        say.note(f"get {unknown!r}", client.get_run, unknown)
        say.note(f"update {unknown!r}", client.update_run, unknown, "FINISHED")
        say.note(f"metric of {unknown!r}", client.log_metric, unknown, "a", 1)
        say.note(f"delete {unknown!r}", client.delete_run, unknown)
    say.note("rename", client.update_run, run_id, name="renamed")
    say.note("renamed", client.get_run, run_id)
    say.note("rename by tag", client.set_tag, run_id, "mlflow.runName", "again")
    say.note("renamed again", client.get_run, run_id)
    for status in ("SCHEDULED", "FAILED", "RUNNING", "nonsense"):
        say.note(status, client.update_run, run_id, status)
    say.note("end", client.set_terminated, run_id, "KILLED", 99)
    say.note("ended", client.get_run, run_id)
    say.note("tag", client.set_tag, run_id, "t", 12)
    say.note("delete tag", client.delete_tag, run_id, "t")
    say.note("delete it again", client.delete_tag, run_id, "t")
    say.note("delete", client.delete_run, run_id)
    say.note("deleted", client.get_run, run_id)
    for label, call, *args in (
        ("metric", client.log_metric, "m", 1.0),
        ("param", client.log_param, "p", 1),
        ("tag", client.set_tag, "k", "v"),
        ("delete tag", client.delete_tag, "mlflow.runName"),
        ("update", client.update_run, "FINISHED"),
        ("batch", client.log_batch, [], [Param("a", "b")], []),
    ):
        say.note(f"{label} of deleted", call, run_id, *args)
    say.note("delete again", client.delete_run, run_id)
    say.note("restore", client.restore_run, run_id)
    say.note("restored", client.get_run, run_id)
    say.note("restore again", client.restore_run, run_id)


def params_and_tags(client: MlflowClient, say: Transcript) -> None:
    run_id = client.create_run("0", run_name="r").info.run_id
    for key in (*GOOD_KEYS, *BAD_KEYS):
        say.note(f"param {key[:9]!r}", client.log_param, run_id, key, "v")
        say.note(f"tag {key[:9]!r}", client.set_tag, run_id, key, "v")
        say.note(f"metric {key[:9]!r}", client.log_metric, run_id, key, 1.0, 1, 1)
    say.note("same value again", client.log_param, run_id, "a b", "v")
    say.note("another value", client.log_param, run_id, "a b", "w")
    for size in (6000, 6001, 8000, 8001):
        say.note(f"param of {size}", client.log_param, run_id, f"p{size}", "é" * size)
        say.note(f"tag of {size}", client.set_tag, run_id, f"t{size}", "é" * size)
    for value in ("", None, 1.5, "a\0b", "\U0001f600", "'\"`\n"):
        say.note(
            f"param {value!r}", client.log_param, run_id, f"p-{str(value)[:1].isalpha()}", value
        )
        say.note(f"tag {value!r}", client.set_tag, run_id, "any", value)
        say.note("so far", client.get_run, run_id)


def batches(client: MlflowClient, say: Transcript) -> None:
    run_id = client.create_run("0", run_name="r").info.run_id
    metrics = [Metric(f"m{i}", float(i), 1, i) for i in range(5)]
    params = [Param(f"p{i}", str(i)) for i in range(5)]
    tags = [RunTag(f"t{i}", str(i)) for i in range(5)]
    say.note("batch", client.log_batch, run_id, metrics, params, tags)
    say.note("again", client.log_batch, run_id, metrics, params, tags)
    say.note("nothing", client.log_batch, run_id)
    say.note("logged", client.get_run, run_id)
    store = client._tracking_client.store
    for count in (1000, 1001):
        points = [Metric("x", 1.0, 1, i) for i in range(count)]
        say.note(f"{count} metrics", store.log_batch, run_id, points, [], [])
    for count in (100, 101):
        many = [Param(f"q{i}", "1") for i in range(count)]
        say.note(f"{count} params", store.log_batch, run_id, [], many, [])
        named = [RunTag(f"q{i}", "1") for i in range(count)]
        say.note(f"{count} tags", store.log_batch, run_id, [], [], named)
    say.note(
        "901+100",
        store.log_batch,
        run_id,
        [Metric("y", 1.0, 1, i) for i in range(901)],
        many[:100],
        [],
    )
    fresh = [Metric("fresh", 1.0, 1, 1)]
    for label, bad in (
        ("changed param", [Param("new", "1"), Param("p0", "other")]),
        ("bad param key", [Param("new", "1"), Param("a//b", "1")]),
        ("param twice", [Param("new", "1"), Param("new", "2")]),
        ("same param twice", [Param("new", "1"), Param("new", "1")]),
    ):
        say.note(label, store.log_batch, run_id, fresh, bad, [RunTag("fresh", "1")])
    say.note(
        "a bad tag", store.log_batch, run_id, fresh, [Param("new", "1")], [RunTag("a//b", "1")]
    )
    say.note("a bad metric", store.log_batch, run_id, [*fresh, Metric("a//b", 1.0, 1, 1)], [], [])
    say.note("a tag twice", store.log_batch, run_id, [], [], [RunTag("w", "1"), RunTag("w", "2")])
    say.note("nothing half-written", client.get_run, run_id)


def metrics(client: MlflowClient, say: Transcript) -> None:
    run_id = client.create_run("0", run_name="r").info.run_id
    for value in (1, 1.5, -0.0, 1e-320, 1e308, math.inf, -math.inf, math.nan):
        say.note(f"log {value}", client.log_metric, run_id, "any", value, 5, 1)
    say.note("history", client.get_metric_history, run_id, "any")
    for value in ("1.5", "x", None, [1], True):
        say.note(f"log {value!r}", client.log_metric, run_id, "odd", value, 5, 1)
    for at_ms, step in ((1, 3), (2, 3), (9, 1), (2, 3), (0, 0), (5, -4), (2**53, 2**53)):
        client.log_metric(run_id, "order", step + at_ms / 100, at_ms, step)
    for value in (3.0, 1.0, 2.0, math.nan):
        client.log_metric(run_id, "tie", value, 4, 4)
    say.note("bad time", client.log_metric, run_id, "order", 1.0, -1, 1)
    say.note("order", client.get_metric_history, run_id, "order")
    say.note("tie", client.get_metric_history, run_id, "tie")
    say.note("latest", client.get_run, run_id)
    say.note("no such metric", client.get_metric_history, run_id, "none")
    say.note("no such run", client.get_metric_history, "f" * 32, "none")
    client.log_batch(run_id, [Metric("long", i * 0.5, i, i) for i in range(100)])
    store = client._tracking_client.store
    token, first = None, True
    while first or token:
        page = store.get_metric_history(run_id, "long", max_results=33, page_token=token)
        say.note("a page", list, page)
        first, token = False, page.token
    say.note("bad token", store.get_metric_history, run_id, "long", 33, "nonsense")


def inputs(client: MlflowClient, say: Transcript) -> None:
    run_id = client.create_run("0", run_name="r").info.run_id
    model = client.create_logged_model("0", name="m", source_run_id=run_id)
    iris = Dataset("iris", "abc", "http", "https://x", schema="{}", profile=None)
    wine = Dataset("wine", "def", "local", "/x")
    train, test = InputTag("mlflow.data.context", "train"), InputTag("mlflow.data.context", "test")
    say.note("one", client.log_inputs, run_id, [DatasetInput(iris, [train])])
    say.note("the same", client.log_inputs, run_id, [DatasetInput(iris, [train])])
    say.note("two", client.log_inputs, run_id, [DatasetInput(wine, [test]), DatasetInput(iris, [])])
    say.note("a model", client.log_inputs, run_id, models=[LoggedModelInput(model.model_id)])
    say.note("an output", client.log_outputs, run_id, [LoggedModelOutput(model.model_id, 3)])
    for label, dataset in (
        ("name", Dataset("n" * 501, "d", "t", "s")),
        ("digest", Dataset("n", "d" * 37, "t", "s")),
        ("source", Dataset("n", "d", "t", "s" * 65_536)),
    ):
        say.note(f"long {label}", client.log_inputs, run_id, [DatasetInput(dataset, [])])
    long = DatasetInput(wine, [InputTag("k" * 256, "v")])
    say.note("long tag", client.log_inputs, run_id, [long])
    say.note("unknown run", client.log_inputs, "f" * 32, [DatasetInput(iris, [])])
    say.note("run", client.get_run, run_id)


@pytest.mark.parametrize(
    "script",
    [experiments, search_experiments, runs, params_and_tags, batches, metrics, inputs],
    ids=lambda script: script.__name__,
)
def test_a_client_cannot_tell_them_apart(script, theirs: MlflowClient, ours: MlflowClient) -> None:
    found = [d for d in differences(script, theirs, ours) if d.split(":")[0] not in ON_PURPOSE]

    assert not found, "\n".join(found)
