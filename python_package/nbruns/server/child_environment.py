"""What of the server's environment a process is given that runs the code of models."""

from __future__ import annotations

from collections.abc import Mapping

# Of the server's own Python, and meant for no other.
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")

_WAYS_IN = (
    *("JUPYTER_TOKEN", "JPY_", "JUPYTERHUB_API_TOKEN", "NBRUNS_PANEL_TOKEN"),
    *("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"),
)


def without_ways_in(environment: Mapping[str, str]) -> dict[str, str]:
    """All but what signs in to this server, its hub or another one for tracking."""
    return {k: v for k, v in environment.items() if not k.startswith(_WAYS_IN)}
