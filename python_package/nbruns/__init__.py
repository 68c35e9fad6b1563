"""Experiment tracking, notebook revisions and a model registry inside JupyterLab.

Nothing is imported here but inside the hooks: a kernel that only loads the
magics, or a server that only looks the extension up, pays for nothing else.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

# The public Python API: where each name lives, loaded when it is first asked for.
_PUBLIC = {
    "RunPanel": "nbruns.cell_panel",
    "activity": "nbruns.registry",
    "approve": "nbruns.registry",
    "cancel": "nbruns.registry",
    "charts": "nbruns.charts",
    "compare": "nbruns.library",
    "executed": "nbruns.library",
    "holder": "nbruns.registry",
    "move": "nbruns.registry",
    "registry": "nbruns.registry",
    "reject": "nbruns.registry",
    "remove": "nbruns.registry",
    "request_transition": "nbruns.registry",
    "requests": "nbruns.registry",
    "revisions": "nbruns.revisions",
    "score": "nbruns.scoring.calling",
}


def __getattr__(name: str) -> Any:
    """Load a part of the public API; a part that is a module is the module itself."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'nbruns' has no attribute '{name}'")
    from importlib import import_module

    module = import_module(_PUBLIC[name])
    return module if module.__name__ == f"nbruns.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built browser extension lies."""
    return [{"src": "labextension", "dest": "nbruns"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter Server which application to load."""
    from nbruns.server.app import NbrunsApp

    return [{"module": "nbruns", "app": NbrunsApp}]
