"""Artifacts that the disk cannot take: one line, and the cell goes on."""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from nbruns.kernel.faults import complain

# Calls whose answer nobody needs. `log_model` tells where the model is: it raises.
_CALLS = (
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_table",
    "log_text",
)
# Faults of the place. A file that is not there, or may not be read, is a mistake of the call.
_FAULTS = {
    getattr(errno, name, -1) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "ESTALE")
}


def follow(mlflow: ModuleType) -> None:
    """Wrap the calls of MLflow's client; called at the end of its import."""
    client = mlflow.MlflowClient
    for name in _CALLS:
        if hasattr(client, name):
            setattr(client, name, _forgiving(getattr(client, name)))


def _forgiving(log: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(log)
    def logged(*args: Any, **kwargs: Any) -> Any:
        try:
            return log(*args, **kwargs)
        except OSError as error:
            if error.errno not in _FAULTS:
                raise
            complain("keep the artifact", error)
            return None

    return logged
