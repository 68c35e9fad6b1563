"""`nbruns.score` in a notebook: the run is the notebook's, and the cell shows one line."""

from __future__ import annotations

import threading
import time

from notebook_kernel import NotebookKernel, code_cell

SETUP = """
import mlflow, nbruns, time
import numpy as np, pandas as pd
from mlflow.models import infer_signature
frame = pd.DataFrame({'age': np.arange(30.0)})
class Slow(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        time.sleep(0.2)
        return model_input['age'].to_numpy() * 2
with mlflow.start_run(run_name='made'):
    mlflow.pyfunc.log_model(name='model', python_model=Slow(), registered_model_name='slow',
        signature=infer_signature(frame, np.array([1.0])))
"""
SCORE = "nbruns.score('models:/slow/1', frame, chunk_rows=10)"
NAME = "score a DataFrame with slow version 1"


def test_a_scoring_is_a_run_of_its_notebook(kernel: NotebookKernel) -> None:  # F101
    kernel.save(code_cell("make", SETUP), code_cell("score", SCORE))
    assert kernel.run(SETUP, cell="make").error == ""

    reply = kernel.run(SCORE, cell="score")

    assert reply.error == ""
    run = kernel.named(NAME)
    assert (run.status, run.experiment_id) == ("FINISHED", kernel.named("made").experiment_id)
    assert run.tags["nbruns.cell"] == "score"
    assert [one.model_id for one in run.model_inputs]
    shown = str(reply.shown[-1]["text/plain"])
    assert shown.startswith("30 rows scored with slow version 1 in ")
    assert run.run_id in shown
    told = [data["text/plain"] for data in reply.shown[:-1]]
    assert any("of 30" in words for words in told)
    assert told[-1] == ""
    assert reply.stdout + reply.stderr == ""


def test_an_interrupt_keeps_what_was_predicted(kernel: NotebookKernel) -> None:
    def interrupt() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = [run for run in kernel.runs() if run.name == NAME and run.status == "RUNNING"]
            if found and any(point.value > 0 for point in found[0].metrics):
                return kernel.manager.interrupt_kernel()
            time.sleep(0.05)

    beside = threading.Thread(target=interrupt)
    beside.start()
    reply = kernel.run(SCORE.replace("chunk_rows=10", "chunk_rows=1"), cell="score")
    beside.join()

    assert "KeyboardInterrupt" in reply.error
    run = kernel.named(NAME)
    assert run.status == "KILLED"
    assert run.tags["nbruns.end_reason"].startswith("interrupted after ")
