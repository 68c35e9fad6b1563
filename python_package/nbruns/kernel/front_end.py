"""Which notebook this kernel was started for, as its front end left it in the process.

Asked where no server tells it: of VS Code, papermill, nbconvert, a kernel started by hand.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

_SESSION, _OUTER = "JPY_SESSION_NAME", "NBRUNS_OUTER_SESSION"
# Programs that execute notebooks, and whether they are given one and name it first.
_RUNNERS = {
    "papermill": True,
    "jupyter-execute": False,
    "jupyter-nbconvert": False,
    "nbconvert": False,
    "nbclient": False,
}


def own_session(environ: MutableMapping[str, str]) -> str:
    """The session's path, unless it was inherited from a kernel that started this one.

    From here on it is marked as inherited, for the processes this kernel starts.
    """
    named = environ.get(_SESSION, "")
    is_inherited = environ.get(_OUTER) == named
    if named:
        environ[_OUTER] = named
    return "" if is_inherited else named


def notebook_path(session_name: str) -> str | None:
    """The notebook's path, absolute; None where nothing tells it."""
    for named in (
        _user_variable("__vsc_ipynb_file__"),
        # Set as a parameter by papermill's --inject-paths.
        _user_variable("PAPERMILL_INPUT_PATH"),
        session_name,
    ):
        if named.endswith(".ipynb"):
            return os.path.abspath(named)
    return None if session_name else _run_by_parent()


def named_by(words: Sequence[str], folder: str) -> str | None:
    """The notebook that a command line executes; relative paths start from a folder."""
    programs = [Path(word).name.removesuffix(".exe").removesuffix(".py") for word in words[:4]]
    runner = next((one for one in programs if one in _RUNNERS), None)
    paths = [os.path.join(folder, word) for word in words if word.endswith(".ipynb")]
    if runner is None or not paths or (len(paths) > 1 and not _RUNNERS[runner]):
        return None
    return os.path.abspath(paths[0]) if os.path.isfile(paths[0]) else None


def _run_by_parent() -> str | None:
    import psutil

    try:
        parent = psutil.Process(os.getppid())
        return named_by(parent.cmdline(), parent.cwd())
    except (psutil.Error, OSError):
        return None


def _user_variable(name: str) -> str:
    shell = sys.modules.get("IPython.core.getipython")
    active = shell.get_ipython() if shell is not None else None
    return str(active.user_ns.get(name, "")) if active is not None else ""
