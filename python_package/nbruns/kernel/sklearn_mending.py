"""What MLflow's recording of scikit-learn does otherwise in a notebook.

Each function mends a module of MLflow's at the end of its import, and leaves one alone
that no longer has what it looks for.
"""

from __future__ import annotations

import functools
import sys
import warnings
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from nbruns.kernel.faults import tell


def mend_utils(utils: ModuleType) -> None:
    """Mend `mlflow.sklearn.utils`."""
    quieten(utils)
    know_all_searches(utils)


def know_all_searches(utils: ModuleType) -> None:
    """Have every search over parameters recorded as one, with a child per combination.

    MLflow 3.17 knows two of scikit-learn's four.
    """
    if not hasattr(utils, "_is_parameter_search_estimator"):
        return

    def is_search(estimator: Any) -> bool:
        searches = sys.modules.get("sklearn.model_selection._search")
        return searches is not None and isinstance(estimator, searches.BaseSearchCV)

    utils._is_parameter_search_estimator = is_search  # type: ignore[attr-defined]


def quieten(utils: ModuleType) -> None:
    """Keep warnings about MLflow's own calls of scikit-learn out of the user's cell.

    MLflow 3.17 calls log_loss of scikit-learn 1.9 by an argument's former name.
    """
    log = getattr(utils, "_log_estimator_content", None)
    if log is None:
        return

    @functools.wraps(log)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return log(*args, **kwargs)

    utils._log_estimator_content = quiet  # type: ignore[attr-defined]


def do_without_skops(flavor: ModuleType) -> None:
    """Where skops is missing, have `log_model` write what the autologger writes: cloudpickle.

    MLflow 3.17 writes skops unless told otherwise, and mlflow-skinny does not bring it: the
    cell would fail after the training.
    """
    choose = getattr(flavor, "_get_default_serialization_format", None)
    if choose is None:
        return

    @functools.wraps(choose)
    def chosen() -> Any:
        wanted = choose()
        if wanted != "skops" or find_spec("skops") is not None:
            return wanted
        tell("the model is kept with cloudpickle (pip install skops for MLflow's safer format)")
        return "cloudpickle"

    flavor._get_default_serialization_format = chosen  # type: ignore[attr-defined]
