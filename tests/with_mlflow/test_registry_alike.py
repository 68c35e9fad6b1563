"""Logged models and the model registry: our answers are those of MLflow's own store."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from mlflow.entities import LoggedModelStatus, Metric
from mlflow.entities.logged_model_parameter import LoggedModelParameter
from mlflow.tracking import MlflowClient
from outcomes import Transcript, differences

from nbruns.identity import user_name

BAD_NAMES = ["", " ", "a/b", "a:b", "..", "n" * 257]
BAD_ALIASES = ["", "a b", "a/b", "latest", "LATEST", "v1", "V22", "a" * 256]


def logged_models(client: MlflowClient, say: Transcript) -> None:
    store = client._tracking_client.store
    run_id = client.create_run("0", run_name="r").info.run_id
    make = client.create_logged_model
    model = say.note(
        "create", make, "0", "first", run_id, {"t": "1"}, {"p": "1", "long": "x" * 500}, "sklearn"
    )
    model_id = model.model_id
    say.note("get", client.get_logged_model, model_id)
    say.note("unnamed", lambda: bool(make("0").name))
    for name in ("a/b", "a.b", "a%b", "a'b", 'a"b', "a:b", "ü b"):
        say.note(f"name {name!r}", make, "0", name)
    for experiment in ("99", "abc"):
        say.note(f"in {experiment}", make, experiment, "x")
    for unknown in ("m-" + "0" * 32, "nobody"):
        say.note(f"get {unknown}", client.get_logged_model, unknown)
        say.note(f"finish {unknown}", client.finalize_logged_model, unknown, "READY")
        say.note(f"tag {unknown}", client.set_logged_model_tags, unknown, {"a": "b"})
        say.note(f"delete {unknown}", client.delete_logged_model, unknown)
        say.note(f"untag {unknown}", client.delete_logged_model_tag, unknown, "a")
    say.note("finish", client.finalize_logged_model, model_id, LoggedModelStatus.READY)
    say.note("fail", client.finalize_logged_model, model_id, "FAILED")
    say.note("nonsense", client.finalize_logged_model, model_id, "nonsense")
    say.note("tags", client.set_logged_model_tags, model_id, {"t": "2", "u": "ü"})
    say.note("untag", client.delete_logged_model_tag, model_id, "u")
    say.note("untag again", client.delete_logged_model_tag, model_id, "u")
    say.note("params", store.log_logged_model_params, model_id, [LoggedModelParameter("q", "2")])
    points = [
        Metric("acc", 0.5, 9, 1, model_id=model_id, dataset_name="iris", dataset_digest="abc"),
        Metric("loss", float("nan"), 9, 1, model_id=model_id),
        Metric("plain", 1.0, 9, 1),
    ]
    say.note("metrics", store.log_batch, run_id, points, [], [])
    say.note("measured", client.get_logged_model, model_id)
    say.note("of the run", client.get_run, run_id)
    say.note("delete", client.delete_logged_model, model_id)
    say.note("deleted", client.get_logged_model, model_id)


def search_logged_models(client: MlflowClient, say: Transcript) -> None:
    store = client._tracking_client.store
    client.create_experiment("one")
    run_id = client.create_run("1", run_name="r").info.run_id
    for i in range(8):
        time.sleep(0.003)  # so that no two are made in the same millisecond
        model = client.create_logged_model(
            "1",
            f"model-{i}",
            run_id if i % 2 else None,
            {"team": ("red", "blue")[i % 2]},
            {"lr": f"0.{i % 3}", "name": "Ada" if i % 4 else "bob"},
            ("sklearn", "torch")[i % 2],
        )
        data = {"dataset_name": ("iris", "wine")[i % 2], "dataset_digest": "abc"}
        point = Metric("acc", i / 8, i, 1, model_id=model.model_id, **data)
        store.log_batch(run_id, [point] if i < 6 else [], [], [])
        if i % 3 == 0:
            client.finalize_logged_model(model.model_id, "READY")
    client.delete_logged_model(model.model_id)

    def names(**search: Any) -> list[str]:
        found = client.search_logged_models(search.pop("experiment_ids", ["1"]), **search)
        return [model.name for model in found]

    by_name = [{"field_name": "name", "ascending": True}]
    for text in (
        "",
        "name = 'model-1'",
        "name LIKE 'model-%'",
        "name IN ('model-1', 'model-2')",
        "name NOT IN ('model-1')",
        "attributes.name != 'model-1'",
        "model_type = 'sklearn'",
        "params.lr = '0.1'",
        "params.lr = 0.1",
        "params.lr != '0.1'",
        "params.name ILIKE 'a%'",
        "params.lr IN ('0.1', '0.2')",
        "tags.team = 'red'",
        "metrics.acc > 0.3",
        "metrics.acc > 0.1 AND params.lr = '0.1' AND tags.team = 'red'",
        "creation_timestamp > 0",
        "creation_time < 5",
        # and what is refused
        "metrics.acc LIKE 1",
        "param.lr = '0.1'",
        "foo.bar = 'x'",
        "name > 'a'",
        "params.lr < '0.1'",
        "name = 'a' OR name = 'b'",
    ):
        say.note(text, names, filter_string=text, order_by=by_name)
    for field in ("name", "creation_timestamp", "metrics.acc", "model_type", "metrics.none"):
        for ascending in (True, False):
            order = [{"field_name": field, "ascending": ascending}, *by_name]
            say.note(f"by {field} {ascending}", names, order_by=order[: 1 + (field != "name")])
    on_wine = {"dataset_name": "wine", "dataset_digest": "abc"}
    say.note("on wine", names, datasets=[on_wine], order_by=by_name)
    say.note("acc on wine", names, datasets=[on_wine], filter_string="metrics.acc > 0.5")
    say.note("no such data", names, datasets=[{"dataset_name": "none"}])
    by_wine = [{"field_name": "metrics.acc", "ascending": False, **on_wine}, *by_name]
    say.note("by acc on wine", names, order_by=by_wine)
    for order in ([{"field_name": "params.lr"}], [{"field_name": "nothing"}]):
        say.note(str(order), names, order_by=order)
    say.note("of nowhere", names, experiment_ids=["77"])
    pages, token = [], None
    while not pages or token:
        page = client.search_logged_models(["1"], max_results=3, order_by=by_name, page_token=token)
        pages.append([model.name for model in page])
        token = page.token
    say.note("pages", lambda: pages)


def registered_models(client: MlflowClient, say: Transcript) -> None:
    say.note("create", client.create_registered_model, "first", {"a": "1"}, "described")
    say.note("bare", client.create_registered_model, "second")
    say.note("taken", client.create_registered_model, "first")
    for name in (*BAD_NAMES, "a.b", "ü b"):
        say.note(f"name {name[:9]!r}", client.create_registered_model, name)
    calls: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
        ("get", client.get_registered_model, ()),
        ("update", client.update_registered_model, ("x",)),
        ("rename", client.rename_registered_model, ("x",)),
        ("tag", client.set_registered_model_tag, ("k", "v")),
        ("untag", client.delete_registered_model_tag, ("k",)),
        ("alias", client.set_registered_model_alias, ("best", "1")),
        ("unalias", client.delete_registered_model_alias, ("best",)),
        ("by alias", client.get_model_version_by_alias, ("best",)),
        ("latest", client.get_latest_versions, ()),
        ("version", client.get_model_version, ("1",)),
        ("delete", client.delete_registered_model, ()),
    ]
    for label, call, arguments in calls:
        say.note(f"{label} of nobody", call, "nobody", *arguments)
    say.note("get", client.get_registered_model, "first")
    say.note("update", client.update_registered_model, "first", "anew")
    say.note("tag", client.set_registered_model_tag, "first", "k", "ü")
    for key in ("", "a//b", "a$b", "k" * 251):
        say.note(f"tag {key[:9]!r}", client.set_registered_model_tag, "first", key, "v")
    say.note("long tag", client.set_registered_model_tag, "first", "long", "x" * 100_001)
    say.note("untag", client.delete_registered_model_tag, "first", "k")
    say.note("untag again", client.delete_registered_model_tag, "first", "k")
    say.note("rename", client.rename_registered_model, "first", "renamed")
    say.note("rename to a bad name", client.rename_registered_model, "renamed", "a/b")
    say.note("rename to a taken name", client.rename_registered_model, "renamed", "second")
    say.note("renamed", client.get_registered_model, "renamed")
    say.note("the old name", client.get_registered_model, "first")
    say.note("delete", client.delete_registered_model, "renamed")
    say.note("deleted", client.get_registered_model, "renamed")


def versions(client: MlflowClient, say: Transcript) -> None:
    run = client.create_run("0", run_name="r")
    run_id, root = run.info.run_id, run.info.artifact_uri
    model = client.create_logged_model("0", "m", run_id)
    client.create_registered_model("reg")
    make = client.create_model_version
    say.note("from a run", make, "reg", f"{root}/model", run_id, {"t": "1"}, None, "described")
    by_model = f"models:/{model.model_id}"
    say.note("from a model", make, "reg", by_model, run_id, model_id=model.model_id)
    say.note("its files", client.get_model_version_download_uri, "reg", "2")
    say.note("from a version", make, "reg", "models:/reg/1", run_id)
    say.note("from a version's", client.get_model_version_download_uri, "reg", "3")
    say.note("from far away", make, "reg", "s3://bucket/x")
    say.note("to nobody", make, "nobody", f"{root}/model", run_id)
    say.note("the model", client.get_logged_model, model.model_id)
    for version in ("1", "2", "9", "x", "0", "-1"):
        say.note(f"get {version}", client.get_model_version, "reg", version)
        say.note(f"files of {version}", client.get_model_version_download_uri, "reg", version)
        say.note(f"describe {version}", client.update_model_version, "reg", version, "anew")
        say.note(f"tag {version}", client.set_model_version_tag, "reg", version, "k", "v")
        say.note(f"untag {version}", client.delete_model_version_tag, "reg", version, "k")
        say.note(f"again {version}", client.delete_model_version_tag, "reg", version, "k")
    for alias in ("champion", "b-e_st.", *BAD_ALIASES):
        say.note(f"alias {alias[:9]!r}", client.set_registered_model_alias, "reg", alias, "1")
        say.note(f"by {alias[:9]!r}", client.get_model_version_by_alias, "reg", alias)
        say.note(f"no {alias[:9]!r}", client.delete_registered_model_alias, "reg", alias)
    client.set_registered_model_alias("reg", "champion", "1")
    say.note("moved", client.set_registered_model_alias, "reg", "champion", "2")
    say.note("to no version", client.set_registered_model_alias, "reg", "champion", "99")
    say.note("at", client.get_model_version_by_alias, "reg", "champion")
    say.note("all", client.get_registered_model, "reg")
    move = client.transition_model_version_stage
    say.note("to staging", move, "reg", "1", "Staging")
    say.note("to production", move, "reg", "2", "production")
    say.note("archiving", move, "reg", "3", "Production", archive_existing_versions=True)
    say.note("the archived", client.get_model_version, "reg", "2")
    say.note("to nowhere", move, "reg", "1", "Nowhere")
    say.note("archiving none", move, "reg", "1", "None", archive_existing_versions=True)
    say.note("of no version", move, "reg", "99", "Staging")
    say.note("latest", _sorted_versions, client.get_latest_versions, "reg")
    say.note("latest staging", client.get_latest_versions, "reg", ["Staging"])
    say.note("latest nowhere", client.get_latest_versions, "reg", ["Nowhere"])
    say.note("delete", client.delete_model_version, "reg", "2")
    say.note("delete again", client.delete_model_version, "reg", "2")
    say.note("its alias", client.get_model_version_by_alias, "reg", "champion")
    say.note("left", client.get_registered_model, "reg")
    say.note("the next number", make, "reg", f"{root}/model", run_id)


def _sorted_versions(call: Callable[..., Any], name: str) -> Any:
    return sorted(call(name), key=lambda version: version.version)


def search_registry(client: MlflowClient, say: Transcript) -> None:
    run = client.create_run("0", run_name="r")
    for i in range(5):
        client.create_registered_model(f"model-{i}", {"team": ("red", "blue")[i % 2]})
        for j in range(i):
            client.create_model_version(
                f"model-{i}", f"{run.info.artifact_uri}/m{j}", run.info.run_id, {"n": str(j)}
            )

    def names(**search: Any) -> list[str]:
        return [model.name for model in client.search_registered_models(**search)]

    def numbers(**search: Any) -> list[str]:
        return [f"{v.name}/{v.version}" for v in client.search_model_versions(**search)]

    for text in (
        "",
        "name = 'model-1'",
        "name != 'model-1'",
        "name LIKE 'model%'",
        "name LIKE 'MODEL%'",
        "name ILIKE 'MODEL%'",
        "name IN ('model-1', 'model-2')",
        "name NOT IN ('model-1')",
        "tags.team = 'red'",
        "tags.team != 'red'",
        "tag.team LIKE 'r%' AND name != 'model-0'",
        "tags.`mlflow.prompt.is_prompt` = 'false'",
        "tags.`mlflow.prompt.is_prompt` != 'true'",
        "tags.`mlflow.prompt.is_prompt` = 'true'",
        # and what is refused
        "name > 'a'",
        "team = 'red'",
        "tags.team IS NULL",
        "last_updated_timestamp > 5",
        "params.a = 'x'",
        "name = 'a' OR name = 'b'",
        "name = 5",
    ):
        say.note(text, names, filter_string=text)
    for order in (["name DESC"], ["name"], ["nothing"], ["name up"], ["tags.team"]):
        say.note(f"models by {order}", names, order_by=order)
    for size in (1001, 0, 2):
        say.note(f"{size} models", lambda size=size: len(names(max_results=size)) > 0)
    oldest = ["name ASC", "version_number ASC"]
    for text in (
        "",
        "name = 'model-3'",
        "name = 'model-3' AND version_number > 1",
        "version_number = 2",
        "version_number <= 1",
        "name LIKE 'model-%' AND tags.n = '0'",
        "name IN ('model-1', 'model-2')",
        f"run_id = '{run.info.run_id}'",
        f"run_id IN ('{run.info.run_id}')",
        "run_id = 'nobody'",
        "source_path LIKE '%/m1'",
        "tags.n != '0'",
        # and what is refused
        "version_number LIKE 1",
        "version_number = 'x'",
        "version_number > 1.5",
        "source_path IN ('x')",
        "tags.n IS NULL",
        "stage = 'None'",
    ):
        say.note(text, numbers, filter_string=text, order_by=oldest)
    for order in (
        ["version_number DESC"],
        ["name DESC", "version_number ASC"],
        ["nothing"],
        ["run_id"],
    ):
        say.note(f"versions by {order}", numbers, order_by=order)
    pages, token = [], None
    while not pages or token:
        page = client.search_model_versions(max_results=4, order_by=oldest, page_token=token)
        pages.append([f"{v.name}/{v.version}" for v in page])
        token = page.token
    say.note("pages", lambda: pages)


# Where we do otherwise on purpose.
ON_PURPOSE = {
    "measured.metrics[1].value",  # MLflow forgets that a model's metric was NaN.
    "name 'nnnnnnnnn'",  # SQLite lets MLflow keep more than the 256 characters it declares.
    "the model.tags",  # MLflow's server writes this tag, its SQL store alone does not.
    "archiving none",  # An internal error there.
    "0 models",  # An empty page with a token for the same page there.
}


@pytest.mark.parametrize(
    "script",
    [logged_models, search_logged_models, registered_models, versions, search_registry],
    ids=lambda script: script.__name__,
)
def test_a_client_cannot_tell_them_apart(script, theirs: MlflowClient, ours: MlflowClient) -> None:
    # Who made a version is known here; MLflow's own stores never say.
    creator = f".user_id: MLflow 'None', ours '{user_name()}'"
    found = [
        d
        for d in differences(script, theirs, ours)
        if d.split(":")[0] not in ON_PURPOSE and not d.endswith(creator)
    ]

    assert not found, "\n".join(found)
