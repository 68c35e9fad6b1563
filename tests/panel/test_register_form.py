"""The form that registers a model: what it proposes, refuses and asks for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from nbruns.panel.registry import (
    RegisterForm,
    Request,
    alias_trouble,
    models_of_old_clients,
    name_trouble,
    proposed_name,
    source_of,
)
from nbruns.records import LoggedModel, ModelVersion, RegisteredModel, Run

MakeRun = Callable[..., Run]
Say = Callable[..., None]


def logged(model_id: str, created_ms: int = 1) -> LoggedModel:
    uri = f"mlflow-artifacts:/1/models/{model_id}/artifacts"
    return LoggedModel(model_id, "1", "model", uri, "READY", created_ms, created_ms)


def registered(name: str, newest: int, **aliases: int) -> RegisteredModel:
    version = ModelVersion(name, newest, created_ms=1, updated_ms=1)
    return RegisteredModel(name, 1, 1, aliases=aliases, latest_versions=(version,))


@pytest.fixture
def asked() -> list[Request]:
    return []


@pytest.fixture
def form(asked: list[Request]) -> RegisterForm:
    return RegisterForm(
        on_submit=asked.append,
        on_cancel=lambda: None,
        on_look=lambda name, alias: None,
        on_go=lambda place: None,
    )


@pytest.fixture
def ada(make_run: MakeRun) -> Run:
    return make_run("a", tags={"mlflow.source.name": "work/churn.ipynb"})


def test_the_notebook_s_name_is_proposed(ada: Run) -> None:
    assert proposed_name(ada, []) == "churn"


def test_the_only_name_there_is_is_proposed(ada: Run) -> None:
    assert proposed_name(ada, [registered("attrition", 2)]) == "attrition"


def test_the_name_this_notebook_s_last_version_got_is_proposed(ada: Run) -> None:
    names = [registered("churn", 2), registered("prod.risk.attrition", 4)]
    earlier = [
        ModelVersion("churn", 2, created_ms=5, updated_ms=5),
        ModelVersion("prod.risk.attrition", 4, created_ms=9, updated_ms=9),
    ]

    assert proposed_name(ada, names, earlier) == "prod.risk.attrition"


@pytest.mark.parametrize(
    ("names", "proposed"),
    [
        (["prod.risk.churn", "other"], "prod.risk.churn"),
        (["prod.churn", "other"], "prod.churn"),
        (["a.b.churn", "c.d.churn"], "churn"),
        (["a.b.churn", "churn"], "churn"),
    ],
)
def test_a_longer_name_that_ends_like_the_notebook_is_proposed(
    ada: Run, names: list[str], proposed: str
) -> None:
    assert proposed_name(ada, [registered(name, 1) for name in names]) == proposed


def test_names_come_with_their_next_version_and_aliases(form: RegisterForm, ada: Run) -> None:
    form.ask(ada, [logged("m-1")], [registered("churn", 3, champion=2)], "churn")

    assert form.form["names"] == [{"name": "churn", "next": 4, "aliases": {"champion": 2}}]


def test_a_submitted_form_asks_for_the_newest_model(
    form: RegisterForm, ada: Run, asked: list[Request], say: Say
) -> None:
    form.ask(ada, [logged("m-1", 1), logged("m-2", 2)], [], "churn")
    chosen = form.form["models"][0]["id"]
    say(form, type="submit", name="churn", alias="champion", model=chosen)

    (request,) = asked
    assert (request.name, request.alias) == ("churn", "champion")
    assert source_of(request) == "models:/m-2"


@pytest.mark.parametrize(
    ("name", "alias", "field"),
    [
        ("", "", "name"),
        ("a/b", "", "name"),
        ("a:b", "", "name"),
        ("churn", "has space", "alias"),
        ("churn", "latest", "alias"),
        ("churn", "v3", "alias"),
    ],
)
def test_what_the_registry_would_refuse_is_said_under_its_field(
    *,
    form: RegisterForm,
    ada: Run,
    asked: list[Request],
    say: Say,
    name: str,
    alias: str,
    field: str,
) -> None:
    form.ask(ada, [logged("m-1")], [], "churn")
    say(form, type="submit", name=name, alias=alias, model="")

    assert asked == []
    assert list(form.form["errors"]) == [field]


@pytest.mark.parametrize(
    "text",
    ["churn", "a.b.c", "my model", "a/b", "a:b", "", "churn_2-x", "é", "latest", "v1", "champion"],
)
def test_the_form_refuses_nothing_the_registry_takes(text: str) -> None:
    from nbruns.errors import InvalidValue
    from nbruns.store.registry_rules import check_model_name, check_new_alias

    def refused(check: Any) -> bool:
        try:
            check(text)
        except InvalidValue:
            return True
        return False

    assert bool(name_trouble(text)) <= refused(check_model_name)
    assert bool(alias_trouble(text)) == refused(check_new_alias)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ([["", "lost"]], "'lost' has no key"),
        ([["k" * 300, "v"]], "250"),
        ([["two", "v" * 200_000]], "100000"),
    ],
)
def test_a_tag_the_registry_would_refuse_is_said_before_anything_is_made(
    *, form: RegisterForm, ada: Run, asked: list[Request], say: Say, tags: list[Any], words: str
) -> None:
    form.ask(ada, [logged("m-1")], [], "churn")
    say(form, type="submit", name="churn", alias="", model="", tags=tags)

    assert asked == []
    assert words in form.form["errors"]["tags"]


def test_what_is_folded_under_more_is_submitted_too(
    form: RegisterForm, ada: Run, asked: list[Request], say: Say
) -> None:
    form.ask(ada, [logged("m-1")], [], "churn")
    more = {"description": " *good* ", "tags": [["a", "b=c"]], "comment": "why", "asks": True}
    say(form, type="submit", name="churn", alias="@x", model="", **more)

    (request,) = asked
    assert (request.alias, request.description, request.tags) == ("x", "*good*", {"a": "b=c"})
    assert (request.asks, request.comment) == (True, "why")


def test_a_run_without_a_model_is_told_how_to_log_one(form: RegisterForm, ada: Run) -> None:
    form.ask(ada, [], [], "churn")

    assert form.form["stage"] == "no-model"
    assert "log_model" in form.form["code"]


def test_the_result_says_how_to_load_it(form: RegisterForm, ada: Run) -> None:
    form.ask(ada, [logged("m-1")], [], "churn")
    form.report(ModelVersion("churn", 3, created_ms=1, updated_ms=1), "champion")

    assert form.form["result"]["text"] == "Registered as churn version 3 @champion"
    assert form.form["result"]["place"] == "models/churn/3"
    assert form.form["result"]["code"] == 'mlflow.pyfunc.load_model("models:/churn@champion")'


def test_models_of_older_clients_are_found_in_the_run_s_tag(make_run: MakeRun) -> None:
    history = json.dumps([{"artifact_path": "model", "run_id": "a"}])
    (model,) = models_of_old_clients(make_run("a", tags={"mlflow.log-model.history": history}))

    assert (model.name, model.artifact_uri) == ("model", "runs:/a/model")
    for text in ("oops", "5", '["model"]', '{"artifact_path": "m"}'):
        assert models_of_old_clients(make_run("b", tags={"mlflow.log-model.history": text})) == []
