"""Four notebooks train at once into one file."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from notebook_kernel import NotebookKernel, Reply

from nbruns.store import Store

CALLS = 3000
TRAIN = """
import mlflow, time
name = "{name}"
took = []
with mlflow.start_run(run_name="at once") as run:
    for step in range({calls}):
        begun = time.perf_counter()
        mlflow.log_metric("loss", step / 7, step=step)
        took.append(time.perf_counter() - begun)
took.sort()
print(run.info.run_id, took[int(len(took) * 0.99)] * 1000)
"""


def test_four_kernels_log_at_full_speed_and_lose_no_point(
    new_kernel: Callable[..., NotebookKernel],
    record_property: Callable[[str, object], None],
) -> None:
    first = new_kernel(notebook="one.ipynb")
    home = str(first.home)
    names = ["one", "two", "three", "four"]
    others = [new_kernel(notebook=f"{name}.ipynb", NBRUNS_HOME=home) for name in names[1:]]
    kernels = [first, *others]

    def train(kernel: NotebookKernel, name: str) -> Reply:
        kernel.run("import mlflow")
        return kernel.run(TRAIN.format(name=name, calls=CALLS), cell="train")

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(train, kernels, names))

    assert [reply.error + reply.stderr for reply in replies] == [""] * 4
    said = [reply.stdout.split() for reply in replies]
    record_property("p99_ms", max(float(p99) for _, p99 in said))
    print("p99 of log_metric, 4 kernels:", [f"{float(p99):.2f} ms" for _, p99 in said])
    store = Store.open(first.home)
    for run_id, _ in said:
        points = store.metrics.history(run_id, "loss").items
        assert [point.step for point in points] == list(range(CALLS))
    runs = [store.runs.get(run_id) for run_id, _ in said]
    assert [store.experiments.get(run.experiment_id).name for run in runs] == names
    assert {run.status for run in runs} == {"FINISHED"}
    assert store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)
    store.close()
    for kernel, run, name in zip(kernels, runs, names, strict=True):
        captured = first.revision(run)
        assert captured is not None
        revision, content = captured
        assert (revision.path, revision.method) == (str(kernel.path), "executed")
        assert f'name = "{name}"' in content["cells"][-1]["source"]
