"""Networks are recorded as they train, by the libraries that are installed.

They take a gigabyte, so the project's own tests do without. To run these: an environment
with torch, keras and lightning, and one with tensorflow.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest
from notebook_kernel import NotebookKernel

from nbruns.records import Run
from nbruns.store import Store

DATA = """
import numpy as np
X = np.random.rand(64, 4).astype("float32"); y = (X.sum(1) > 2).astype("float32")
"""
KERAS = """
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X, y, epochs=3, batch_size=16, verbose=0);
"""
LIGHTNING = """
import torch, lightning as L
class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(4, 1)
    def training_step(self, batch, index):
        loss = self.net(batch[0]).mean()
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)
quiet = ("enable_progress_bar", "enable_model_summary", "logger", "enable_checkpointing")
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(64, 4)), 16)
L.Trainer(max_epochs=3, accelerator="cpu", **dict.fromkeys(quiet, False)).fit(Net(), data)
"""
TOLD = "nbruns: fits are recorded as runs (%autolog off to stop)\n"


def steps(kernel: NotebookKernel, run: Run, key: str) -> list[int]:
    store = Store.open(kernel.home)
    try:
        return [point.step for point in store.metrics.history(run.run_id, key).items]
    finally:
        store.close()


def needed(name: str) -> None:
    if find_spec(name) is None:
        pytest.skip(f"{name} is too large to ask for in tests")


@pytest.mark.parametrize(
    ("importing", "backend"),
    [
        ("import keras", "torch"),
        ("import keras", "tensorflow"),
        ("import tensorflow as tf; keras = tf.keras", "tensorflow"),
        ("import tensorflow, keras", "tensorflow"),
    ],
)
def test_keras_is_recorded_once(
    new_kernel: Callable[..., NotebookKernel], importing: str, backend: str
) -> None:  # F48
    needed("keras")
    needed(backend)
    kernel = new_kernel(KERAS_BACKEND=backend)
    imported = kernel.run(DATA + importing)
    reply = kernel.run(KERAS)

    assert TOLD in imported.stdout + reply.stdout
    assert "nbruns" not in imported.stderr + reply.stderr
    assert reply.error == ""
    (run,) = kernel.runs()
    assert run.status == "FINISHED"
    assert (run.params["epochs"], run.params["optimizer_name"]) == ("3", "adam")
    assert (steps(kernel, run, "loss"), steps(kernel, run, "accuracy")) == ([0, 1, 2], [0, 1, 2])
    assert (len(run.dataset_inputs), len(run.model_outputs)) == (1, 1)


def test_lightning_is_recorded(new_kernel: Callable[..., NotebookKernel]) -> None:  # F48
    needed("lightning")
    kernel = new_kernel()
    reply = kernel.run(LIGHTNING)

    assert TOLD in reply.stdout
    assert reply.error == ""
    (run,) = kernel.runs()
    assert (run.status, run.params["epochs"], run.params["lr"]) == ("FINISHED", "3", "0.1")
    assert steps(kernel, run, "loss") == [0, 1, 2]
    assert len(run.model_outputs) == 1
