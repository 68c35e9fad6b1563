"""A folder of MLflow's to import, and the import as the shell runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlruns import Mlruns

from nbruns.cli import main


@dataclass(frozen=True)
class Outcome:
    """What the command came to."""

    status: int
    out: str
    err: str


@pytest.fixture
def mlruns(tmp_path: Path) -> Mlruns:
    """A folder with the experiment everybody has."""
    folder = Mlruns(tmp_path / "mlruns")
    folder.add_experiment("0", "Default")
    return folder


@pytest.fixture
def bring(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run `nbruns import` with some arguments into the home."""

    def bring(*arguments: object) -> Outcome:
        status = main(["import", "--home", str(home), *map(str, arguments)])
        return Outcome(status, *capsys.readouterr())

    return bring
