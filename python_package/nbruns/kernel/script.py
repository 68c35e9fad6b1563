"""The script this process was started with, where it is the user's own."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

_PACKAGES = ("site-packages", "dist-packages")


def script_path() -> Path | None:
    """Where it lies; None at a prompt, for `python -c`, and for installed programs.

    A program that was installed (pytest, a worker of a library) is not what is tracked.
    """
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not isinstance(file, str):
        return None
    path = Path(file).absolute()
    # Programs read from standard input have a file named '<stdin>'.
    return path if path.is_file() and not _is_installed(path) else None


def _is_installed(path: Path) -> bool:
    folders = [sysconfig.get_path(name) for name in ("scripts", "stdlib")]
    # Of an environment, or the system's: where its interpreter lies.
    folders.append(str(Path(sys.executable).parent))
    return any(part in path.parts for part in _PACKAGES) or any(
        path.is_relative_to(folder) for folder in folders if folder
    )
