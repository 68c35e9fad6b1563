"""The wheel, installed beside JupyterLab into an empty environment, needs no further command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

IN_A_KERNEL = """
import sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
client.execute_interactive(
    sys.argv[1],
    output_hook=lambda message: print(message["content"].get("text", ""), end=""),
    timeout=60,
)
client.stop_channels()
manager.shutdown_kernel(now=True)
"""

PLUGINS = """
import json
from importlib.metadata import entry_points

groups = ["tracking_store", "model_registry_store",
          "default_experiment_provider", "run_context_provider"]
found = {}
for group in groups:
    (point,) = [p for p in entry_points(group=f"mlflow.{group}") if p.name == "nbruns"]
    found[group] = callable(point.load())
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and folders of its own for everything Jupyter keeps."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"

    def variables(self) -> dict[str, str]:
        strange = ("JUPYTER", "IPYTHON", "PYTHON", "MLFLOW", "NBRUNS", "VIRTUAL_ENV")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(strange)}
        return kept | {
            "HOME": str(self.folder / "user"),
            "IPYTHONDIR": str(self.folder / "user" / ".ipython"),
            "NBRUNS_HOME": str(self.folder / "nbruns"),
        }

    def run(self, *arguments: str) -> str:
        """What a Python command of the environment prints, on either stream."""
        return said_by([str(self.python), *arguments], self.folder, self.variables())


def said_by(command: list[str], folder: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    # Jupyter colours its lists for anyone.
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


@pytest.fixture(scope="module")
def uv() -> str | None:
    """The faster installer, where there is one."""
    return shutil.which("uv", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, uv: str | None) -> Path:
    """What `python -m build` makes."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(PROJECT)]
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    said_by(command + (["--installer=uv"] if uv else []), PROJECT, {**os.environ, "PATH": path})
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(
    wheel: Path, uv: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    """An environment with JupyterLab and the wheel in it, and nothing else."""
    environment = Environment(tmp_path_factory.mktemp("empty"))
    (environment.folder / "user").mkdir()
    venv, python = str(environment.folder / "venv"), str(environment.python)
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, venv]
        install = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        make = [sys.executable, "-m", "venv", venv]
        install = [python, "-m", "pip", "install", "--quiet"]
    said_by(make, environment.folder, dict(os.environ))
    said_by([*install, "jupyterlab", str(wheel)], environment.folder, dict(os.environ))
    yield environment
    shutil.rmtree(environment.folder, ignore_errors=True)


def test_the_server_extension_is_enabled(environment: Environment) -> None:
    said = environment.run("-m", "jupyter", "server", "extension", "list")

    words = " ".join(said.split())
    assert re.search(r"nbruns enabled - Validating nbruns\.\.\. nbruns [\d.]+ OK", words)


def test_the_labextension_is_enabled(environment: Environment) -> None:
    said = environment.run("-m", "jupyter", "labextension", "list")

    (line,) = [line for line in said.splitlines() if " nbruns v" in line]
    assert "enabled" in line
    assert "OK" in line


def test_the_magics_are_there_without_loading_them(environment: Environment) -> None:
    asked = "print(get_ipython().find_line_magic('run_start') is not None)"

    assert environment.run("-c", IN_A_KERNEL, asked).strip().endswith("True")


def test_a_users_own_extensions_are_loaded_too(environment: Environment) -> None:
    profile = environment.folder / "user" / ".ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    chosen = {"InteractiveShellApp": {"extensions": ["autoreload"]}}
    (profile / "ipython_kernel_config.json").write_text(json.dumps(chosen), "utf-8")
    asked = "print([get_ipython().find_line_magic(n) is not None for n in NAMES])"

    said = environment.run("-c", IN_A_KERNEL, asked.replace("NAMES", "('autoreload', 'run_start')"))

    assert said.strip().endswith("[True, True]")


def test_mlflow_finds_the_plugins(environment: Environment) -> None:
    found = json.loads(environment.run("-c", PLUGINS).splitlines()[-1])

    assert found == dict.fromkeys(
        [
            "tracking_store",
            "model_registry_store",
            "default_experiment_provider",
            "run_context_provider",
        ],
        True,
    )


def test_the_wheel_carries_the_labextension_once(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()

    entries = [name for name in names if "/remoteEntry." in name]
    assert len(entries) == 1
    assert "share/jupyter/labextensions/nbruns/static" in entries[0]
