"""The model registry: names, versions, aliases, stages; and what a version's source becomes."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from nbruns.conditions import Condition, Order, Search
from nbruns.errors import AlreadyExists, InvalidValue, NotFound
from nbruns.records import LoggedModel
from nbruns.store import Store

Conditions = tuple[Condition, ...]


@pytest.fixture
def churn(store: Store) -> str:
    """A registered model with three versions."""
    store.registry.create_model("churn")
    for number in range(3):
        store.registry.create_version("churn", source=f"s3://bucket/{number}", run_id=f"r{number}")
    return "churn"


@pytest.fixture
def logged(store: Store) -> LoggedModel:
    return store.models.create("0", name="m", source_run_id="a" * 32)


class TestNames:
    def test_a_name_keeps_its_description_and_tags(self, store: Store) -> None:
        made = store.registry.create_model("my.model v2", description="why", tags={"team": "a"})

        assert store.registry.get_model("my.model v2") == made
        assert (made.description, made.tags) == ("why", {"team": "a"})

    def test_a_name_is_taken_once(self, store: Store, churn: str) -> None:
        with pytest.raises(AlreadyExists, match="churn"):
            store.registry.create_model(churn)

    @pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", ".", "..", "..x", "a\0b", "n" * 5000])
    def test_a_name_that_is_not_one_is_refused(self, store: Store, name: str) -> None:
        with pytest.raises(InvalidValue):
            store.registry.create_model(name)

    def test_renaming_takes_versions_tags_and_aliases_along(self, store: Store, churn: str) -> None:
        store.registry.set_alias(churn, "champion", 2)

        renamed = store.registry.rename_model(churn, "loyalty")

        assert store.registry.version_by_alias("loyalty", "champion").version == 2
        assert [v.version for v in renamed.latest_versions] == [3]
        with pytest.raises(NotFound):
            store.registry.get_model(churn)

    def test_renaming_to_a_taken_name_changes_nothing(self, store: Store, churn: str) -> None:
        store.registry.create_model("taken")

        with pytest.raises(AlreadyExists):
            store.registry.rename_model(churn, "taken")
        assert store.registry.get_version(churn, 1).name == churn

    def test_deleting_a_name_takes_all_of_it(self, store: Store, churn: str) -> None:
        store.registry.set_alias(churn, "champion", 1)
        store.registry.set_version_tag(churn, 1, "k", "v")

        store.registry.delete_model(churn)

        assert store.registry.search_versions(Search(), limit=9).items == []
        store.registry.create_model(churn)
        assert store.registry.create_version(churn, source="s3://x").version == 1

    def test_tags_of_a_name(self, store: Store, churn: str) -> None:
        store.registry.set_model_tag(churn, "a", "1")
        store.registry.set_model_tag(churn, "a", "2")
        store.registry.delete_model_tag(churn, "never there")
        assert store.registry.get_model(churn).tags == {"a": "2"}

        store.registry.delete_model_tag(churn, "a")
        assert store.registry.get_model(churn).tags == {}

    @pytest.mark.parametrize(("key", "value"), [("", "v"), ("a\0", "v"), ("k", "v" * 100_001)])
    def test_a_tag_that_is_not_one_is_refused(
        self, store: Store, churn: str, key: str, value: str
    ) -> None:
        with pytest.raises(InvalidValue):
            store.registry.set_model_tag(churn, key, value)
        with pytest.raises(InvalidValue):
            store.registry.set_version_tag(churn, 1, key, value)


class TestVersions:
    def test_numbers_count_up_and_are_never_given_twice(self, store: Store, churn: str) -> None:
        store.registry.delete_version(churn, 3)

        assert store.registry.create_version(churn, source="s3://x").version == 4
        with pytest.raises(NotFound, match="version=3"):
            store.registry.get_version(churn, 3)

    def test_a_version_needs_its_name(self, store: Store) -> None:
        with pytest.raises(NotFound, match="nobody"):
            store.registry.create_version("nobody", source="s3://x")

    @pytest.mark.parametrize("version", [0, -1, 4, 2**80])
    def test_an_unknown_version_is_not_found(self, store: Store, churn: str, version: int) -> None:
        with pytest.raises(NotFound):
            store.registry.get_version(churn, version)

    def test_nothing_is_written_for_a_version_that_fails(self, store: Store, churn: str) -> None:
        with pytest.raises(NotFound):
            store.registry.create_version(churn, source=f"models:/m-{'0' * 32}")

        assert store.registry.create_version(churn, source="s3://x").version == 4

    def test_describing_and_tagging(self, store: Store, churn: str) -> None:
        store.registry.set_version_tag(churn, 1, "state", "good")

        version = store.registry.update_version(churn, 1, "the first")

        assert (version.description, version.tags) == ("the first", {"state": "good"})
        store.registry.delete_version_tag(churn, 1, "state")
        assert store.registry.get_version(churn, 1).tags == {}

    def test_deleting_a_version_removes_the_aliases_pointing_at_it(
        self, store: Store, churn: str
    ) -> None:
        store.registry.set_alias(churn, "a", 1)
        store.registry.set_alias(churn, "b", 2)

        store.registry.delete_version(churn, 1)

        assert store.registry.get_model(churn).aliases == {"b": 2}


class TestSources:
    def test_a_logged_model_gives_its_files_and_its_run(
        self, store: Store, churn: str, logged: LoggedModel
    ) -> None:
        version = store.registry.create_version(churn, source=f"models:/{logged.model_id}")

        assert version.artifact_uri == logged.artifact_uri
        assert version.source == f"models:/{logged.model_id}"
        assert (version.run_id, version.model_id) == ("a" * 32, logged.model_id)

    def test_the_run_that_is_named_counts(
        self, store: Store, churn: str, logged: LoggedModel
    ) -> None:
        version = store.registry.create_version(
            churn, source=f"models:/{logged.model_id}", run_id="b" * 32
        )

        assert version.run_id == "b" * 32

    def test_a_model_id_beside_the_source_gives_the_run(
        self, store: Store, churn: str, logged: LoggedModel
    ) -> None:
        version = store.registry.create_version(
            churn, source=logged.artifact_uri, model_id=logged.model_id
        )

        assert version.run_id == "a" * 32

    def test_a_deleted_logged_model_cannot_be_registered(
        self, store: Store, churn: str, logged: LoggedModel
    ) -> None:
        store.models.delete(logged.model_id)

        with pytest.raises(NotFound, match=logged.model_id):
            store.registry.create_version(churn, source=f"models:/{logged.model_id}")

    @pytest.mark.parametrize("which", ["/4", "@champion", "/latest", "/Production", "/production"])
    def test_another_version_can_be_copied(
        self, store: Store, churn: str, logged: LoggedModel, which: str
    ) -> None:
        store.registry.create_version(churn, source=f"models:/{logged.model_id}")
        store.registry.set_alias(churn, "champion", 4)
        store.registry.move_stage(churn, 4, "Production", archive_existing=False)
        store.registry.create_model("copy")

        copy = store.registry.create_version("copy", source=f"models:/churn{which}")

        assert copy.source == "models:/churn/4"
        assert copy.artifact_uri == logged.artifact_uri
        assert (copy.run_id, copy.model_id) == ("a" * 32, logged.model_id)

    @pytest.mark.parametrize("source", ["models:/churn", "models:/churn/1/2", "models:/"])
    def test_a_models_uri_that_names_no_version_is_refused(
        self, store: Store, churn: str, source: str
    ) -> None:
        with pytest.raises((InvalidValue, NotFound)):
            store.registry.create_version(churn, source=source)

    def test_what_one_door_registers_the_other_can_load(
        self, store: Store, churn: str, home: Path
    ) -> None:
        inside = (store.artifacts.root / "0" / ("a" * 32) / "artifacts" / "model").as_uri()
        made = store.registry.create_version(churn, source=inside)
        over_http = Store.open(home, artifact_base="mlflow-artifacts:")

        seen = over_http.registry.get_version(churn, made.version)
        over_http.close()

        assert made.source == inside
        assert seen.source == f"mlflow-artifacts:/0/{'a' * 32}/artifacts/model"
        assert seen.artifact_uri == seen.source

    def test_a_version_is_found_by_the_source_it_shows(self, store: Store, churn: str) -> None:
        inside = (store.artifacts.root / "0" / "r" / "artifacts").as_uri()
        store.registry.create_version(churn, source=inside)

        search = Search((Condition("attribute", "source", "=", inside),))

        assert [v.version for v in store.registry.search_versions(search, limit=9).items] == [4]

    def test_a_tag_named_source_is_a_tag(self, store: Store, churn: str) -> None:
        made = store.registry.create_version(churn, source="s3://b/m", tags={"source": "here"})

        search = Search((Condition("tag", "source", "=", "here"),))

        found = store.registry.search_versions(search, limit=9).items
        assert [v.version for v in found] == [made.version]


class TestAliases:
    def test_an_alias_moves(self, store: Store, churn: str) -> None:
        store.registry.set_alias(churn, "champion", 1)
        store.registry.set_alias(churn, "champion", 2)

        assert store.registry.get_version(churn, 1).aliases == ()
        assert store.registry.get_version(churn, 2).aliases == ("champion",)
        assert store.registry.get_model(churn).aliases == {"champion": 2}

    @pytest.mark.parametrize(
        "alias", ["latest", "LATEST", "v1", "V22", "", "a b", "a/b", "a" * 256]
    )
    def test_what_means_something_else_is_no_alias(
        self, store: Store, churn: str, alias: str
    ) -> None:
        with pytest.raises(InvalidValue):
            store.registry.set_alias(churn, alias, 1)

    @pytest.mark.parametrize("alias", ["vx1", "v", "1", "the-best_1", "é"])
    def test_what_only_looks_like_it_is_one(self, store: Store, churn: str, alias: str) -> None:
        store.registry.set_alias(churn, alias, 1)

        assert store.registry.version_by_alias(churn, alias).version == 1

    def test_an_alias_needs_its_version(self, store: Store, churn: str) -> None:
        with pytest.raises(NotFound):
            store.registry.set_alias(churn, "champion", 9)

    def test_latest_is_the_newest_version_of_any_stage(self, store: Store, churn: str) -> None:
        store.registry.move_stage(churn, 1, "Production", archive_existing=False)

        assert store.registry.version_by_alias(churn, "latest").version == 3

    def test_latest_of_a_name_without_versions_is_not_found(self, store: Store) -> None:
        store.registry.create_model("empty")

        with pytest.raises(NotFound, match="empty"):
            store.registry.version_by_alias("empty", "latest")

    def test_an_alias_that_is_not_there(self, store: Store, churn: str) -> None:
        store.registry.delete_alias(churn, "nobody")

        with pytest.raises(InvalidValue, match="nobody"):
            store.registry.version_by_alias(churn, "nobody")


class TestStages:
    def test_moving_archives_the_present_holder_when_asked(self, store: Store, churn: str) -> None:
        store.registry.move_stage(churn, 1, "production", archive_existing=False)
        store.registry.move_stage(churn, 2, "Production", archive_existing=False)
        store.registry.move_stage(churn, 3, "PRODUCTION", archive_existing=True)

        stages = [store.registry.get_version(churn, number).stage for number in (1, 2, 3)]
        assert stages == ["Archived", "Archived", "Production"]

    @pytest.mark.parametrize("stage", ["None", "Archived"])
    def test_only_active_stages_have_holders_to_archive(
        self, store: Store, churn: str, stage: str
    ) -> None:
        with pytest.raises(InvalidValue):
            store.registry.move_stage(churn, 1, stage, archive_existing=True)

    def test_an_unknown_stage_is_refused(self, store: Store, churn: str) -> None:
        with pytest.raises(InvalidValue, match="Limbo"):
            store.registry.move_stage(churn, 1, "Limbo", archive_existing=False)

    def test_a_failed_move_archives_nobody(self, store: Store, churn: str) -> None:
        store.registry.move_stage(churn, 1, "Production", archive_existing=False)

        with pytest.raises(NotFound):
            store.registry.move_stage(churn, 9, "Production", archive_existing=True)
        assert store.registry.get_version(churn, 1).stage == "Production"

    def test_latest_versions_are_one_per_stage(self, store: Store, churn: str) -> None:
        store.registry.move_stage(churn, 1, "Staging", archive_existing=False)

        latest = {v.stage: v.version for v in store.registry.latest_versions(churn)}

        assert latest == {"None": 3, "Staging": 1}
        assert [v.version for v in store.registry.latest_versions(churn, ["staging"])] == [1]


class TestSearch:
    @pytest.fixture
    def shop(self, store: Store) -> Store:
        for name in ("alpha", "Beta", "gamma"):
            store.registry.create_model(name, tags={"team": name[0]})
            store.registry.create_version(name, source=f"s3://{name}", tags={"team": name[0]})
        store.registry.create_version("alpha", source="s3://second", run_id="r2")
        return store

    MODELS: tuple[tuple[Conditions, list[str]], ...] = (
        ((), ["Beta", "alpha", "gamma"]),
        ((Condition("attribute", "name", "like", "%a"),), ["Beta", "alpha", "gamma"]),
        ((Condition("attribute", "name", "like", "b%"),), []),
        ((Condition("attribute", "name", "ilike", "b%"),), ["Beta"]),
        ((Condition("attribute", "name", "in", ("alpha", "zeta")),), ["alpha"]),
        ((Condition("tag", "team", "=", "g"),), ["gamma"]),
        ((Condition("tag", "team", "!=", "g"),), ["Beta", "alpha"]),
    )

    @pytest.mark.parametrize(("conditions", "names"), MODELS)
    def test_names(self, shop: Store, conditions: Conditions, names: list[str]) -> None:
        page = shop.registry.search_models(Search(conditions), limit=9)

        assert [model.name for model in page.items] == names

    VERSIONS: tuple[tuple[Conditions, list[tuple[str, int]]], ...] = (
        ((Condition("attribute", "name", "=", "alpha"),), [("alpha", 2), ("alpha", 1)]),
        ((Condition("attribute", "version", ">", 1),), [("alpha", 2)]),
        ((Condition("attribute", "run_id", "in", ("r2",)),), [("alpha", 2)]),
        ((Condition("attribute", "source", "like", "s3://gam%"),), [("gamma", 1)]),
        ((Condition("tag", "team", "=", "B"),), [("Beta", 1)]),
    )

    @pytest.mark.parametrize(("conditions", "found"), VERSIONS)
    def test_versions(
        self, shop: Store, conditions: Conditions, found: list[tuple[str, int]]
    ) -> None:
        page = shop.registry.search_versions(
            Search(conditions, (Order("attribute", "name"),)), limit=9
        )

        assert [(version.name, version.version) for version in page.items] == found

    def test_prompts_are_left_out_unless_asked_for(self, shop: Store) -> None:
        shop.registry.create_model("hello", tags={"mlflow.prompt.is_prompt": "true"})
        shop.registry.create_version("hello", source="x")
        asked = Search((Condition("tag", "mlflow.prompt.is_prompt", "=", "true"),))
        refused = Search((Condition("tag", "mlflow.prompt.is_prompt", "!=", "true"),))

        for search, names in ((Search(), 3), (refused, 3), (asked, 1)):
            assert len(shop.registry.search_models(search, limit=9).items) == names
        assert len(shop.registry.search_versions(Search(), limit=9).items) == 4

    @pytest.mark.parametrize("ascending", [True, False])
    @pytest.mark.parametrize("key", ["name", "updated_ms"])
    def test_pages_join_to_the_whole(self, shop: Store, key: str, ascending: bool) -> None:
        search = Search((), (Order("attribute", key, ascending),))
        whole = [m.name for m in shop.registry.search_models(search, limit=9).items]

        paged, token = [], None
        for _ in whole:
            page = shop.registry.search_models(search, limit=1, token=token)
            paged += [model.name for model in page.items]
            token = page.next_token

        assert (paged, token) == (whole, None)

    def test_a_page_costs_a_few_statements_whatever_its_size(self, store: Store) -> None:
        for number in range(50):
            store.registry.create_model(f"m{number}", tags={"a": "1"})
            store.registry.create_version(f"m{number}", source="s3://x", tags={"a": "1"})
            store.registry.set_alias(f"m{number}", "champion", 1)
        statements: list[str] = []
        store.db.conn.set_trace_callback(statements.append)

        assert len(store.registry.search_models(Search(), limit=50).items) == 50

        store.db.conn.set_trace_callback(None)
        assert len(statements) <= 8


def register_many(home: str, count: int) -> None:
    store = Store.open(Path(home))
    for _ in range(count):
        store.registry.create_version("race", source="s3://x")
    store.close()


def test_processes_registering_at_once_never_share_a_number(store: Store, home: Path) -> None:
    store.registry.create_model("race")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=register_many, args=(str(home), 40)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    versions = store.registry.search_versions(Search(), limit=1000).items
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert sorted(v.version for v in versions) == list(range(1, 161))
