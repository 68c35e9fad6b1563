"""What it costs a run's start that its source is written down beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from nbruns.kernel import sources
from nbruns.kernel.git import Git
from nbruns.kernel.packages import Installed
from nbruns.mlflow_store import tracking

Say = Callable[[str], None]
PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path) -> Iterator[None]:
    """The fluent client over an empty store in this process."""
    mlflow.set_tracking_uri(f"nbruns://{tmp_path}/home")
    mlflow.set_registry_uri(f"nbruns://{tmp_path}/home")
    mlflow.set_experiment("speed")
    yield
    for thread in sources._sources.values():
        thread.finish()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def start_us() -> float:
    """Microseconds of CPU of this thread that starting a run takes, in the best of a few rounds."""
    best = float("inf")
    for _ in range(5):
        took = 0.0
        for _ in range(20):
            began = time.thread_time()
            mlflow.start_run()
            took += time.thread_time() - began
            mlflow.end_run()
        best = min(best, took / 20)
    return best * 1e6


def test_the_source_of_a_run(monkeypatch: pytest.MonkeyPatch, say: Say) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tracking, "run_created", lambda home, run: None)
        alone = start_us()
    took = start_us()

    say(
        f"its source adds to the start of a run: {took - alone:.0f} µs, "
        f"{took / alone:.2f} x the start alone (at most 1.5)"
    )
    assert took < 1.5 * alone


def test_what_is_gathered_beside_the_cell(say: Say) -> None:
    began = time.perf_counter()
    environment = Installed().environment()
    packages = time.perf_counter() - began
    began = time.perf_counter()
    Git().state(PROJECT)
    git = time.perf_counter() - began

    say(
        f"gathered beside the cell: {len(environment.packages)} packages in "
        f"{packages * 1000:.0f} ms, this repository in {git * 1000:.0f} ms"
    )
    installed = Installed()
    installed.environment()
    began = time.perf_counter()
    installed.environment()
    assert time.perf_counter() - began < packages / 10
