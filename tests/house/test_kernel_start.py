"""What a kernel pays at its start for having nbruns in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# What ipykernel has loaded before it loads extensions.
KERNEL = "import ipykernel.kernelapp, ipykernel.zmqshell, ipykernel.ipkernel"
HEAVY = ("mlflow", "sqlite3", "sqlite_utils", "pandas", "numpy", "plotly", "ipywidgets", "sklearn")


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled modules, which an installed package has and a checkout may not."""
    return tmp_path_factory.mktemp("compiled")


def python(caches: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        env=kept | {"PYTHONPYCACHEPREFIX": str(caches)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def test_the_magics_load_nothing_heavy(caches: Path) -> None:
    code = f"{KERNEL}\nimport sys; before = set(sys.modules)\nimport nbruns.magics\n"
    loaded = python(caches, f"{code}print(*sorted(set(sys.modules) - before))").stdout.split()

    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []
    assert [name for name in loaded if name.startswith("nbruns.store")] == []
    assert [name for name in loaded if not name.startswith(("nbruns", "IPython"))] == []


def test_they_are_a_small_part_of_a_kernel_s_start(caches: Path) -> None:
    code = f"{KERNEL}\nimport nbruns.magics"
    python(caches, code)

    def share() -> float:
        lines = python(caches, code, "-X", "importtime").stderr.splitlines()
        rows = [line.removeprefix("import time:").split("|") for line in lines if "|" in line]
        times = {name.strip(): int(total) for _, total, name in rows if total.strip().isdigit()}
        return times["nbruns.magics"] / times["ipykernel.kernelapp"]

    # About 7 ms of 145; the best of three, for others use the machine too.
    assert min(share() for _ in range(3)) < 0.1
