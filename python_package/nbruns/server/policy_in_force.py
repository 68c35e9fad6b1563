"""The policy a server goes by, out of its configuration, and the file its kernels read it from."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbruns.errors import InvalidValue
from nbruns.permissions import Policy
from nbruns.server.watched_file import WatchedFile

CONFIG_NAME = "c.NbrunsApp.policy"
_SETTLE_S = 0.5


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy, and where it is written for kernels to read; nothing where none is set."""

    policy: Policy | None = None
    file: Path | None = None
    watched: WatchedFile[Policy] | None = None


def read_policy(
    found: Mapping[str, Any], file: str, runtime_folder: Path, log: logging.Logger
) -> InForce:
    """The policy of the configuration, as data or in a file; InvalidValue for a wrong one."""
    if not found and not file:
        return InForce()
    if found and file:
        raise InvalidValue(
            f"{CONFIG_NAME} and policy_file are both set ('{file}'): keep one of the two"
        )
    from nbruns.endpoints.policy import policy_from_data

    if file:
        path = Path(file).expanduser().absolute()
        watched = WatchedFile(path, filled_policy, log, _SETTLE_S)
        return InForce(watched.look(), path, watched)
    policy = policy_from_data(found, CONFIG_NAME)
    return InForce(policy, _written(found, runtime_folder))


def filled_policy(path: Path) -> Policy:
    """The policy of a file in which something stands; InvalidValue for an empty or a wrong one."""
    from nbruns.endpoints.policy import policy_from_file

    found = policy_from_file(path)
    lines = path.read_text("utf-8").splitlines()
    if all(not line.strip() or line.lstrip().startswith("#") for line in lines):
        # A disk that is full leaves it so, and an editor for a moment: that opens no doors.
        raise InvalidValue(
            f"The policy '{path}' is empty. Where everybody may do everything, write "
            "'default: MANAGE'"
        )
    return found


def configured_policy() -> Policy | None:
    """The policy a server started here would go by: Jupyter's configuration, the environment."""
    from jupyter_core.application import JupyterApp

    from nbruns.endpoints.guard import POLICY_VARIABLE
    from nbruns.endpoints.policy import policy_from_data, policy_from_file

    reader = JupyterApp()
    for name in ("jupyter_config", "jupyter_server_config", "jupyter_nbruns_config"):
        reader.config_file_name = name
        reader.load_config_file(suppress_errors=False)
    found = reader.config.get("NbrunsApp", {})
    file = str(found.get("policy_file", "") or os.environ.get(POLICY_VARIABLE, ""))
    if found.get("policy"):
        return policy_from_data(found["policy"], CONFIG_NAME)
    return policy_from_file(Path(file).expanduser()) if file else None


def _written(found: Mapping[str, Any], folder: Path) -> Path:
    path = folder / f"nbruns-policy-{os.getpid()}.json"
    path.write_text(json.dumps(found, indent=2, default=list), "utf-8")
    path.chmod(0o600)
    return path
