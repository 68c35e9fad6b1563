"""%run_register: a run's model becomes a version."""

from __future__ import annotations

import pytest
from notebook_kernel import NotebookKernel

from nbruns.records import ModelVersion
from nbruns.store import Store

LOG = (
    "import mlflow, sklearn.linear_model\n"
    "def log(*names):\n"
    "    model = sklearn.linear_model.LinearRegression().fit([[0], [1]], [0, 1])\n"
    "    for name in names:\n"
    "        mlflow.sklearn.log_model(model, name=name, pip_requirements=['scikit-learn'])\n"
)


@pytest.fixture(scope="module")
def trained(kernel: NotebookKernel) -> NotebookKernel:
    """A kernel whose notebook has runs with no, one and two models."""
    kernel.run("%autolog off")
    told = kernel.run(
        f"{LOG}%run_start single\nlog('forest')\n%run_start double\nlog('small', 'large')\n%run_end"
    )
    assert not told.error
    kernel.run("%run_start bare\n%run_end")
    return kernel


def version(kernel: NotebookKernel, name: str, number: int) -> ModelVersion:
    """A version of a registered model."""
    store = Store.open(kernel.home)
    try:
        return store.registry.get_version(name, number)
    finally:
        store.close()


# F108
def test_the_model_becomes_the_next_version(trained: NotebookKernel) -> None:
    first = trained.run("%run_register wood --run single --alias champion")
    second = trained.run("%run_register wood --run single --alias @champion")

    run_id = trained.named("single").run_id
    assert first.stderr + second.stderr == ""
    assert first.plain == (
        f"Registered wood version 1 @champion: model 'forest' of run 'single' ({run_id})\n"
    )
    assert "version 2" in second.plain
    made = version(trained, "wood", 2)
    assert (made.run_id, made.aliases) == (run_id, ("champion",))
    loaded = "mlflow.pyfunc.load_model('models:/wood@champion').predict([[3]])[0].round(2)"
    assert trained.run(f"print({loaded})").stdout == "3.0\n"


def test_without_words_it_is_the_active_run_under_the_notebook_s_name(
    trained: NotebookKernel,
) -> None:
    trained.run("%run_start latest\nlog('only')")
    told = trained.run("%run_register")
    trained.run("%run_end")

    assert told.plain.startswith("Registered churn version 1: model 'only' of run 'latest'")


@pytest.mark.parametrize("by", ["name", "id"])
def test_one_of_several_is_chosen(trained: NotebookKernel, by: str) -> None:
    refused = trained.run("%run_register trees --run double").stderr
    assert "has 2 models: 'small' (m-" in refused
    assert "choose one with --model" in refused

    chosen = "large" if by == "name" else refused.partition("'large' (")[2].partition(")")[0]
    told = trained.run(f"%run_register trees --run double --model {chosen}")
    assert "model 'large' of run 'double'" in told.plain


def test_tab_offers_the_models_of_the_run(trained: NotebookKernel) -> None:
    found = trained.completions("%run_register trees --run double --model ")

    assert found == [f"%run_register trees --run double --model {n}" for n in ("small", "large")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "%run_register m --run bare",
            "run 'bare' has logged no model; log one in the run: mlflow.",
        ),
        ("%run_register m --run bare", "The newest run with a model is"),
        ("%run_register m --run double --model huge", "has no model 'huge'; it has 'small'"),
        ("%run_register m --run nobody", "has no run 'nobody'"),
        ("%run_register a/b --run single", "cannot contain '/'"),
        ("%run_register m --run single --alias v3", "'v3' already means a version"),
        ("%run_register two words", "unrecognized arguments: words"),
    ],
)
def test_what_cannot_be_registered_says_why(trained: NotebookKernel, line: str, words: str) -> None:
    told = trained.run(line)

    assert words in told.stderr
    assert told.stderr.count("\n") == 1
    assert not told.error
