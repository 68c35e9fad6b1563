"""What the extension adds to a bare Jupyter Server: memory, and time until it answers."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

ROUNDS = 5
MB = 2**20


def cost(server: Any) -> tuple[float, float]:
    """MB of memory of its own and seconds of CPU of a server that answers its first calls."""
    for path in ("/api/status", "api/2.0/mlflow/experiments/get?experiment_id=0"):
        server.request("GET", path)
    process = psutil.Process(server.process.pid)
    times = process.cpu_times()
    spent = times.user + times.system
    memory = process.memory_full_info().uss / MB
    server.stop()
    return memory, spent


def test_the_extension_is_light(
    new_server: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    say: Callable[[str], None],
) -> None:
    # As installed: with bytecode, which this machine may be told not to write.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    cost(new_server())
    cost(new_server(has_extension=False))

    # Turn by turn, so that a busy machine slows both alike.
    pairs = [(cost(new_server(has_extension=False)), cost(new_server())) for _ in range(ROUNDS)]

    more_memory = statistics.median(ours[0] - bare[0] for bare, ours in pairs)
    bare_time = min(bare[1] for bare, _ in pairs)
    more_time = min(ours[1] for _, ours in pairs) - bare_time
    say(
        f"more than a bare server: {more_memory:.1f} MB (at most 25), "
        f"{more_time:.3f} s CPU on top of {bare_time:.2f} (at most a fifth)"
    )
    assert more_memory < 25
    assert more_time < bare_time / 5
