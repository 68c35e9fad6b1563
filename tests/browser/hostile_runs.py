"""Runs whose every word wants to be more than a word, and plain ones to measure them against."""

from __future__ import annotations

import time

from nbruns.records import Dataset, DatasetInput, MetricPoint, Run
from nbruns.store import Store

EVIL = '<img src=x onerror="window.pwned=1">\'"><script>window.pwned=1</script>'
LINK = "[click](javascript:window.pwned=1)"
RTL = "\u202eשלום עולם 🎲\u2066"
UNBROKEN = "q" * 5_000
HUGE = "<b onmouseover=window.pwned=1>" * 34_000
METRICS, RUNS = 500, 30


class HostileRuns:
    """Fills the experiment of a notebook with runs, harmless or not."""

    def __init__(self, store: Store, path: str) -> None:
        self.store = store
        notebook = store.notebooks.resolve(path)
        self.notebook_id = notebook.notebook_id
        self.experiment_id = store.notebooks.experiment(notebook.notebook_id).experiment_id
        self.now_ms = int(time.time() * 1000)

    def fill_plainly(self) -> None:
        """Runs as they mostly are."""
        for number in range(RUNS):
            run = self._create(f"plain-{number}", number, {})
            self.store.runs.log_params(run.run_id, {"depth": str(number), "model": "rf"})
            self._log(run, {"loss": number / 7, "acc": number / 30})

    def fill(self) -> None:
        """As many that are hostile; the three newest differ in their names."""
        for number in range(RUNS):
            self.add(f"{EVIL} {number}", number)
        self.add(RTL, -1)
        self.add(UNBROKEN, -2)
        self._register(self.add(f"{EVIL} newest", -3))
        experiment = self.store.experiments.create(f"{EVIL} experiment")
        self.store.experiments.set_tag(experiment.experiment_id, "mlflow.note.content", EVIL)
        self.store.experiments.create(RTL)
        self.store.experiments.create("w" * 500)

    def add(self, name: str, number: int) -> Run:
        """One run: 500 metrics, texts as long as they may be, 1 MB where nothing forbids it."""
        tags = {
            "mlflow.note.content": f"{EVIL}\n\n{LINK}\n\n{RTL}",
            "nbruns.hidden_state": EVIL,
            "nbruns.code_change": EVIL,
            "nbruns.end_reason": EVIL,
            "mlflow.source.name": EVIL,
            "mlflow.source.git.commit": EVIL,
            "said": HUGE,
            "unbroken": UNBROKEN,
        }
        run = self._create(name, number, tags)
        values = {f"p{place:02}": UNBROKEN for place in range(50)}
        # Without one kind of quotes, so that a filter can name it.
        quotable = EVIL.replace("'", "")
        said = {"said": f"{quotable} {number}", "both": EVIL, "שלום": RTL, "k" * 250: EVIL}
        self.store.runs.log_params(run.run_id, values | said)
        self._log(run, {f"metric {place:03}": place / 7 for place in range(METRICS)})
        data = Dataset(EVIL, f"d{number}", "local", EVIL, HUGE[:1_000_000], HUGE)
        self.store.runs.log_inputs(run.run_id, [DatasetInput(data, {"mlflow.data.context": EVIL})])
        return run

    def _create(self, name: str, number: int, tags: dict[str, str]) -> Run:
        return self.store.runs.create(
            self.experiment_id,
            name=name,
            user="ada",
            started_ms=self.now_ms - 60_000 * (number + 5),
            tags={"nbruns.notebook": self.notebook_id} | tags,
        )

    def _log(self, run: Run, metrics: dict[str, float]) -> None:
        at_ms = run.started_ms
        for step in (0, 1, 2):
            points = [MetricPoint(k, v + step, step, at_ms + step) for k, v in metrics.items()]
            self.store.metrics.append(run.run_id, points)
        self.store.runs.update(run.run_id, status="FAILED", ended_ms=at_ms + 1000)

    def _register(self, run: Run) -> None:
        model = self.store.models.create(run.experiment_id, name="model", source_run_id=run.run_id)
        self.store.models.finalize(model.model_id, "READY")
        name = "<img src=x onerror='window.pwned=1'>"
        self.store.registry.create_model(name)
        self.store.registry.create_version(
            name, source=f"models:/{model.model_id}", run_id=run.run_id
        )
