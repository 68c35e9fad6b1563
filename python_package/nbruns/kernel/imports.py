"""An import hook: calls a function at the end of the import of a module, and only then.

It costs an import of anything else one look into a dictionary.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from nbruns.kernel.faults import harmless

Then = Callable[[ModuleType], None]


class AfterImport:
    """A finder that finds nothing itself: it has the others find, and listens to the loader."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Then]] = {}

    def install(self) -> None:
        """Stand before the other finders."""
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stand there no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def call(self, name: str, then: Then) -> None:
        """Call `then(module)` after the import of `name`, at once if it is imported already."""
        module = sys.modules.get(name)
        if module is not None and not is_importing(name):
            _call(then, module)
        else:
            self._waiting.setdefault(name, []).append(then)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec the other finders give; its loader then calls what waits for the module."""
        if name not in self._waiting:
            return None
        spec = _found_by_others(self, name, path, target)
        if spec is not None and spec.loader is not None:
            with harmless(f"follow the import of {name}"):
                self._listen(spec, name)
        return spec

    def _listen(self, spec: ModuleSpec, name: str) -> None:
        loader = spec.loader
        assert loader is not None
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            for then in self._waiting.pop(name, ()):
                _call(then, module)

        # On the instance: the loader stays the one that resources and tracebacks ask.
        loader.exec_module = exec_module  # type: ignore[method-assign]


def is_importing(name: str) -> bool:
    """Whether the import of a module has begun and not ended."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _found_by_others(
    ours: AfterImport, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if finder is ours or find is None:
            continue
        spec: ModuleSpec | None = find(name, path, target)
        if spec is not None:
            return spec
    return None


def _call(then: Then, module: ModuleType) -> None:
    with harmless(f"follow the import of {module.__name__}"):
        then(module)
