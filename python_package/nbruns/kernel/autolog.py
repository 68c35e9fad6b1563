"""Autologging without being asked: MLflow's autologger of a library, when the library is used.

MLflow costs 0.8 s to import. scikit-learn is imported by many notebooks that fit nothing
(and by other libraries), so its autologger waits for the first `fit`; the others are
imported to train with, and are followed at the end of their import.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from nbruns.kernel.faults import harmless, tell
from nbruns.kernel.imports import AfterImport

# The module whose import shows that a library is used → MLflow's module and name for it.
LIBRARIES = {
    "xgboost": ("mlflow.xgboost", "xgboost"),
    "lightgbm": ("mlflow.lightgbm", "lightgbm"),
    "keras": ("mlflow.keras", "keras"),
    "tensorflow": ("mlflow.tensorflow", "tensorflow"),
    "lightning": ("mlflow.pytorch", "pytorch"),
    "pytorch_lightning": ("mlflow.pytorch", "pytorch"),
}
SKLEARN = ("mlflow.sklearn", "sklearn")
# Of a search MLflow keeps the best five combinations unless told otherwise: here, all of them.
_OPTIONS: dict[str, dict[str, Any]] = {"sklearn": {"max_tuning_runs": None}}
_OFF_WORDS = ("off", "0", "false", "no")


class Autolog:
    """The switch of this kernel."""

    def __init__(self, imports: AfterImport) -> None:
        self.imports = imports
        self.is_on = os.environ.get("NBRUNS_AUTOLOG", "on").lower() not in _OFF_WORDS
        # What needs no further look: enabled, left to the user's own choice, or failed.
        self._settled: set[str] = set()
        self._enabled: dict[str, str] = {}
        self._has_told = False

    def follow_imports(self) -> None:
        """Wait for the libraries; those imported already are followed at once."""
        self.imports.call("sklearn.base", self._await_fit)
        self.imports.call("sklearn.experimental.enable_halving_search_cv", self._enable_again)
        self.imports.call("mlflow.sklearn.utils", _mend_utils)
        self.imports.call("mlflow.sklearn", _mend_flavor)
        self.imports.call("mlflow.models", _keep_requirements)
        for name in LIBRARIES:
            self.imports.call(name, self._imported)

    def switch(self, is_on: bool) -> None:
        """Turn it on or off, for what was imported before too."""
        self.is_on = is_on
        self._settled.clear()
        if not is_on:
            for module in self._enabled.values():
                sys.modules[module].autolog(disable=True, silent=True)
            return
        for name in LIBRARIES:
            if name in sys.modules:
                self._imported(sys.modules[name])

    def enable(self, module: str, library: str) -> None:
        """Load MLflow's autologger of a library, unless the user configured it otherwise."""
        if not self.is_on or library in self._settled:
            return
        self._settled.add(library)
        with harmless(f"turn on autologging for {library}"):
            if library not in self._enabled and _is_chosen(library):
                return
            # Signatures, datasets and models are logged unless one says otherwise.
            options = _OPTIONS.get(library, {})
            importlib.import_module(module).autolog(silent=True, exclusive=False, **options)
            self._enabled[library] = module
            self._tell_once()

    def _enable_again(self, _: ModuleType) -> None:
        """Have the autologger find estimators that are there since it was enabled."""
        if "sklearn" in self._enabled:
            self._settled.discard("sklearn")
            self.enable(*SKLEARN)

    def _imported(self, found: ModuleType) -> None:
        autologger = _autologger_of(found)
        if autologger is not None:
            self.enable(*autologger)

    def _tell_once(self) -> None:
        if not self._has_told:
            self._has_told = True
            tell("fits are recorded as runs (%autolog off to stop)")

    def _await_fit(self, base: ModuleType) -> None:
        """Enable scikit-learn's autologger in its first `fit`, which is then called anew.

        Every estimator's `fit` is made by this decorator, since scikit-learn 1.3; before,
        the autologger is enabled at once.
        """
        decorator = getattr(base, "_fit_context", None)
        if decorator is None:
            self.enable(*SKLEARN)
            return

        @functools.wraps(decorator)
        def fit_context(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
            decorate = decorator(*args, **kwargs)
            return lambda method: self._enabling_first(decorate(method))

        base._fit_context = fit_context  # type: ignore[attr-defined]

    def _enabling_first(self, fit: Any) -> Any:
        @functools.wraps(fit)
        def enabling(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if self.is_on and "sklearn" not in self._settled:
                patched = self._patched(type(estimator), fit.__name__, enabling)
                if patched is not None:
                    return patched(estimator, *args, **kwargs)
            return fit(estimator, *args, **kwargs)

        return enabling

    def _patched(self, kind: type, name: str, called: Any) -> Any:
        """The method as the autologger has made it; None when it left it alone."""
        # The autologger patches the class itself, also where its method is inherited. Where a
        # subclass has called up, its own `fit` is in the middle: only what it called is made anew.
        owner: type | None = kind
        if _method(kind, name) is not called:
            owner = next((one for one in kind.__mro__ if one.__dict__.get(name) is called), None)
        self.enable(*SKLEARN)
        patched = None if owner is None else _method(owner, name)
        return None if patched is called else patched


def _autologger_of(found: ModuleType) -> tuple[str, str] | None:
    """MLflow's module and name for a library; None where another one sees to it."""
    name, version = found.__name__, getattr(found, "__version__", "0")
    if name == "keras" and _numbers(version) < (3,):
        # It is TensorFlow's own, under another name.
        name = "tensorflow"
    elif name == "tensorflow" and _numbers(version) >= (2, 16) and not _is_legacy_keras():
        # Its models are those of Keras 3, and would be recorded twice.
        return None
    if name == "tensorflow" and find_spec("tensorboard") is None:
        # MLflow trains with a callback of TensorBoard's, which raises without it.
        return None
    return LIBRARIES[name]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())


def _is_legacy_keras() -> bool:
    return os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")


def _method(kind: type, name: str) -> Any:
    """What a class finds under a name, itself or inherited, as it was written down."""
    return next((one.__dict__[name] for one in kind.__mro__ if name in one.__dict__), None)


def _is_chosen(library: str) -> bool:
    """Whether the user has configured this autologger, on or off."""
    module = sys.modules.get("mlflow.utils.autologging_utils")
    return bool(module is not None and module.AUTOLOGGING_INTEGRATIONS.get(library))


def _mend_utils(utils: ModuleType) -> None:
    from nbruns.kernel.sklearn_mending import mend_utils

    mend_utils(utils)


def _mend_flavor(flavor: ModuleType) -> None:
    from nbruns.kernel.sklearn_mending import do_without_skops

    do_without_skops(flavor)


def _keep_requirements(models: ModuleType) -> None:
    from nbruns.kernel.requirements import Requirements

    Requirements().follow(models)
