"""MLflow's inference of a model's packages, done once for models that need the same.

MLflow loads each model in a process of its own to see what it imports: 2.6 s of every
recorded fit. Models of one flavor whose pickles name the same packages need the same, so
the answer is kept. A pickle that carries functions by value is asked about every time:
what they import shows only when they run.
"""

from __future__ import annotations

import functools
import pickletools
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from nbruns.kernel.faults import harmless

_FLAVORS = ("sklearn", "xgboost", "lightgbm")
# Reading a pickle's opcodes takes a second per 100 MB of small objects.
_MOST_BYTES = 20_000_000

Key = tuple[str, frozenset[str]]


class Requirements:
    """The answers of this process."""

    def __init__(self) -> None:
        self._kept: dict[Key, list[str]] = {}

    def follow(self, models: ModuleType) -> None:
        """Wrap the function of `mlflow.models` that flavors ask."""
        infer = models.infer_pip_requirements

        @functools.wraps(infer)
        def inferred(model_uri: Any, flavor: Any, *args: Any, **kwargs: Any) -> Any:
            key = None
            with harmless("look up a model's packages"):
                key = _key(model_uri, flavor)
            if key is None:
                return infer(model_uri, flavor, *args, **kwargs)
            if key not in self._kept:
                self._kept[key] = infer(model_uri, flavor, *args, **kwargs)
            return list(self._kept[key])

        models.infer_pip_requirements = inferred  # type: ignore[attr-defined]


def _key(model_uri: Any, flavor: Any) -> Key | None:
    if flavor not in _FLAVORS:
        return None
    # scikit-learn's flavor names the file itself, others the model's folder.
    path = Path(str(model_uri))
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    if any(one.suffix == ".skops" for one in files):
        return None
    pickles = [one for one in files if one.suffix in (".pkl", ".pickle")]
    if sum(one.stat().st_size for one in pickles) > _MOST_BYTES:
        return None
    names = frozenset(name for one in pickles for name in packages_named(one.read_bytes()))
    return None if "cloudpickle" in names or "__main__" in names else (flavor, names)


def packages_named(data: bytes) -> set[str]:
    """The top-level packages of the classes and functions a pickle refers to.

    What was pickled in this process is imported in it: a text that is no module's name
    is no reference. A column that happens to have such a name adds one too many.
    """
    texts = {value for _, value, _ in pickletools.genops(data) if isinstance(value, str)}
    # Protocols before 4 write 'module name' as one text.
    modules = {word for text in texts for word in (text, text.partition(" ")[0])}
    return {name.partition(".")[0] for name in modules if name in sys.modules}
