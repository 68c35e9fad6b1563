"""Boosted trees are recorded though the notebook imports nothing of ours or MLflow's."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest
from notebook_kernel import NotebookKernel

DATA = """
import numpy as np
X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)
"""
# As a user of each meets it: by way of scikit-learn's kind of estimators.
FITS = {
    "xgboost": "from xgboost import XGBClassifier as Trees\nmore = {}",
    "lightgbm": "from lightgbm import LGBMClassifier as Trees\nmore = {'verbose': -1}",
}
FIT = """
Trees(n_estimators=3, learning_rate=0.5, **more).fit(X, y)
import mlflow; mlflow.log_metric('by hand', 1)
"""


# F45 F48
@pytest.mark.parametrize("library", sorted(FITS))
def test_a_fit_is_one_run(new_kernel: Callable[..., NotebookKernel], library: str) -> None:
    if find_spec(library) is None:
        pytest.skip(f"{library} is not always there")
    kernel = new_kernel()
    kernel.run(DATA, cell="data")

    reply = kernel.run(FITS[library] + FIT, cell="fit")

    (run,) = kernel.runs()
    assert reply.error == ""
    assert reply.stdout == "nbruns: fits are recorded as runs (%autolog off to stop)\n"
    assert reply.stderr == ""
    assert run.status == "FINISHED"
    assert run.params["learning_rate"] == "0.5"
    assert "by hand" in {point.key for point in run.metrics}
    assert run.dataset_inputs
    assert run.model_outputs
    assert kernel.revision(run) is not None
