"""The policy in front of the endpoints: what each call needs, and every way around it closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from team import ENGINEER, MANAGER, OUTSIDER, POLICY, SCIENTIST

from nbruns.endpoints import access_table, artifacts, notebook_runs, routes
from nbruns.endpoints.guard import answer
from nbruns.endpoints.policy import policy_from_data, policy_from_file
from nbruns.endpoints.routes import find_endpoint
from nbruns.errors import InvalidValue, NbrunsError, NotPermitted
from nbruns.identity import acting_as
from nbruns.records import MetricPoint, Run
from nbruns.store import Store

Body = dict[str, Any]
Ask = Callable[..., Body]

V2, OURS = "api/2.0/mlflow/", "api/1.0/"


def all_endpoints() -> set[Any]:
    tables = (routes._MLFLOW, routes.own_routes())
    plain = {endpoint for table in tables for endpoint in table.plain.values()}
    return plain | {endpoint for table in tables for *_, endpoint in table.templates}


def test_every_call_has_its_row() -> None:
    """A new endpoint needs a row in endpoints/access_table.py; until then nobody may call it."""
    assert {e.__qualname__ for e in all_endpoints() - access_table.NEEDS.keys()} == set()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Store]:
    """A store as the server opens it, with the team's policy and one of each thing."""
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    store = Store.open(tmp_path / "home", artifact_base="mlflow-artifacts:")
    store.experiments.create("payroll")
    store.experiments.create("churn")
    for name in ("prod.m", "sandbox.m"):
        store.registry.create_model(name)
        for _ in range(2):
            store.registry.create_version(name, source="s3://x")
    store.policy = policy_from_file(file)
    yield store
    store.close()


@pytest.fixture
def ask(shop: Store) -> Ask:
    """Make a call as a user."""

    def call(user: str, method: str, path: str, /, **body: Any) -> Body:
        endpoint, values = find_endpoint(method, path)
        with acting_as(user):
            reply: Body = answer(shop, endpoint, {**body, **values})
            return reply

    return call


def refused(ask: Ask, user: str, method: str, path: str, /, **body: Any) -> str:
    with pytest.raises(NotPermitted) as error:
        ask(user, method, path, **body)
    return str(error.value)


def secret_run(shop: Store) -> Run:
    payroll = shop.experiments.find_by_name("payroll")
    assert payroll is not None
    return shop.runs.create(payroll.experiment_id)


LEVELS = [
    ("GET", "registered-models/get", {}, "READ"),
    ("PATCH", "registered-models/update", {"description": "x"}, "EDIT"),
    ("POST", "registered-models/set-tag", {"key": "k", "value": "v"}, "EDIT"),
    ("DELETE", "registered-models/delete-tag", {"key": "k"}, "EDIT"),
    ("POST", "model-versions/create", {"source": "s3://y"}, "EDIT"),
    ("PATCH", "model-versions/update", {"version": "1", "description": "x"}, "EDIT"),
    ("POST", "model-versions/set-tag", {"version": "1", "key": "k", "value": "v"}, "EDIT"),
    ("DELETE", "model-versions/delete", {"version": "1"}, "MANAGE"),
    ("POST", "registered-models/rename", {"new_name": "prod.other"}, "MANAGE"),
    ("DELETE", "registered-models/delete", {}, "MANAGE"),
    ("GET", "databricks/registered-models/get", {}, "READ"),
]


@pytest.mark.parametrize(("method", "path", "body", "level"), LEVELS, ids=str)
def test_a_call_needs_its_level(
    ask: Ask, method: str, path: str, body: Body, level: str
) -> None:  # F86 F104
    has = {OUTSIDER: 0, ENGINEER: 1, SCIENTIST: 2, MANAGER: 3}
    needed = ["", "READ", "EDIT", "MANAGE"].index(level)
    for user, held in has.items():
        if held < needed:
            said = refused(ask, user, method, V2 + path, name="prod.m", **body)
            assert user in said
            assert level in said
            assert "policy.yaml line" in said
    ask(
        next(u for u, held in has.items() if held >= needed),
        method,
        V2 + path,
        name="prod.m",
        **body,
    )


def test_a_refusal_names_the_rule_and_the_way_on(ask: Ask) -> None:
    said = refused(
        *(ask, SCIENTIST, "POST", f"{V2}model-versions/transition-stage"),
        name="prod.m",
        version="2",
        stage="production",
    )

    assert said.startswith("ada may not move version 2 of 'prod.m' to Production: policy.yaml line")
    assert "managers may" in said
    assert "nbruns.request_transition('prod.m', 2, stage='Production')" in said


def test_what_may_not_be_read_is_not_described(ask: Ask, shop: Store) -> None:
    run = secret_run(shop)

    said = refused(ask, SCIENTIST, "GET", f"{V2}runs/get", run_id=run.run_id)

    assert "payroll" not in said
    assert "policy.yaml line 8" in said


class TestStages:
    def move(self, ask: Ask, user: str, stage: str, name: str = "prod.m") -> None:
        body = {"name": name, "version": "1", "stage": stage}
        ask(user, "POST", f"{V2}model-versions/transition-stage", **body)

    def test_who_may_move_moves(self, ask: Ask, shop: Store) -> None:  # F82 F83
        self.move(ask, ENGINEER, "Staging")
        self.move(ask, MANAGER, "Production")
        self.move(ask, MANAGER, "None")

        rows = shop.activity.search(model="prod.m", action="moved").items
        assert [(a.user, a.after) for a in rows] == [
            (MANAGER, "None"),
            (MANAGER, "Production"),
            (ENGINEER, "Staging"),
        ]
        assert "target Staging" in rows[-1].allowed_by

    def test_out_of_a_stage_is_a_move_of_that_stage(self, ask: Ask) -> None:
        self.move(ask, MANAGER, "Production")

        for stage in ("None", "Archived", "Staging"):
            with pytest.raises(NotPermitted, match="away from Production"):
                self.move(ask, SCIENTIST if stage != "Staging" else ENGINEER, stage)

    def test_making_room_is_archiving_where_a_rule_says_who_archives(
        self, ask: Ask, shop: Store
    ) -> None:
        """Neither by a move nor by a request is the rule for Archived gone around."""
        targets = {"Staging": {"move": ENGINEER}, "Archived": {"move": MANAGER}}
        rule = {"match": "prod.*", "edit": [SCIENTIST, ENGINEER, MANAGER], "targets": targets}
        shop.policy = policy_from_data({"models": [rule]}, "policy")
        shop.registry.move_stage("prod.m", 1, "Staging", archive_existing=False)
        wish = {"name": "prod.m", "version": "2", "stage": "Staging"}
        pushing = wish | {"archive_existing_versions": True}

        said = refused(ask, ENGINEER, "POST", f"{V2}model-versions/transition-stage", **pushing)
        assert "version 1 of 'prod.m' to Archived" in said
        made = ask(SCIENTIST, "POST", f"{OURS}requests/create", **pushing)["request"]
        this = {"request_id": made["request_id"]}
        assert "for Archived" in refused(ask, ENGINEER, "POST", f"{OURS}requests/approve", **this)
        refused(ask, ENGINEER, "POST", f"{V2}transition-requests/approve", **pushing)
        beside = this | {"archive_existing_versions": False}
        ask(ENGINEER, "POST", f"{OURS}requests/approve", **beside)

        stages = [shop.registry.get_version("prod.m", number).stage for number in (1, 2)]
        assert stages == ["Staging", "Staging"]

    def test_no_level_stands_in_for_the_rule_of_a_target(self, ask: Ask) -> None:
        said = refused(
            *(ask, MANAGER, "POST", f"{V2}registered-models/alias"),
            name="prod.m",
            alias="champion",
            version="1",
        )
        assert "nobody" in said

    @pytest.mark.parametrize("path", ["model-versions/delete", "registered-models/delete"])
    def test_deleting_what_holds_a_target_is_a_move(self, ask: Ask, shop: Store, path: str) -> None:
        shop.registry.set_alias("prod.m", "champion", 1)

        said = refused(ask, MANAGER, "DELETE", V2 + path, name="prod.m", version="1")

        assert "away from @champion" in said

    def test_a_new_name_is_no_way_around(self, ask: Ask, shop: Store) -> None:
        shop.registry.set_alias("sandbox.m", "champion", 1)
        rename = f"{V2}registered-models/rename"

        said = refused(ask, SCIENTIST, "POST", rename, name="sandbox.m", new_name="prod.new")
        assert "MANAGE" in said
        said = refused(ask, MANAGER, "POST", rename, name="sandbox.m", new_name="prod.new")
        assert "to @champion" in said
        assert "MANAGE" in refused(
            ask, SCIENTIST, "POST", rename, name="prod.m", new_name="sandbox.n"
        )

    def test_the_call_of_databricks_is_no_way_around(self, ask: Ask) -> None:
        refused(
            *(ask, SCIENTIST, "POST", f"{V2}databricks/model-versions/transition-stage"),
            name="prod.m",
            version="1",
            stage="Production",
        )


class TestRequests:
    def create(self, ask: Ask, user: str = SCIENTIST, **body: Any) -> int:
        body = {"name": "prod.m", "version": "1", "alias": "champion"} | body
        reply = ask(user, "POST", f"{OURS}requests/create", **body)
        return int(reply["request"]["request_id"])

    def test_from_request_to_move(self, ask: Ask, shop: Store) -> None:  # F84 F85 F105 N7
        request_id = self.create(ask, comment="two points better")
        listed = ask(MANAGER, "GET", f"{OURS}requests/search", state="pending")["requests"]
        assert [(r["request_id"], r["may"]) for r in listed] == [
            (request_id, ["approve", "reject", "cancel"])
        ]
        seen = ask(SCIENTIST, "GET", f"{OURS}requests/get", request_id=request_id)["request"]
        assert seen["may"] == ["cancel"]

        approve = f"{OURS}requests/approve"
        assert "may not decide" in refused(ask, SCIENTIST, "POST", approve, request_id=request_id)
        ask(MANAGER, "POST", approve, request_id=request_id, comment="fine")

        assert shop.registry.get_model("prod.m").aliases == {"champion": 1}
        moved = shop.activity.search(action="moved").items[0]
        assert (moved.user, moved.requester, moved.comment) == (MANAGER, SCIENTIST, "fine")
        assert "target @champion" in moved.allowed_by

    def test_nobody_approves_their_own(self, ask: Ask) -> None:
        request_id = self.create(ask, ENGINEER)

        said = refused(ask, ENGINEER, "POST", f"{OURS}requests/approve", request_id=request_id)

        assert "their own request" in said
        assert "self_approval" in said
        ask(MANAGER, "POST", f"{OURS}requests/approve", request_id=request_id)

    def test_who_asked_may_cancel_and_who_manages(self, ask: Ask) -> None:
        cancel = f"{OURS}requests/cancel"
        request_id = self.create(ask)

        assert "it is ada's" in refused(ask, ENGINEER, "POST", cancel, request_id=request_id)
        ask(SCIENTIST, "POST", cancel, request_id=request_id)
        ask(MANAGER, "POST", cancel, request_id=self.create(ask))

    def test_how_many_there_are_and_wait_for_me(self, ask: Ask, shop: Store) -> None:
        make = f"{OURS}requests/create"
        for version in ("1", "2"):
            ask(SCIENTIST, "POST", make, name="prod.m", version=version, stage="Production")
        ask(ENGINEER, "POST", make, name="prod.m", version="1", alias="champion")
        ask(ENGINEER, "POST", make, name="sandbox.m", version="1", alias="champion")

        def counted(user: str) -> list[int]:
            reply = ask(user, "GET", f"{OURS}requests/count")
            assert not reply["is_more"]
            return [reply["open"], reply["to_decide"]]

        def found(user: str, **query: Any) -> list[tuple[str, str]]:
            reply = ask(user, "GET", f"{OURS}requests/search", **query)
            return [(one["name"], one["target"]) for one in reply["requests"]]

        assert counted(SCIENTIST) == [4, 1]
        assert counted(ENGINEER) == [4, 1]
        assert counted(MANAGER) == [4, 4]
        assert counted(OUTSIDER) == [0, 0]
        assert found(SCIENTIST, whose="mine") == [("prod.m", "Production")] * 2
        assert found(SCIENTIST, whose="to-decide") == [("sandbox.m", "@champion")]
        assert found(OUTSIDER, whose="to-decide") == found(OUTSIDER, whose="mine") == []

        first = ask(MANAGER, "GET", f"{OURS}requests/search", whose="to-decide", max_results=3)
        more = {"page_token": first["next_page_token"], "max_results": 3}
        rest = ask(MANAGER, "GET", f"{OURS}requests/search", whose="to-decide", **more)
        ids = [one["request_id"] for one in first["requests"] + rest["requests"]]
        assert sorted(ids, reverse=True) == ids
        assert (len(ids), "next_page_token" in rest) == (4, False)
        with pytest.raises(InvalidValue, match="one of mine, to-decide, all"):
            ask(MANAGER, "GET", f"{OURS}requests/search", whose="theirs")

    def test_a_request_says_why_one_may_not_decide_it(self, ask: Ask) -> None:
        wish = {"name": "prod.m", "version": "1", "alias": "champion"}
        made = ask(ENGINEER, "POST", f"{OURS}requests/create", **wish)["request"]

        assert made["may"] == ["cancel"]
        assert "may not decide their own request" in made["refusal"]
        assert made["deciders"] == "somebody else"
        path = f"{OURS}requests/get"
        seen = ask(SCIENTIST, "GET", path, request_id=made["request_id"])["request"]
        assert seen["may"] == []
        assert "engineers, managers may" in seen["refusal"]
        assert seen["deciders"] == "engineers, managers"
        seen = ask(MANAGER, "GET", path, request_id=made["request_id"])["request"]
        assert (seen["may"], seen["refusal"]) == (["approve", "reject", "cancel"], "")

    def test_a_request_says_who_stands_there_now(self, ask: Ask, shop: Store) -> None:
        shop.registry.move_stage("prod.m", 2, "Production", archive_existing=False)
        wish = {"name": "prod.m", "version": "1", "stage": "Production"}
        made = ask(SCIENTIST, "POST", f"{OURS}requests/create", **wish)["request"]
        assert (made["holders"], made["stage"]) == ([2], "None")

        shop.registry.move_stage("prod.m", 1, "Staging", archive_existing=False)
        found = ask(MANAGER, "GET", f"{OURS}requests/search", name="prod.m")["requests"]
        assert [(one["holders"], one["stage"]) for one in found] == [([2], "Staging")]
        number = {"request_id": made["request_id"]}
        done = ask(MANAGER, "POST", f"{OURS}requests/reject", **number)["request"]
        assert (done["holders"], done["stage"], done["may"], done["refusal"]) == ([], "", [], "")

    def test_who_may_not_read_may_not_ask(self, ask: Ask) -> None:
        body = {"name": "prod.m", "version": "1", "stage": "Staging"}
        refused(ask, OUTSIDER, "POST", f"{OURS}requests/create", **body)
        refused(ask, OUTSIDER, "POST", f"{V2}transition-requests/create", **body)

    def test_away_from_a_stage_is_decided_by_who_decides_for_it(
        self, ask: Ask, shop: Store
    ) -> None:
        shop.registry.move_stage("prod.m", 1, "Production", archive_existing=False)
        request_id = self.create(ask, alias=None, stage="Staging")

        refused(ask, ENGINEER, "POST", f"{OURS}requests/approve", request_id=request_id)
        ask(MANAGER, "POST", f"{OURS}requests/approve", request_id=request_id)

    @pytest.mark.parametrize("action", ["approve", "reject"])
    def test_by_version_and_stage_as_databricks_has_it(self, ask: Ask, action: str) -> None:
        where = {"name": "prod.m", "version": "1", "stage": "Production"}
        ask(SCIENTIST, "POST", f"{V2}transition-requests/create", **where, comment="please")
        decide = f"{V2}transition-requests/{action}"

        refused(ask, SCIENTIST, "POST", decide, **where)
        refused(ask, ENGINEER, "POST", decide, **where)
        activity = ask(MANAGER, "POST", decide, **where, archive_existing_versions=False)[
            "activity"
        ]

        assert activity["user_id"] == MANAGER

    def test_only_whose_it_is_deletes_it_by_creator(self, ask: Ask) -> None:
        where = {"name": "prod.m", "version": "1", "stage": "Production"}
        ask(SCIENTIST, "POST", f"{V2}transition-requests/create", **where)
        delete = f"{V2}transition-requests/delete"

        refused(ask, ENGINEER, "DELETE", delete, **where, creator=SCIENTIST)
        ask(SCIENTIST, "DELETE", delete, **where, creator=SCIENTIST)


class TestSight:
    def test_searches_leave_out_what_may_not_be_read(self, ask: Ask, shop: Store) -> None:
        run = secret_run(shop)
        churn = shop.experiments.find_by_name("churn")
        assert churn is not None
        shop.runs.create(churn.experiment_id)
        both = [run.experiment_id, churn.experiment_id]

        def names(user: str) -> tuple[Any, ...]:
            found = ask(user, "POST", f"{V2}experiments/search", max_results=9)
            runs = ask(user, "POST", f"{V2}runs/search", experiment_ids=both)
            models = ask(user, "GET", f"{V2}registered-models/search")
            versions = ask(user, "GET", f"{V2}model-versions/search")
            glance = ask(user, "GET", f"{OURS}experiments/overview")
            tree = ask(user, "POST", f"{OURS}registry/overview")
            return (
                sorted(e["name"] for e in found["experiments"]),
                len(runs.get("runs", [])),
                [m["name"] for m in models.get("registered_models", [])],
                sorted({v["name"] for v in versions.get("model_versions", [])}),
                sorted(e["name"] for e in glance["experiments"]),
                tree["models"],
            )

        some, models = ["Default", "churn"], ["prod.m", "sandbox.m"]
        assert names(SCIENTIST) == (some, 1, models, models, some, 2)
        assert names(MANAGER) == ([*some, "payroll"], 2, models, models, [*some, "payroll"], 2)
        assert names(OUTSIDER) == ([], 0, [], [], [], 0)

    def test_a_version_does_not_tell_of_a_run_that_may_not_be_read(
        self, ask: Ask, shop: Store
    ) -> None:
        run = secret_run(shop)
        shop.metrics.append(run.run_id, [MetricPoint("salary", 1.0)])
        shop.registry.create_version("prod.m", source="s", run_id=run.run_id)

        def told(user: str) -> tuple[Any, ...]:
            reply = ask(user, "GET", f"{OURS}registry/versions", name="prod.m")
            return reply["keys"], "source_run" in reply["versions"][0]

        assert told(MANAGER) == ({"salary": 1}, True)
        assert told(SCIENTIST) == ({}, False)
        refused(ask, OUTSIDER, "GET", f"{OURS}registry/versions", name="prod.m")

    def test_pages_stay_whole(self, ask: Ask, shop: Store) -> None:
        for number in range(20):
            shop.registry.create_model(f"{'hidden' if number % 2 else 'prod'}.{number:02}")
        found, token = [], None
        while True:
            page = ask(
                *(ENGINEER, "GET", f"{V2}registered-models/search"), max_results=3, page_token=token
            )
            found += [m["name"] for m in page["registered_models"]]
            token = page.get("next_page_token")
            if token is None:
                break

        assert len(found) == 12
        assert not [name for name in found if name.startswith("hidden")]

    def test_the_log_and_requests_likewise(self, ask: Ask, shop: Store) -> None:
        shop.requests.create("prod.m", 1, "Staging")
        shop.registry.set_alias("sandbox.m", "x", 1)

        assert ask(OUTSIDER, "GET", f"{OURS}activity/search") == {"activities": []}
        assert ask(OUTSIDER, "GET", f"{OURS}requests/search") == {"requests": []}
        assert len(ask(ENGINEER, "GET", f"{OURS}activity/search")["activities"]) == 8


class TestWaysAround:
    """Ways to read or change a thing by naming it through another one."""

    def own_run(self, shop: Store, **tags: str) -> str:
        churn = shop.experiments.find_by_name("churn")
        assert churn is not None
        return shop.runs.create(churn.experiment_id, tags=tags).run_id

    def secret_notebook(self, shop: Store) -> str:
        notebook = shop.notebooks.resolve("/work/payroll notes.ipynb", cell_ids=["p1", "p2", "p3"])
        shop.notebooks.experiment(notebook.notebook_id)
        number = shop.notebooks.get(notebook.notebook_id).experiment_id
        assert number is not None
        # The name of the notebook's experiment falls under the rule.
        assert shop.experiments.get(number).name.startswith("payroll")
        return notebook.notebook_id

    def test_a_version_of_a_run_one_may_not_read(self, ask: Ask, shop: Store) -> None:
        run = secret_run(shop)
        model = shop.models.create(run.experiment_id, name="m", source_run_id=run.run_id)
        shop.registry.create_model("hidden.m")
        shop.registry.create_version("hidden.m", source=f"models:/{model.model_id}")
        shop.registry.set_alias("hidden.m", "a", 1)
        create = f"{V2}model-versions/create"

        for fields in (
            {"source": f"{run.artifact_uri}/model", "run_id": run.run_id},
            {"source": "s3://x", "run_id": run.run_id},
            {"source": f"runs:/{run.run_id}/model"},
            {"source": f"RUNS://{run.run_id}/{run.run_id}/model"},
            {"source": f"runs:///{run.run_id}"},
            {"source": f"models:/{model.model_id}"},
            {"source": f"MODELS:/{model.model_id}"},
            {"source": "s3://x", "model_id": model.model_id},
            {"source": "models:/hidden.m/1"},
            {"source": "models:/hidden.m@a"},
            {"source": "models://hidden.m/1"},
        ):
            with pytest.raises(NbrunsError):
                ask(SCIENTIST, "POST", create, name="sandbox.m", **fields)
        assert len(shop.registry.get_model("sandbox.m").latest_versions) == 1
        assert shop.registry.get_model("sandbox.m").latest_versions[0].version == 2

    def test_points_on_a_logged_model_of_others(self, ask: Ask, shop: Store) -> None:
        run = secret_run(shop)
        model = shop.models.create(run.experiment_id, name="m", source_run_id=run.run_id)
        own = self.own_run(shop)
        point = {"key": "a", "value": 1, "timestamp": 1, "model_id": model.model_id}

        refused(ask, SCIENTIST, "POST", f"{V2}runs/log-metric", run_id=own, **point)
        refused(ask, SCIENTIST, "POST", f"{V2}runs/log-batch", run_id=own, metrics=[point])
        link = {"model_id": model.model_id, "step": 0}
        refused(ask, SCIENTIST, "POST", f"{V2}runs/outputs", run_id=own, models=[link])

    def test_a_run_that_says_it_is_of_anothers_notebook(self, ask: Ask, shop: Store) -> None:
        notebook_id = self.secret_notebook(shop)
        run = secret_run(shop)
        shop.runs.set_tags(run.run_id, {"nbruns.notebook": notebook_id})
        own = self.own_run(shop, **{"nbruns.notebook": notebook_id})
        content = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

        refused(
            *(ask, SCIENTIST, "POST", f"{OURS}revisions/capture"),
            run_id=own,
            path="/work/payroll notes.ipynb",
            content=content,
        )
        refused(ask, SCIENTIST, "GET", f"{OURS}runs/changes", run_id=own)
        shop.runs.delete(own)
        refused(ask, SCIENTIST, "GET", f"{OURS}notebooks/logging", notebook_id=notebook_id)

    def test_cells_of_a_kernel_of_others(self, ask: Ask, shop: Store) -> None:
        shop.kernels.bind("k1", self.secret_notebook(shop), "/work/payroll notes.ipynb")
        own = self.own_run(shop, **{"nbruns.kernel": "k1"})

        refused(ask, SCIENTIST, "GET", f"{OURS}kernels/executed", run_id=own)
        refused(ask, SCIENTIST, "GET", f"{OURS}kernels/executed", kernel_id="k1")

    def test_a_notebook_taken_along_by_its_cells(self, ask: Ask, shop: Store) -> None:
        notebook_id = self.secret_notebook(shop)
        shop.notebooks.forget_file("/work/payroll notes.ipynb")
        body = {"path": "/work/mine.ipynb", "cell_ids": ["p1", "p2", "p3"]}

        refused(ask, SCIENTIST, "POST", f"{OURS}notebooks/resolve", **body)

        assert shop.notebooks.get(notebook_id).path == "/work/payroll notes.ipynb"

    def test_revisions_of_others(self, ask: Ask, shop: Store) -> None:
        content = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        revision_id = shop.revisions.capture(
            self.secret_notebook(shop), content, path="/work/payroll notes.ipynb", method="file"
        ).revision_id

        refused(ask, SCIENTIST, "GET", f"{OURS}revisions/get", revision_id=revision_id)
        refused(ask, SCIENTIST, "GET", f"{OURS}revisions/search", path="/work/payroll notes.ipynb")
        refused(ask, SCIENTIST, "POST", f"{OURS}revisions/purge", revision_id=revision_id)
        refused(
            *(ask, SCIENTIST, "POST", f"{OURS}revisions/diff"),
            revision_id=revision_id,
            content=content,
        )
        assert ask(SCIENTIST, "GET", f"{OURS}notebooks/list") == {"notebooks": []}
        assert len(ask(MANAGER, "GET", f"{OURS}notebooks/list")["notebooks"]) == 1

    def test_an_experiment_of_another_name_or_place(self, ask: Ask, shop: Store) -> None:
        run = secret_run(shop)
        place = f"mlflow-artifacts:/{run.experiment_id}"

        refused(ask, SCIENTIST, "POST", f"{V2}experiments/create", name="payroll too")
        for location in (
            place,
            f"{place}/",
            f"{place}/{run.run_id}",
            f"mlflow-artifacts://h/{run.experiment_id}",
        ):
            refused(
                *(ask, SCIENTIST, "POST", f"{V2}experiments/create"),
                name="mine",
                artifact_location=location,
            )
        refused(
            *(ask, SCIENTIST, "POST", f"{V2}experiments/update"),
            experiment_id="0",
            new_name="payroll too",
        )

    def test_a_run_of_a_kernel_goes_where_its_notebook_may(self, shop: Store) -> None:
        from functools import partial

        shop.kernels.bind("k1", self.secret_notebook(shop), "/work/payroll notes.ipynb")
        caller = notebook_runs.Caller("k1", "here", 1, 1)

        with acting_as(SCIENTIST), pytest.raises(NotPermitted):
            answer(shop, partial(notebook_runs.create_in, caller), {})


class TestArtifacts:
    @pytest.fixture
    def secret(self, shop: Store) -> str:
        run = secret_run(shop)
        path = f"{run.experiment_id}/{run.run_id}/artifacts/model/weights"
        with shop.artifacts.new_upload(path) as file:
            file.write(b"secret")
        return path

    def spellings(self, path: str) -> list[str]:
        first, _, rest = path.partition("/")
        return [path, f"./{path}", f"{first}//{rest}", f"{first}/./{rest}", f"{path}/"]

    def test_no_spelling_of_a_path_gets_around(self, ask: Ask, shop: Store, secret: str) -> None:
        folder = secret.rpartition("/")[0]
        for path in self.spellings(secret) + self.spellings(folder):
            with pytest.raises(NbrunsError):
                ask(SCIENTIST, "DELETE", f"api/2.0/mlflow-artifacts/artifacts/{path}")
        for path in self.spellings(folder):
            refused(ask, SCIENTIST, "GET", "api/2.0/mlflow-artifacts/artifacts", path=path)
        assert shop.artifacts.resolve(secret).read_bytes() == b"secret"

    def test_the_root_shows_what_may_be_read(self, ask: Ask, shop: Store, secret: str) -> None:
        listed = "api/2.0/mlflow-artifacts/artifacts"

        assert ask(SCIENTIST, "GET", listed) == {}
        assert [f["path"] for f in ask(MANAGER, "GET", listed)["files"]] == [
            secret.partition("/")[0]
        ]

    def test_who_may_read_a_model_may_load_it(self, ask: Ask, shop: Store, secret: str) -> None:
        folder = secret.rpartition("/")[0]
        shop.registry.create_version("prod.m", source=f"mlflow-artifacts:/{folder}/")
        listed = "api/2.0/mlflow-artifacts/artifacts"

        assert ask(ENGINEER, "GET", listed, path=folder)["files"][0]["path"] == "weights"
        refused(ask, ENGINEER, "GET", listed, path=folder.rpartition("/")[0])
        refused(ask, OUTSIDER, "GET", listed, path=folder)

    def test_files_of_a_version_are_not_changed_behind_its_back(
        self, ask: Ask, shop: Store
    ) -> None:
        churn = shop.experiments.find_by_name("churn")
        assert churn is not None
        run = shop.runs.create(churn.experiment_id)
        folder = f"{churn.experiment_id}/{run.run_id}/artifacts/model"
        with shop.artifacts.new_upload(f"{folder}/weights") as file:
            file.write(b"good")
        version = shop.registry.create_version("prod.m", source=f"mlflow-artifacts:/{folder}")
        delete = "api/2.0/mlflow-artifacts/artifacts/"
        shop.registry.move_stage("prod.m", version.version, "Production", archive_existing=False)

        for path in (f"{folder}/weights", folder, f"{churn.experiment_id}/{run.run_id}"):
            assert "Production" in refused(ask, SCIENTIST, "DELETE", delete + path)
            with acting_as(SCIENTIST), pytest.raises(NotPermitted):
                answer(shop, artifacts.write_file, {"path": path})

    def test_files_stay_those_of_a_run_that_was_moved(
        self, ask: Ask, shop: Store, secret: str
    ) -> None:
        churn = shop.experiments.find_by_name("churn")
        assert churn is not None
        run_id = secret.split("/")[1]
        shop.runs.update(run_id, status="FINISHED")
        shop.listing.move([run_id], churn.experiment_id)

        listed = "api/2.0/mlflow-artifacts/artifacts"
        found = ask(SCIENTIST, "GET", listed, path=secret.rpartition("/")[0])
        assert found["files"][0]["path"] == "weights"


def test_a_call_nobody_wrote_a_rule_for_is_refused(shop: Store) -> None:
    def brand_new(store: Store, body: Body) -> Body:
        raise AssertionError("it was called")

    with acting_as(MANAGER), pytest.raises(NotPermitted, match="brand_new"):
        answer(shop, brand_new, {})


def test_without_a_policy_nothing_is_asked(store: Store) -> None:
    store.registry.create_model("m")

    endpoint, _ = find_endpoint("GET", f"{V2}registered-models/get")
    assert answer(store, endpoint, {"name": "m"})["registered_model"]["name"] == "m"
    assert store.activity.search().items[0].allowed_by == "no policy"


class TestRights:
    def test_they_say_what_a_form_should_offer(self, ask: Ask, shop: Store) -> None:
        shop.registry.set_alias("prod.m", "live", 1)
        found = ask(SCIENTIST, "GET", f"{OURS}registry/rights", name="prod.m", aliases="champion")

        assert (found["user"], found["level"], found["has_policy"]) == (SCIENTIST, "EDIT", True)
        said = {name: (one["move"], one["approve"]) for name, one in found["targets"].items()}
        assert said == {
            "None": (True, True),
            "Staging": (False, False),
            "Production": (False, False),
            "Archived": (True, True),
            "@champion": (False, False),
            "@live": (True, True),
        }
        assert found["targets"]["Production"]["who"] == "managers"
        assert found["targets"]["@champion"]["approvers"] == "engineers, managers"
        assert found["targets"]["@live"]["versions"] == [1]

    def test_they_name_the_aliases_a_policy_names(self, ask: Ask) -> None:
        found = ask(ENGINEER, "GET", f"{OURS}registry/rights", name="prod.m")

        assert [one for one in found["targets"] if one.startswith("@")] == ["@champion"]
        assert found["targets"]["@champion"]["versions"] == []

    def test_of_a_version_they_know_what_it_leaves(self, ask: Ask, shop: Store) -> None:
        shop.registry.move_stage("prod.m", 1, "Production", archive_existing=False)

        def said(user: str, **version: str) -> dict[str, bool]:
            reply = ask(user, "GET", f"{OURS}registry/rights", name="prod.m", **version)
            targets = reply["targets"]
            assert targets["Production"]["versions"] == [1]
            return {name: targets[name]["move"] for name in ("None", "Staging", "Production")}

        assert said(ENGINEER) == {"None": False, "Staging": True, "Production": False}
        assert said(ENGINEER, version="2") == said(ENGINEER)
        assert said(ENGINEER, version="1") == dict.fromkeys(said(ENGINEER), False)
        assert said(MANAGER, version="1") == dict.fromkeys(said(MANAGER), True)
        assert said(MANAGER, version=str(2**62)) == said(MANAGER)

    def test_without_a_policy_they_are_all(self, store: Store) -> None:
        endpoint, _ = find_endpoint("GET", f"{OURS}registry/rights")
        found = answer(store, endpoint, {"name": "m"})

        assert found["level"] == "MANAGE"
        assert not found["has_policy"]
        assert all(one["move"] and one["approve"] for one in found["targets"].values())


def test_who_held_it_is_answered(ask: Ask, shop: Store) -> None:  # N7
    shop.registry.set_alias("prod.m", "champion", 2)
    asked = ("GET", f"{OURS}registry/holder")

    assert ask(ENGINEER, *asked, name="prod.m", alias="@champion")["versions"] == [2]
    assert ask(ENGINEER, *asked, name="prod.m", alias="champion", at_ms=1)["versions"] == []
    assert ask(ENGINEER, *asked, name="prod.m", stage="none")["versions"] == [1, 2]
    refused(ask, OUTSIDER, *asked, name="prod.m", alias="champion")


def test_a_search_of_many_stays_quick(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "many")
    for number in range(200):
        store.experiments.create(f"e{number}")
    rules = [{"match": f"e{number}*", "read": ["nobody"]} for number in (1, 2, 3)]
    store.policy = policy_from_data({"experiments": rules}, "policy")
    statements: list[str] = []
    store.db.conn.set_trace_callback(statements.append)
    endpoint, _ = find_endpoint("POST", f"{V2}runs/search")

    with acting_as(SCIENTIST):
        answer(store, endpoint, {"experiment_ids": [str(n) for n in range(200)]})

    store.db.conn.set_trace_callback(None)
    assert len([one for one in statements if "experiments" in one]) <= 2
    store.close()


def test_reading_the_registry_waits_for_no_writer(shop: Store, ask: Ask) -> None:
    other = Store.open(shop.home)
    with other.db.atomic():
        other.db.conn.execute("update registered_models set description = 'being written'")
        with shop.db.impatient():
            for path in ("registered-models/get", "databricks/registered-models/get"):
                ask(ENGINEER, "GET", V2 + path, name="prod.m")
            ask(ENGINEER, "GET", f"{V2}model-versions/search")
            ask(ENGINEER, "GET", f"{OURS}requests/search")
    other.close()
