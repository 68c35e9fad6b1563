"""What a recorded fit costs, beside the same fit under `mlflow.autolog()` called by hand.

Both write to our store, each from a process of its own: a notebook's kernel, in which nothing
was imported but scikit-learn, and a script. Times are of the processor, with those of the
processes MLflow starts, and the best of a few rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from notebook_kernel import NotebookKernel

Say = Callable[[str], None]

DATA = """
import os
def cpu(): return sum(os.times()[:4])
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
def fit():
    begun = cpu()
    RandomForestClassifier(n_estimators=20, random_state=0).fit(X, y)
    return cpu() - begun
"""
BARE = "print(min(fit() for _ in range(3)))"
FITS = "print(fit(), min(fit() for _ in range(3)))"


def by_hand(folder: Path) -> tuple[float, float]:
    """Seconds to the end of the first fit, and of the best later one."""
    script = (
        f"{DATA}\nbegun = cpu()\n"
        "import mlflow\nmlflow.sklearn.autolog(silent=True)\nfit()\n"
        "print(cpu() - begun, min(fit() for _ in range(3)))"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "NBRUNS_"))}
    shown = subprocess.run(
        [sys.executable, "-c", script],
        env=kept | {"MLFLOW_TRACKING_URI": f"nbruns://{folder}/home"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    first, later = map(float, shown.stdout.split()[-2:])
    return first, later


def test_recording_a_fit(tmp_path: Path, say: Say) -> None:
    pytest.importorskip("sklearn")
    theirs_first, theirs = by_hand(tmp_path)
    kernel = NotebookKernel(tmp_path)
    kernel.start()
    try:
        kernel.run(DATA)
        ours_first, ours = map(float, kernel.run(FITS, cell="fit").stdout.split()[-2:])
        kernel.run("%autolog off")
        bare = float(kernel.run(BARE).stdout.split()[-1])
    finally:
        kernel.stop()

    say(
        f"fit, recorded: {ours:.2f} s (bare {bare:.2f}), {ours / theirs:.2f} x mlflow.autolog() "
        f"by hand (at most 0.4)"
    )
    say(
        f"fit, the first of a notebook: {ours_first:.1f} s, {ours_first / theirs_first:.2f} x "
        f"mlflow.autolog() by hand and its import (at most 1.6)"
    )
    assert ours < 0.4 * theirs
    assert ours_first < 1.6 * theirs_first
