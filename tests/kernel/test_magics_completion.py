"""Tab after the notebook's commands, over a kernel's own completion messages."""

from __future__ import annotations

import pytest
from notebook_kernel import NotebookKernel

from nbruns.magics.completion import offer_for


@pytest.fixture(scope="module")
def known(kernel: NotebookKernel) -> NotebookKernel:
    """A kernel whose notebook has runs, and whose registry has a model."""
    kernel.run("depth = 3")
    kernel.run("%run_start 'less depth' --tag team=blue")
    kernel.run("%run_params max_depth=3 kind=forest\n%run_metrics acc=0.9 val_acc=0.8")
    kernel.run("%run_end\n%run_start deep\n%run_params max_depth=9\n%run_end --status FAILED")
    kernel.run(
        "from mlflow import MlflowClient\nclient = MlflowClient()\n"
        "client.create_registered_model('churn')\nclient.create_registered_model('tumour')\n"
        "client.create_model_version('churn', 'file:///nowhere')\n"
        "client.set_registered_model_alias('churn', 'champion', '1')"
    )
    return kernel


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("%run_st", ["%run_start"]),
        ("%%tra", ["%%tracked"]),
        ("%run_start --", ["--tag", "--nested", "--description", "--resume"]),
        ("%run_start name --ne", ["%run_start name --nested"]),
        ("%run_start --nested --tag a=b --", ["--tag", "--description", "--resume"]),
        ("%%tracked --", ["--tag", "--nested", "--description"]),
        ("%run_start --tag ", ["%run_start --tag team="]),
        ("%run_start --resume ", ["deep", '"less depth"']),
        ("%run_start --resume le", ['%run_start --resume "less depth"']),
        ("%run_start --resume 'le", ["%run_start --resume 'less depth'"]),
        ("%run_end ", ["%run_end --status"]),
        ("%run_end --status ", ["FINISHED", "FAILED", "KILLED"]),
        ("%run_end --status fa", ["%run_end --status FAILED"]),
        ("%run_end --status=K", ["%run_end --status=KILLED"]),
        ("x = 1\nif x:\n    %run_end --st", ["x = 1\nif x:\n    %run_end --status"]),
        ("%run_params ", ["max_depth=", "kind="]),
        ("%run_params kind=forest m", ["%run_params kind=forest max_depth="]),
        ("%run_metrics ", ["acc=", "val_acc="]),
        ("%run_metrics acc=1 ", ["val_acc="]),
        ("%run_metrics acc=1 --", ["--step"]),
        ("%autolog ", ["on", "off"]),
        ("%autolog of", ["%autolog off"]),
        ("%runs metrics.v", ["%runs metrics.val_acc"]),
        ("%runs metrics.acc > 0.5 and params.m", ["%runs metrics.acc > 0.5 and params.max_depth"]),
        ("%runs params.max_depth = ", ["'9'", "'3'"]),
        ("%runs params.max_depth = '3", ["%runs params.max_depth = '3'"]),
        ("%runs status = 'F", ["'FINISHED'", "'FAILED'"]),
        ("%runs tags.te", ["%runs tags.team"]),
        ("%run_register ", ["churn", "tumour"]),
        ("%run_register tu", ["%run_register tumour"]),
        ("%run_register churn --alias ", ["%run_register churn --alias champion"]),
        ("%run_register churn --run d", ["%run_register churn --run deep"]),
    ],
)
def test_tab_offers(known: NotebookKernel, typed: str, completed: list[str]) -> None:
    found = known.completions(typed)

    # Short answers stand for what they add after the last space.
    assert found == [
        text
        if text.startswith(typed.split(maxsplit=1)[0])
        else typed[: typed.rfind(" ") + 1] + text
        for text in completed
    ]


def test_names_of_the_user_s_are_left_to_ipython(known: NotebookKernel) -> None:
    assert "%run_params a={depth" in known.completions("%run_params a={dep")


def test_other_lines_are_left_to_ipython(known: NotebookKernel) -> None:
    assert "depth" in known.completions("dep")
    assert "%timeit" in known.completions("%time")


@pytest.mark.parametrize(
    "line", ["", "runs", "%time x", "# %runs x", "x %run_end --", "%run_start"]
)
def test_it_offers_for_its_own_commands_only(line: str) -> None:
    assert offer_for(line) is None
