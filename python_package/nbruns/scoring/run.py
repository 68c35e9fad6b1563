"""The run of a scoring: what it says of the model and the data, its progress, its file, its end.

Written by MLflow's client, so that it goes wherever runs go.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from nbruns.errors import InvalidState
from nbruns.protocol.names import (
    DATASET_CONTEXT_TAG,
    END_REASON_TAG,
    PARTIAL_FILE,
    PREDICTIONS_FILE,
    RATE_METRIC,
    ROWS_METRIC,
    SCORED_DIGEST_TAG,
    SCORED_INPUT_TAG,
    SCORED_MODEL_ID_TAG,
    SCORED_ROWS_TAG,
    SCORED_VERSION_TAG,
    SCORED_WITH_TAG,
    SOURCE_NAME_TAG,
    SOURCE_TYPE_TAG,
    USER_TAG,
)
from nbruns.scoring.matching import Plan
from nbruns.scoring.model import ScoringModel
from nbruns.scoring.sources import Source

_KEPT_EVERY_S = 1.0
_LONGEST_REASON = 500


class ScoringRun:
    """A run that is under way."""

    def __init__(self, run: Any) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient()
        self.run_id: str = run.info.run_id
        self.name: str = run.info.run_name
        self.folder = _local_folder(run.info.artifact_uri)
        self._temporary = None if self.folder else tempfile.TemporaryDirectory()
        self.reason = ""
        self._kept_s, self._step = 0.0, 0

    @property
    def partial(self) -> Path:
        """Where the predictions grow."""
        if self._temporary is not None:
            return Path(self._temporary.name) / PARTIAL_FILE
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / PARTIAL_FILE

    def tell_input(self, model: ScoringModel, source: Source, plan: Plan, digest: str) -> None:
        """Link the model and the data."""
        from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput

        columns = [
            {"name": name, "type": plan.kinds.get(name, column.words)}
            for name, column in {**plan.kept, **plan.model}.items()
        ]
        dataset = Dataset(
            name=source.name[:500],
            digest=digest,
            source_type="code" if source.kind == "DataFrame" else "local",
            source=json.dumps({"uri": source.place}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"num_rows": source.rows}),
        )
        told = DatasetInput(dataset, [InputTag(DATASET_CONTEXT_TAG, "scoring")])
        models = [LoggedModelInput(model.model_id)] if model.model_id else None
        self.client.log_inputs(self.run_id, datasets=[told], models=models)

    def keep_progress(self, rows: int, per_second: float, *, is_last: bool = False) -> None:
        """A point of the metrics, every second."""
        from mlflow.entities import Metric

        now_s = time.time()
        if not is_last and now_s - self._kept_s < _KEPT_EVERY_S:
            return
        self._kept_s, self._step = now_s, self._step + 1
        points = {ROWS_METRIC: float(rows), RATE_METRIC: round(per_second, 1)}
        self.client.log_batch(
            self.run_id,
            [Metric(key, value, int(now_s * 1000), self._step) for key, value in points.items()],
        )

    def keep_file(self, *, is_whole: bool) -> Path | None:
        """Make the file an artifact under its name; where it lies, if that is on this machine."""
        partial = self.partial
        kept = partial.with_name(PREDICTIONS_FILE) if is_whole else partial
        if is_whole:
            partial.replace(kept)
        if self._temporary is not None and kept.exists():
            self.client.log_artifact(self.run_id, str(kept))
            return None
        return kept

    def discard_file(self) -> None:
        """Nothing was predicted: there is nothing to keep."""
        self.partial.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep why it ended, once it has, and leave nothing lying about."""
        if self.reason:
            self.client.set_tag(self.run_id, END_REASON_TAG, self.reason[:_LONGEST_REASON])
        if self._temporary is not None:
            self._temporary.cleanup()


@contextmanager
def begun(
    model: ScoringModel,
    source: Source,
    digest: str,
    *,
    user: str | None,
    experiment: str | None,
    is_job: bool = False,
) -> Iterator[ScoringRun]:
    """A run for the block, which ends as the block does.

    It belongs to the active run where there is one; else to an experiment of that name, or
    of the notebook.
    """
    import mlflow

    tags = {
        SCORED_WITH_TAG: model.name,
        SCORED_VERSION_TAG: model.version,
        SCORED_MODEL_ID_TAG: model.model_id,
        SCORED_INPUT_TAG: source.place,
        SCORED_DIGEST_TAG: digest,
        SCORED_ROWS_TAG: str(source.rows),
        USER_TAG: user or "",
    }
    if is_job:
        # MLflow would name the program that was started.
        tags |= {SOURCE_NAME_TAG: "nbruns score", SOURCE_TYPE_TAG: "JOB"}
    name = f"score {source.name} with {model.words}"
    scoring = None
    try:
        with mlflow.start_run(
            run_name=name[:250],
            nested=True,
            experiment_id=_experiment_id(experiment),
            tags={key: value for key, value in tags.items() if value},
        ) as run:
            mlflow.log_params({"model": model.words, "input": source.place[-500:]})
            scoring = ScoringRun(run)
            yield scoring
    finally:
        if scoring is not None:
            scoring.close()


def copy_to(found: Path | None, run_id: str, output: Path) -> Path:
    """The predictions beside the run's, where the user wants them; whole or not at all."""
    import mlflow

    with tempfile.TemporaryDirectory(dir=output.parent) as folder:
        if found is None:
            fetched = mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=PREDICTIONS_FILE, dst_path=folder
            )
            Path(fetched).replace(output)
        else:
            staged = Path(folder) / output.name
            shutil.copyfile(found, staged)
            staged.replace(output)
    return output


def _experiment_id(name: str | None) -> str | None:
    """The experiment of a name, made where it is missing; None where the place decides."""
    import mlflow
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    active = mlflow.active_run()
    if name is None:
        return None if active is None else str(active.info.experiment_id)
    client = MlflowClient()
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException:
            # Another one was faster.
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise InvalidState(f"The experiment '{name}' is deleted: restore it, or name another")
    return str(found.experiment_id)


def _local_folder(artifact_uri: str) -> Path | None:
    """The folder of artifacts that lie on this machine."""
    parts = urlsplit(artifact_uri)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(artifact_uri) if not parts.scheme else None
