"""Fits are recorded though the notebook imports nothing of ours or MLflow's."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from notebook_kernel import NotebookKernel

DATA = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True, as_frame=True)
"""
FIT = "model = LogisticRegression(max_iter=500).fit(X, y)"


@pytest.fixture(scope="module")
def fitted(kernel: NotebookKernel) -> NotebookKernel:
    kernel.run(DATA)
    kernel.first_fit = kernel.run(FIT)  # type: ignore[attr-defined]
    return kernel


def test_a_fit_is_a_run_with_all_that_belongs_to_it(fitted: NotebookKernel) -> None:  # F45 F46
    run = fitted.runs()[-1]

    assert run.status == "FINISHED"
    assert run.params["max_iter"] == "500"
    assert "training_accuracy_score" in {point.key for point in run.metrics}
    assert len(run.dataset_inputs) == 1
    assert len(run.model_outputs) == 1
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


def test_packages_are_inferred_once(fitted: NotebookKernel) -> None:
    fitted.run(
        "import subprocess; started = []; popen = subprocess.Popen\n"
        "def counted(*a, **k): started.append(a); return popen(*a, **k)\n"
        "subprocess.Popen = counted"
    )
    fitted.run(FIT)
    fitted.run("subprocess.Popen = popen")

    assert fitted.run("print(len(started))").stdout.strip() == "0"
    requirements = fitted.run(
        "print(mlflow.pyfunc.get_model_dependencies(mlflow.last_logged_model().model_uri))\n"
        "print(open(mlflow.pyfunc.get_model_dependencies(mlflow.last_logged_model().model_uri)).read())"
    )
    assert "scikit-learn==" in requirements.stdout


def test_off_is_off_and_on_is_on_again(fitted: NotebookKernel) -> None:
    before = len(fitted.runs())
    assert fitted.run("%autolog off").stdout == "Autologging is off\n"
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
