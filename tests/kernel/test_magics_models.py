"""The commands of the registry's rules: moves, requests, decisions, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_kernel import NotebookKernel
from team import MANAGER, POLICY, SCIENTIST

from nbruns.magics.commands import ModelMagics
from nbruns.magics.later import MODEL_COMMANDS
from nbruns.protocol.names import RUN_LINE_MIME

MAKE = (
    "import os\n"
    "from mlflow import MlflowClient\n"
    "client = MlflowClient()\n"
    "def make(name, count):\n"
    "    client.create_registered_model(name)\n"
    "    for _ in range(count):\n"
    "        client.create_model_version(name, 's3://x')\n"
    "def act_as(user):\n"
    "    os.environ['JUPYTERHUB_USER'] = user\n"
)


@pytest.fixture(scope="module")
def ruled(
    new_kernel: Callable[..., NotebookKernel], tmp_path_factory: pytest.TempPathFactory
) -> NotebookKernel:
    """A kernel of the scientist's, under the team's policy."""
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY)
    kernel = new_kernel(NBRUNS_POLICY=str(policy), JUPYTERHUB_USER=SCIENTIST)
    assert not kernel.run(f"%autolog off\n{MAKE}").error
    return kernel


def as_user(kernel: NotebookKernel, user: str, line: str) -> str:
    """What a command answers to somebody: a line, or why not."""
    told = kernel.run(f"act_as('{user}')\n{line}")
    assert not told.error
    return (told.plain or told.stderr).strip()


def test_every_command_is_known_before_it_is_loaded() -> None:
    assert set(MODEL_COMMANDS) == set(ModelMagics.magics["line"])


# F81 F82 F83
def test_who_may_moves(kernel: NotebookKernel) -> None:
    kernel.run(f"{MAKE}make('free', 2)")

    moved = kernel.run('%model_move free 2 --alias @champion --comment "two points better"')
    assert moved.plain == "free version 2 is @champion now\n"
    (shown,) = moved.shown
    assert shown[RUN_LINE_MIME]["pieces"][0] == {
        "kind": "place",
        "id": "models/free/2",
        "words": "free version 2",
    }
    kernel.run("%model_move free 1 --stage production")
    staged = kernel.run("%model_move free 2 --stage Production --archive")
    assert staged.plain == "free version 2 is in the stage Production now\n"
    wrong = kernel.run("%model_move free 1 --alias champion --remove")
    assert "version 1 of 'free' has not got @champion; version 2 has it" in wrong.stderr
    gone = kernel.run("%model_move free 2 --alias champion --remove --comment beaten")
    assert gone.plain == "free version 2 has lost @champion\n"

    log = kernel.run("%model_activity free 2").plain
    assert [line.split()[4] for line in log.splitlines() if "@champion" in line] == [
        "@champion",
        "@champion",
    ]
    assert "two points better" in log
    assert "beaten" in log
    held = kernel.run("print(client.get_model_version('free', '1').current_stage)")
    assert held.stdout.endswith("Archived\n")


# F84 F85 F86
def test_who_may_not_asks_and_somebody_else_decides(ruled: NotebookKernel) -> None:
    ruled.run("make('prod.net', 2)")
    refused = as_user(ruled, SCIENTIST, "%model_move prod.net 2 --alias champion")
    assert "%model_move: " in refused
    assert "request" in refused

    asked = as_user(
        ruled, SCIENTIST, "%model_request prod.net 2 --alias champion --comment 'so good'"
    )
    assert asked == "Request 1 waits for an answer: @champion for prod.net version 2"
    assert "own request" in as_user(ruled, SCIENTIST, "%model_approve 1")
    table = as_user(ruled, MANAGER, "%model_requests prod.net")
    assert table.splitlines()[1].split()[:5] == ["1", "prod.net", "2", "@champion", SCIENTIST]
    assert "so good" in table
    done = as_user(ruled, MANAGER, "%model_approve 1 --comment agreed")
    assert done == "Request 1 approved: prod.net version 2 is @champion now"

    away = as_user(ruled, SCIENTIST, "%model_request prod.net 2 --alias champion --remove")
    assert away == "Request 2 waits for an answer: prod.net version 2 is to lose @champion"
    assert as_user(ruled, MANAGER, "%model_reject 2 --comment no").startswith("Request 2 rejected")
    as_user(ruled, SCIENTIST, "%model_request prod.net 1 --stage Production")
    cancelled = as_user(ruled, SCIENTIST, "%model_cancel #3")
    assert cancelled == "Request 3 cancelled: Production for prod.net version 1"

    assert as_user(ruled, MANAGER, "%model_requests") == "No open requests"
    every = as_user(ruled, MANAGER, "%model_requests --all")
    assert [row.split()[0] for row in every.splitlines()[1:]] == ["3", "2", "1"]
    assert "agreed" in every


def test_registering_asks_for_an_alias_that_others_move(ruled: NotebookKernel) -> None:
    ruled.run(
        f"act_as('{SCIENTIST}')\nimport mlflow\n%run_start trained\n"
        "with open('weights', 'w') as file: file.write('1')\n"
        "class Twice(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, model_input: list[float]): return [2 * x for x in model_input]\n"
        "mlflow.pyfunc.log_model(name='twice', python_model=Twice(), pip_requirements=[])\n"
        "%run_end"
    )
    line = (
        "%run_register prod.twice --alias champion --comment better --tag a=b --description '*x*'"
    )
    told = ruled.run(line)

    assert told.plain.startswith(
        "Registered prod.twice version 1: model 'twice' of run 'trained'; request "
    )
    assert " asks for @champion" in told.plain
    made = ruled.run(
        "v = client.get_model_version('prod.twice', '1'); print(v.tags, v.description)"
    )
    assert made.stdout.endswith("{'a': 'b'} *x*\n")
    table = ruled.run("%model_requests prod.twice").plain
    assert "better" in table
    again = ruled.run("%run_register prod.twice --alias candidate --comment 'to try'")
    assert again.plain.startswith("Registered prod.twice version 2 @candidate: model 'twice'")
    assert "to try" in ruled.run("%model_activity prod.twice 2").plain


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%model_move free", "required: version"),
        ("%model_move free 1", "needs --alias or --stage"),
        ("%model_move free 1 --alias a --stage Staging", "one of the two"),
        ("%model_move free one --alias a", "'one' is no version"),
        ("%model_move free 1 --stage Prod", "'Prod'"),
        ("%model_move free 1 --alias v3", "'v3'"),
        ("%model_move free 99 --alias a", "99"),
        ("%model_move free 1 --stage Staging --remove", "--stage None"),
        ("%model_move free 1 --alias a --archive", "--archive is for stages"),
        ("%model_request nobody 1 --alias a", "nobody"),
        ("%model_approve seven", "'seven' is no request"),
        ("%model_approve 7000", "7000"),
        ("%model_activity free x", "'x' is no version"),
        ("%run_register free --tag oops", "needs key=value"),
    ],
)
def test_a_wrong_use_says_what_is_wrong(kernel: NotebookKernel, line: str, words: str) -> None:
    kernel.run(f"{MAKE}\ntry:\n    make('free', 2)\nexcept Exception: pass")
    told = kernel.run(line)

    assert words in told.stderr
    assert told.stderr.count("\n") == 1
    assert line.split(maxsplit=1)[0] in told.stderr


def test_nothing_to_show_says_so(kernel: NotebookKernel) -> None:
    assert kernel.run("%model_requests nothing").plain == "No open requests about 'nothing'\n"
    told = kernel.run("%model_activity nothing").plain
    assert told == "Nothing was done to 'nothing' yet\n"


def test_tab_knows_versions_aliases_stages_and_requests(ruled: NotebookKernel) -> None:
    ruled.run(
        f"act_as('{MANAGER}')\nmake('sandbox.tab', 3)\n"
        "client.set_registered_model_alias('sandbox.tab', 'best', 1)"
    )
    ruled.run("%model_request sandbox.tab 1 --stage Staging")

    assert "%model_move sandbox.tab" in ruled.completions("%model_move sandbox.t")
    assert ruled.completions("%model_move sandbox.tab ") == [
        f"%model_move sandbox.tab {number}" for number in (3, 2, 1)
    ]
    assert ruled.completions("%model_move sandbox.tab 3 --alias ")[0].endswith("--alias best")
    stages = ruled.completions("%model_request sandbox.tab 3 --stage ")
    assert [one.split()[-1] for one in stages] == ["None", "Staging", "Production", "Archived"]
    number = ruled.run("%model_requests sandbox.tab").plain.splitlines()[1].split()[0]
    assert f"%model_approve {number}" in ruled.completions("%model_approve ")


def test_a_registry_of_another_kind_is_named(
    new_kernel: Callable[..., NotebookKernel], tmp_path: Path
) -> None:
    kernel = new_kernel(MLFLOW_REGISTRY_URI=f"sqlite:///{tmp_path}/theirs.db")

    assert "is not one of nbruns" in kernel.run("%model_requests").stderr
