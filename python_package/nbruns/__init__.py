"""Experiment tracking, notebook revisions and a model registry inside JupyterLab.

Nothing is imported here but inside the hooks: a kernel that only loads the
magics, or a server that only looks the extension up, pays for nothing else.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built browser extension lies."""
    return [{"src": "labextension", "dest": "nbruns"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter Server which application to load."""
    from nbruns.server.app import NbrunsApp

    return [{"module": "nbruns", "app": NbrunsApp}]
