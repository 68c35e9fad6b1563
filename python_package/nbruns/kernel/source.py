"""What a run's source is besides its notebook: repository, environment, kernel.

Loaded by the thread that gathers it, never by a cell.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbruns.kernel.git import Git, GitState
from nbruns.kernel.packages import Installed
from nbruns.kernel.session import kernel_name
from nbruns.protocol.names import (
    GIT_BRANCH_TAG,
    GIT_COMMIT_TAG,
    GIT_DIRTY_TAG,
    KERNEL_NAME_TAG,
    PYTHON_TAG,
)
from nbruns.records import Environment


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be kept of a run's source; `git_diff` is empty where nothing differs."""

    tags: Mapping[str, str]
    environment: Environment
    git_diff: bytes = b""


class Gatherer:
    """Of this process: remembers what need not be asked for every run."""

    def __init__(self) -> None:
        self.git = Git()
        self.installed = Installed()
        self.kernel_name = kernel_name()

    def gather(self, folder: Path | None) -> Source:
        """The source of a run that starts now, of code that lies in a folder."""
        state = self.git.state(folder) if folder is not None and folder.is_dir() else None
        environment = self.installed.environment()
        tags = {
            PYTHON_TAG: environment.python,
            KERNEL_NAME_TAG: self.kernel_name,
            **_git_tags(state),
        }
        kept = {key: value for key, value in tags.items() if value}
        return Source(kept, environment, b"" if state is None else state.diff)


def folder_of(script: str | None) -> Path | None:
    """Where the script lies that a process was started with; None where there is none.

    What was installed as a program (pytest, a worker of a library) is not the user's code.
    """
    if script is None:
        return None
    path = Path(script).absolute()
    return None if path.is_relative_to(sys.prefix) else path.parent


def _git_tags(state: GitState | None) -> dict[str, str]:
    if state is None:
        return {}
    return {
        GIT_COMMIT_TAG: state.commit or "",
        GIT_BRANCH_TAG: state.branch or "",
        GIT_DIRTY_TAG: "" if state.is_dirty is None else str(state.is_dirty).lower(),
    }
