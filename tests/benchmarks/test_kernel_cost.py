"""What nbruns adds in a notebook's kernel: to its start, and to the start of a run.

Turn by turn with and without, in one process where that is possible, so that a busy machine
slows both alike.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from notebook_kernel import NotebookKernel, code_cell

Say = Callable[[str], None]

STARTS, CELLS = 9, 30
BARE = "import nbruns.kernel.capture as c; kept = c._capturer; c._capturer = None"
BACK = "c._capturer = kept"
START = (
    "import time, mlflow\n"
    "began = time.perf_counter()\n"
    "run = mlflow.start_run()\n"
    "print(time.perf_counter() - began)\n"
    "mlflow.end_run()"
)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[NotebookKernel]:
    """A kernel of a notebook of a megabyte, which no browser shows."""
    kernel = NotebookKernel(tmp_path)
    lines = "\n".join(f"line_{number} = {number}" for number in range(500))
    kernel.save(*(code_cell(f"c{number}", lines + str(number)) for number in range(100)))
    kernel.start()
    yield kernel
    kernel.stop()


def test_capturing_adds_little_to_the_start_of_a_run(kernel: NotebookKernel, say: Say) -> None:
    for cell in range(3):
        kernel.run(START, cell=f"c{cell}")
    captured, bare = [], []
    for cell in range(CELLS):
        captured.append(float(kernel.run(START, cell=f"c{cell}").stdout))
        kernel.run(BARE)
        bare.append(float(kernel.run(START, cell=f"c{cell}").stdout))
        kernel.run(BACK)

    with_it, without = statistics.median(captured) * 1000, statistics.median(bare) * 1000
    say(
        f"start of a run: {without:.1f} ms, capturing adds {with_it - without:.1f} ms "
        "(at most half as much again)"
    )
    assert with_it < 1.5 * without


def started_in_s(folder: Path, *, with_nbruns: bool) -> float:
    """Seconds of CPU of a kernel that has given its first answer."""
    kernel = NotebookKernel(folder)
    # What a user's own configuration says comes before the environment's.
    config = folder / "ipython" / "profile_default" / "ipython_kernel_config.json"
    config.parent.mkdir(parents=True)
    named = ["nbruns.magics"] if with_nbruns else []
    told = {"InteractiveShellApp": {"extensions": named, "extra_extensions": named}}
    config.write_text(json.dumps(told))
    kernel.start()
    times = psutil.Process(kernel.manager.provisioner.pid).cpu_times()
    loaded = kernel.run("import sys; print('nbruns.magics' in sys.modules)").stdout.strip()
    kernel.stop()
    assert loaded == str(with_nbruns)
    return times.user + times.system


def test_a_kernel_starts_as_fast_as_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    # As installed: with bytecode, which this machine may be told not to write.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "compiled"))
    for with_nbruns in (False, True):
        started_in_s(tmp_path / f"first-{with_nbruns}", with_nbruns=with_nbruns)

    pairs = [
        (
            started_in_s(tmp_path / f"bare-{turn}", with_nbruns=False),
            started_in_s(tmp_path / f"ours-{turn}", with_nbruns=True),
        )
        for turn in range(STARTS)
    ]

    bare = min(one for one, _ in pairs)
    more = min(ours for _, ours in pairs) - bare
    say(f"start of a kernel: {bare:.2f} s CPU, nbruns adds {more * 1000:.0f} ms (at most a tenth)")
    assert more < bare / 10
