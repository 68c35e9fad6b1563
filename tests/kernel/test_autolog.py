"""Fits are recorded though the notebook imports nothing of ours or MLflow's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_kernel import NotebookKernel

from nbruns.records import Run

DATA = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True, as_frame=True)
"""
FIT = "model = LogisticRegression(max_iter=500).fit(X, y)"


def value_of(run: Run, key: str) -> float:
    return next(point.value for point in run.metrics if point.key == key)


@pytest.fixture(scope="module")
def fitted(kernel: NotebookKernel) -> NotebookKernel:
    kernel.run(DATA)
    kernel.first_fit = kernel.run(FIT)  # type: ignore[attr-defined]
    kernel.run("import mlflow")
    return kernel


def test_a_fit_is_a_run_with_all_that_belongs_to_it(fitted: NotebookKernel) -> None:  # F45 F46
    run = fitted.runs()[-1]

    assert run.status == "FINISHED"
    assert run.params["max_iter"] == "500"
    assert "training_accuracy_score" in {point.key for point in run.metrics}
    assert len(run.dataset_inputs) == 1
    assert len(run.model_outputs) == 1
    artifacts = Path(run.artifact_uri.removeprefix("file://"))
    assert {"estimator.html", "training_confusion_matrix.png"} <= {
        file.name for file in artifacts.iterdir()
    }
    shown = fitted.run(
        "import mlflow\n"
        f"found = mlflow.get_logged_model('{run.model_outputs[0].model_id}')\n"
        "info = mlflow.models.get_model_info(found.model_uri)\n"
        "import json; print(json.dumps(info.signature.to_dict()))"
    )
    assert "sepal length (cm)" in json.loads(shown.stdout)["inputs"]


def test_a_fit_prints_one_line_the_first_time(fitted: NotebookKernel) -> None:
    first = fitted.first_fit  # type: ignore[attr-defined]
    assert first.stdout == "nbruns: fits are recorded as runs (%autolog off to stop)\n"
    assert first.stderr == ""

    again = fitted.run(FIT)
    assert (again.stdout, again.stderr) == ("", "")


def test_manual_calls_join_the_run(fitted: NotebookKernel) -> None:  # F47
    fitted.run(
        "import mlflow\nwith mlflow.start_run(run_name='joined'):\n"
        f"    {FIT}\n    mlflow.log_metric('own', 1)"
    )

    run = fitted.runs()[0]
    assert run.name == "joined"
    assert {"own", "training_accuracy_score"} <= {point.key for point in run.metrics}


def test_a_call_after_the_fit_joins_its_run(fitted: NotebookKernel) -> None:  # F47
    before = len(fitted.runs())
    reply = fitted.run(
        f"{FIT}\nmodel.score(X, y)\n"
        "mlflow.log_metric('own', 1)\nmlflow.set_tag('team', 'blue')\nmlflow.log_text('x', 'x.txt')"
    )
    fitted.run("mlflow.log_metric('of another cell', 1)\nmlflow.end_run()")

    other, run = fitted.runs()[:2]
    assert (reply.stdout, reply.stderr, reply.error) == ("", "", "")
    assert len(fitted.runs()) == before + 2
    assert {"own", "training_accuracy_score", "LogisticRegression_score_X"} <= {
        point.key for point in run.metrics
    }
    assert (run.status, run.tags["team"]) == ("FINISHED", "blue")
    assert "nbruns.changed_after_end" not in run.tags
    assert [point.key for point in other.metrics] == ["of another cell"]


def test_each_fit_of_a_cell_has_its_own_run_and_calls(fitted: NotebookKernel) -> None:  # F47
    fitted.run(
        "for C in (0.5, 2.0):\n"
        "    LogisticRegression(max_iter=500, C=C).fit(X, y)\n"
        "    mlflow.log_metric('own', C)\n"
        "with mlflow.start_run(run_name='explicit'): mlflow.log_metric('other', 1)"
    )

    explicit, second, first = fitted.runs()[:3]
    assert [(run.params["C"], value_of(run, "own")) for run in (first, second)] == [
        ("0.5", 0.5),
        ("2.0", 2.0),
    ]
    assert {run.status for run in (explicit, second, first)} == {"FINISHED"}
    assert (explicit.name, [point.key for point in explicit.metrics]) == ("explicit", ["other"])


def test_a_cell_that_raises_after_a_joined_fit_fails_its_run(fitted: NotebookKernel) -> None:
    fitted.run(f"{FIT}\nmlflow.log_metric('own', 1)\n1 / 0")
    fitted.run(f"{FIT}\n1 / 0")

    alone, joined = fitted.runs()[:2]
    assert (joined.status, alone.status) == ("FAILED", "FINISHED")
    assert joined.tags["nbruns.end_reason"].startswith("ZeroDivisionError")


SEARCHES = {
    "GridSearchCV": "GridSearchCV(pipeline, {'clf__C': [0.1, 0.3, 1, 3, 10, 30]}, cv=2)",
    "RandomizedSearchCV": "RandomizedSearchCV(pipeline, {'clf__C': [0.1, 0.3, 1, 3, 10, 30]}, "
    "n_iter=6, cv=2)",
    "HalvingGridSearchCV": "HalvingGridSearchCV(pipeline, {'clf__C': [0.1, 1, 10]}, cv=2, "
    "min_resources=75, factor=2)",
}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_is_a_parent_with_a_child_per_combination(
    fitted: NotebookKernel, search: str
) -> None:  # F38 F39
    fitted.run(
        "from sklearn.experimental import enable_halving_search_cv\n"
        "from sklearn.model_selection import *\nfrom sklearn.pipeline import Pipeline\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "pipeline = Pipeline([('scale', StandardScaler()), ('clf', LogisticRegression())])"
    )
    reply = fitted.run(
        f"found = {SEARCHES[search]}.fit(X, y)\n"
        "print(len(found.cv_results_['params']), found.best_params_['clf__C'])"
    )
    assert (reply.stderr, reply.error) == ("", "")
    count, best = reply.stdout.split()

    runs = fitted.runs()
    children = [run for run in runs if "mlflow.parentRunId" in run.tags]
    newest = {run.tags["mlflow.parentRunId"] for run in children[: int(count)]}
    (parent_id,) = newest
    parent = next(run for run in runs if run.run_id == parent_id)
    assert len([c for c in children if c.tags["mlflow.parentRunId"] == parent_id]) == int(count)
    assert parent.params["best_clf__C"] == best
    assert value_of(parent, "best_cv_score") > 0.8
    assert len(parent.model_outputs) >= 1
    assert {child.status for child in children} == {"FINISHED"}
    assert all("clf__C" in child.params for child in children)
    assert all(value_of(child, "mean_test_score") > 0.5 for child in children)


def test_a_fault_in_the_middle_of_recording_leaves_the_fit_alone(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    kernel.run(f"{DATA}\n{FIT}")
    kernel.run(
        "import mlflow.sklearn.utils as u\n"
        "def broken(*_, **__): raise AttributeError('gone in this version')\n"
        "u._get_args_for_metrics = u._log_estimator_content = broken\n"
        "import mlflow.sklearn as s; s._log_estimator_content = broken\n"
        "from mlflow.utils.autologging_utils import MlflowAutologgingQueueingClient as c\n"
        "c.create_run = c.log_params = broken"
    )
    reply = kernel.run(
        "for _ in range(5): model = LogisticRegression(max_iter=500).fit(X, y)\n"
        "print(model.n_iter_.size)"
    )

    assert (reply.stdout, reply.error) == ("1\n", "")
    assert reply.stderr == "nbruns: could not record all of 'fit': gone in this version\n"
    assert "RUNNING" not in {run.status for run in kernel.runs()}


def test_packages_are_inferred_once(fitted: NotebookKernel) -> None:
    fitted.run(
        "import subprocess; started = []; popen = subprocess.Popen\n"
        "def counted(*a, **k): started.append(str(a)); return popen(*a, **k)\n"
        "subprocess.Popen = counted"
    )
    fitted.run(FIT)
    fitted.run("subprocess.Popen = popen")

    assert fitted.run("print([one for one in started if 'git' not in one])").stdout == "[]\n"
    requirements = fitted.run(
        "print(mlflow.pyfunc.get_model_dependencies(mlflow.last_logged_model().model_uri))\n"
        "print(open(mlflow.pyfunc.get_model_dependencies(mlflow.last_logged_model().model_uri)).read())"
    )
    assert "scikit-learn==" in requirements.stdout


def test_off_is_off_and_on_is_on_again(fitted: NotebookKernel) -> None:
    before = len(fitted.runs())
    assert "Autologging is off" in fitted.run("%autolog off").plain
    fitted.run(FIT)
    assert len(fitted.runs()) == before

    fitted.run("%autolog on")
    fitted.run(FIT)
    assert len(fitted.runs()) == before + 1


def test_the_environment_turns_it_off_and_mlflow_stays_out(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel(NBRUNS_AUTOLOG="off")
    kernel.run(DATA)
    reply = kernel.run(f"{FIT}\nimport sys; print('mlflow' in sys.modules)")

    assert (reply.stdout, reply.stderr) == ("False\n", "")
    assert not kernel.home.exists()


def test_importing_loads_no_mlflow_and_a_user_s_choice_is_kept(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    assert kernel.run(f"{DATA}\nimport sys; print('mlflow' in sys.modules)").stdout == "False\n"
    kernel.run("import mlflow; mlflow.sklearn.autolog(log_models=False, silent=True)")
    kernel.run(FIT)

    assert kernel.runs()[0].model_outputs == ()


def test_a_fault_of_the_autologger_leaves_the_fit_alone(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    kernel.run(DATA)
    kernel.run(
        "import mlflow.sklearn\ndef broken(**_): raise RuntimeError('unsupported version')\n"
        "mlflow.sklearn.autolog = broken"
    )
    reply = kernel.run(f"{FIT}\nprint(model.n_iter_.size)")

    assert (reply.stdout, reply.error) == ("1\n", "")
    assert (
        reply.stderr == "nbruns: could not turn on autologging for sklearn: unsupported version\n"
    )


def test_a_subclass_that_calls_up_is_fitted_once(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    kernel.run(DATA)
    reply = kernel.run(
        "class Mine(LogisticRegression):\n"
        "    def fit(self, X, y):\n"
        "        print('fitting')\n"
        "        return super().fit(X, y)\n"
        "Mine(max_iter=500).fit(X, y);"
    )

    assert (reply.stdout.splitlines()[0], reply.error) == ("fitting", "")
    assert [run.params["max_iter"] for run in kernel.runs()] == ["500"]


def test_a_first_fit_whose_method_is_inherited_is_recorded(
    new_kernel: Callable[..., NotebookKernel],
) -> None:
    kernel = new_kernel()
    kernel.run(DATA)
    kernel.run(
        "from sklearn.ensemble import RandomForestClassifier\n"
        "RandomForestClassifier(n_estimators=3).fit(X, y);"
    )

    assert [run.params["n_estimators"] for run in kernel.runs()] == ["3"]


def test_a_model_written_with_skops_is_asked_about_each_time(fitted: NotebookKernel) -> None:
    reply = fitted.run("mlflow.sklearn.log_model(model, name='m', serialization_format='skops');")

    assert "could not" not in reply.stderr


def test_without_skops_a_model_is_logged_all_the_same(fitted: NotebookKernel) -> None:
    reply = fitted.run(
        "import sys; sys.modules['skops'] = None\n"
        "kept = mlflow.sklearn.log_model(model, name='kept')\n"
        "del sys.modules['skops']\n"
        "print(mlflow.models.get_model_info(kept.model_uri).flavors['sklearn'])"
    )

    assert reply.error == ""
    assert "the model is kept with cloudpickle" in reply.stdout
    assert "'serialization_format': 'cloudpickle'" in reply.stdout
