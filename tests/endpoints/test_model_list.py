"""Our own calls for the list of models and the table of versions, without HTTP."""

from __future__ import annotations

import math
from typing import Any

import pytest

from nbruns.endpoints.routes import call
from nbruns.errors import InvalidValue, NotFound
from nbruns.records import MetricPoint
from nbruns.store import Store
from nbruns.store.registry_rules import IS_PROMPT


def overview(store: Store, **body: Any) -> dict[str, Any]:
    return call(store, "POST", "api/1.0/registry/overview", body)


def versions(store: Store, name: str, **body: Any) -> dict[str, Any]:
    return call(store, "GET", "api/1.0/registry/versions", {"name": name, **body})


def paths(reply: dict[str, Any]) -> list[str]:
    return [line["path"] for line in reply["lines"]]


@pytest.fixture
def registry(store: Store) -> Store:
    """Three models, one of which stands somewhere."""
    for name in ("churn", "prod.sales.fraud", "prod.web"):
        store.registry.create_model(name)
    for _ in range(3):
        store.registry.create_version("churn", source="somewhere")
    store.registry.create_version("prod.web", source="somewhere")
    store.registry.set_alias("churn", "champion", 2)
    store.registry.move_stage("churn", 1, "Production", archive_existing=False)
    store.registry.set_version_tag("churn", 3, "prediction_works", "true")
    store.registry.set_model_tag("prod.web", "team", "web")
    store.requests.create("churn", 3, "Staging")
    return store


# F94
def test_each_model_says_where_its_versions_stand(registry: Store) -> None:
    line = overview(registry)["lines"][-1]

    told = line["model"]
    assert (line["path"], told["newest"], told["versions"]) == ("churn", 3, 3)
    assert told["aliases"] == {"champion": 2}
    assert told["stages"] == {"Production": 1}
    assert told["pending"] == 1
    newest = registry.activity.search(limit=1, model="churn").items[0]
    assert (told["changed_ms"], told["changed_by"]) == (newest.at_ms, newest.user)


# F91
def test_few_models_stand_unfolded_until_folders_are_closed(registry: Store) -> None:
    whole = ["prod", "prod.sales", "prod.sales.fraud", "prod.web", "churn"]

    assert paths(overview(registry)) == whole
    assert paths(overview(registry, closed=["prod"])) == ["prod", "churn"]


def test_many_models_stand_folded_until_folders_are_opened(store: Store) -> None:
    for number in range(101):
        store.registry.create_model(f"all.of.m{number:03}")

    assert [(line["path"], line["models"]) for line in overview(store)["lines"]] == [("all", 101)]
    assert overview(store, opened=["all", "all.of"])["total"] == 103


def test_a_part_of_the_list_is_asked_for_by_place(registry: Store) -> None:
    reply = overview(registry, first=3, count=1)

    assert paths(reply) == ["prod.web"]
    assert (reply["first"], reply["total"], reply["models"]) == (3, 5, 3)
    assert paths(overview(registry, first=99)) == ["churn"]


# F89 F94
@pytest.mark.parametrize(
    ("filter_text", "found"),
    [
        ("name ILIKE '%WEB%'", ["prod.web"]),
        ("alias = 'champion'", ["churn"]),
        ("alias LIKE 'cham%' and name = 'prod.web'", []),
        ("stage = 'Production'", ["churn"]),
        ("stage IN ('Staging', 'Archived')", []),
        ("tags.team = 'web'", ["prod.web"]),
        ("tags.prediction_works = 'true'", ["churn"]),
        ("tags.prediction_works = 'false'", []),
    ],
)
def test_models_are_found_by_name_tag_alias_and_stage(
    registry: Store, filter_text: str, found: list[str]
) -> None:
    assert paths(overview(registry, filter=filter_text)) == found


def test_what_was_found_stands_unfolded_under_its_whole_name(registry: Store) -> None:
    (line,) = overview(registry, filter="name LIKE '%fraud'")["lines"]

    assert (line["label"], line["depth"]) == ("prod.sales.fraud", 0)


def test_a_filter_that_is_none_is_refused_with_what_can_be_asked(store: Store) -> None:
    with pytest.raises(InvalidValue, match="'alias'"):
        overview(store, filter="colour = 'red'")


def test_prompts_are_no_models(store: Store) -> None:
    store.registry.create_model("a prompt", tags={IS_PROMPT: "true"})

    assert overview(store)["total"] == 0


def test_versions_come_with_what_their_runs_came_to(store: Store) -> None:
    run = store.runs.create("0", name="the run", tags={"nbruns.revision": "r1"})
    points = [MetricPoint("acc", 0.5, 0, 1), MetricPoint("acc", 0.9, 1, 2)]
    store.metrics.append(run.run_id, [*points, MetricPoint("bad", math.nan)])
    store.registry.create_model("churn")
    store.registry.create_version("churn", source="s", run_id=run.run_id)
    store.registry.create_version("churn", source="s", run_id="gone")

    reply = versions(store, "churn")
    newest, first = reply["versions"]
    assert (reply["total"], reply["keys"]) == (2, {"acc": 1, "bad": 1})
    assert (newest["version"], "source_run" in newest) == ("2", False)
    made_by = first["source_run"]
    assert (made_by["name"], made_by["experiment_id"]) == ("the run", "0")
    assert made_by["revision_id"] == "r1"

    (_, first) = versions(store, "churn", metrics=["acc", "bad"])["versions"]
    assert first["source_run"]["metrics"] == {"acc": 0.9, "bad": "NaN"}


def test_versions_come_newest_first_and_in_parts(store: Store) -> None:
    store.registry.create_model("churn")
    for _ in range(5):
        store.registry.create_version("churn", source="s")

    reply = versions(store, "churn", count="2")
    assert [one["version"] for one in reply["versions"]] == ["5", "4"]
    rest = versions(store, "churn", below=reply["below"])
    assert [one["version"] for one in rest["versions"]] == ["3", "2", "1"]
    assert "below" not in rest


def test_a_model_that_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(NotFound, match="churn"):
        versions(store, "churn")
