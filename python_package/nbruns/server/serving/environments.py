"""Python environments of models' own, made once for each set of packages and kept.

They lie below the store's home, named after what is in them.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from nbruns.endpoints.model_files import ModelFiles
from nbruns.errors import InvalidState
from nbruns.identity import digest
from nbruns.server.child_environment import NOT_INHERITED, without_ways_in
from nbruns.server.serving.fit import SCORING
from nbruns.server.serving.log import Log

_WHOLE = "nbruns-complete"
_UNREACHED = re.compile(
    r"name resolution|connection|network|timed out|offline|dns error|no-index|index was not",
    re.IGNORECASE,
)

Doing = Callable[[str], None]


class Environments:
    """The environments below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._making: dict[str, asyncio.Lock] = {}

    async def python_for(self, files: ModelFiles, log: Log, doing: Doing) -> str:
        """The Python that has a model's packages; InvalidState where they cannot be installed."""
        wanted = packages(files)
        version = ".".join(files.python_version.split(".")[:2])
        name = digest("\n".join([version, sys.version, *sorted(wanted)]).encode())[:16]
        folder = self._folder / name
        async with self._making.setdefault(name, asyncio.Lock()):
            if not (folder / _WHOLE).exists():
                counted = "1 package" if len(wanted) == 1 else f"{len(wanted)} packages"
                doing(f"Installing {counted} into an environment of its own")
                await _Making(folder, log).run(version, wanted, files.folder)
            log.add(f"Using the environment {folder}")
        return str(python_in(folder))


def packages(files: ModelFiles) -> list[str]:
    """What a model asks for, and what serving it needs beside."""
    named = set()
    for line in files.requirements:
        try:
            named.add(canonicalize_name(Requirement(line).name))
        except InvalidRequirement:
            continue
    covered = named | ({"mlflow-skinny", "fastapi", "uvicorn"} if "mlflow" in named else set())
    return [*files.requirements, *(name for name in SCORING if name not in covered)]


def python_in(folder: Path) -> Path:
    """Where an environment has its Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


class _Making:
    """One environment being made."""

    def __init__(self, folder: Path, log: Log) -> None:
        self._folder = folder
        self._log = log
        self._said: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    async def run(self, version: str, wanted: Sequence[str], beside: Path) -> None:
        """Make it from nothing; what is left of a try that was broken off goes first."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv")
        try:
            await self._do(_new(uv, version, self._folder), beside)
            listed = self._folder / "requirements.txt"
            listed.write_text("\n".join([*wanted, ""]), "utf-8")
            await self._do(_install(uv, self._folder, listed), beside)
            (self._folder / _WHOLE).touch()
        except BaseException:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()
            raise

    async def _do(self, command: list[str], beside: Path) -> None:
        self._log.add(" ".join(command))
        code = await asyncio.to_thread(self._run, command, beside)
        if code != 0:
            raise InvalidState(self._failure())

    def _run(self, command: list[str], beside: Path) -> int:
        # Packages are built by code of their own.
        kept = {k: v for k, v in without_ways_in(os.environ).items() if k not in NOT_INHERITED}
        self._process = subprocess.Popen(
            command,
            # Requirements may name files of the model.
            cwd=beside,
            env=kept | {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._log.add(line, "install")
                self._said = [*self._said[-200:], line.strip()]
        return self._process.wait()

    def _failure(self) -> str:
        errors = [line for line in self._said if line.lower().lstrip("× ").startswith("error")]
        said = (errors or [line for line in self._said if line] or ["no reason was given"])[-1]
        why = ""
        if any(_UNREACHED.search(line) for line in self._said):
            why = ". The packages come from a package index, which this machine does not reach"
        return f"The model's environment could not be made: {said[:500]}{why}"


def _new(uv: str | None, version: str, folder: Path) -> list[str]:
    if uv is None:
        return [sys.executable, "-m", "venv", str(folder)]
    return [uv, "venv", "--quiet", "--python", version or sys.executable, str(folder)]


def _install(uv: str | None, folder: Path, listed: Path) -> list[str]:
    python = str(python_in(folder))
    if uv is None:
        return [python, "-m", "pip", "install", "--progress-bar=off", "-r", str(listed)]
    return [uv, "pip", "install", "--python", python, "-r", str(listed)]
