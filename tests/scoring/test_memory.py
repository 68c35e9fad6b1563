"""A file larger than memory: what a scoring takes does not grow with its rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scorers import Scorers

SCRIPT = """
import re, sys, nbruns
found = nbruns.score("models:/churn/1", sys.argv[1], columns=["key"])
# Not `ru_maxrss`: a child begins with what its parent had.
with open("/proc/self/status") as file:
    print(found.rows, int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) * 1024)
"""
ROWS = 50_000
BLOCK = "".join(f"{i},{i % 90},{i * 0.37:.6f},{'text ' * 70}\n" for i in range(ROWS)).encode()
MB = 1_000_000


def write_csv(path: Path, blocks: int) -> None:
    with path.open("wb") as file:
        file.write(b"key,age,income,note\n")
        for _ in range(blocks):
            file.write(BLOCK)


def write_parquet(path: Path, blocks: int) -> None:
    """One row group for all, as writers may make it."""
    rows = blocks * ROWS
    numbers = np.random.default_rng(0).random((rows, 8))
    frame = pd.DataFrame(numbers, columns=["age", "income", *"abcdef"]).assign(key=range(rows))
    pq.write_table(pa.Table.from_pandas(frame), path, row_group_size=rows, compression="none")


def peak_bytes(scorers: Scorers, file: Path, rows: int) -> int:
    """The most memory a process takes to score a file."""
    environment = os.environ | {
        "NBRUNS_HOME": str(scorers.home),
        "MLFLOW_TRACKING_URI": "nbruns:",
        "MLFLOW_REGISTRY_URI": "nbruns:",
    }
    told = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parent,
    ).stdout
    scored, peak = map(int, told.split()[-2:])
    assert scored == rows
    return peak


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
@pytest.mark.parametrize(("write", "small", "large"), [(write_csv, 1, 16), (write_parquet, 1, 80)])
def test_memory_does_not_grow_with_the_file(
    scorers: Scorers, tmp_path: Path, write: Callable[[Path, int], None], small: int, large: int
) -> None:  # F101
    peaks, sizes = [], []
    for blocks in (small, large):
        file = tmp_path / f"data.{write.__name__.partition('_')[2]}"
        write(file, blocks)
        sizes.append(file.stat().st_size)
        peaks.append(peak_bytes(scorers, file, blocks * ROWS))
        file.unlink()
    print(f"{sizes[0] / MB:.0f} MB: {peaks[0] / MB:.0f} MB, {sizes[1] / MB:.0f} MB: ", end="")
    print(f"{peaks[1] / MB:.0f} MB")

    assert sizes[1] > 280 * MB
    assert peaks[1] - peaks[0] < 100 * MB
