"""Runs in whatever form a user holds them, as records; their histories from the store.

MLflow is asked only for what the form does not carry.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from nbruns.errors import InvalidValue, NotFound
from nbruns.protocol.names import RUN_NAME_TAG
from nbruns.records import MetricPoint, Run

MOST_POINTS = 2000


def read_runs(runs: Any) -> list[Run]:
    """Records of one run or of several, given as ids, MLflow's `Run`, or their DataFrame.

    Raises NotFound for an id of no run, InvalidValue for what is no run at all.
    """
    if hasattr(runs, "columns") and hasattr(runs, "to_dict"):
        return _of_frame(runs)
    several = [runs] if isinstance(runs, str) or hasattr(runs, "info") else runs
    if not isinstance(several, Iterable):
        raise InvalidValue(f"{several!r} is no run: give run ids, MLflow runs or search_runs()")
    records = [_read(each) for each in several]
    if not records:
        raise InvalidValue("There are no runs to draw: the list is empty")
    return records


def read_histories(runs: Sequence[Run], metric: str) -> dict[str, list[MetricPoint]]:
    """A metric of some runs over its steps, each thinned to what a figure can show.

    Raises InvalidValue for a metric that none of them has.
    """
    from mlflow.tracking import MlflowClient

    known = {point.key for run in runs for point in run.metrics}
    if metric not in known:
        near = get_close_matches(metric, list(known), n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise InvalidValue(f"No run has the metric '{metric}'.{hint}")
    client = MlflowClient()
    found = {}
    for run in runs:
        if any(point.key == metric for point in run.metrics):
            points = client.get_metric_history(run.run_id, metric)
            by_step = sorted(points, key=lambda point: (point.step, point.timestamp))
            found[run.run_id] = thinned([_point(each) for each in by_step])
    return found


def thinned(points: Sequence[MetricPoint], most: int = MOST_POINTS) -> list[MetricPoint]:
    """The points, or the smallest and largest of each of as many stretches as there is room."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / (most // 2))
    kept = []
    for place in range(0, len(points), size):
        stretch = list(islice(points, place, place + size))
        numbers = [point for point in stretch if math.isfinite(point.value)] or stretch[:1]
        ends = {id(p): p for p in (_smallest(numbers), _largest(numbers))}
        kept += sorted(ends.values(), key=lambda point: (point.step, point.at_ms))
    return kept


def _smallest(points: Sequence[MetricPoint]) -> MetricPoint:
    return min(points, key=lambda point: point.value)


def _largest(points: Sequence[MetricPoint]) -> MetricPoint:
    return max(points, key=lambda point: point.value)


def _read(run: Any) -> Run:
    if isinstance(run, str):
        return _fetched(run)
    if isinstance(run, Run):
        return run
    if hasattr(run, "info") and hasattr(run, "data"):
        return _of_mlflow(run)
    raise InvalidValue(f"{run!r} is no run: give a run id, an MLflow run or search_runs()")


def _fetched(run_id: str) -> Run:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    try:
        return _of_mlflow(MlflowClient().get_run(run_id))
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise NotFound(f"No run with id '{run_id}'") from error
        raise


def _of_mlflow(run: Any) -> Run:
    info, data = run.info, run.data
    metrics = getattr(data, "_metric_objs", None)
    points = (
        [_point(each) for each in metrics]
        if metrics is not None
        else [MetricPoint(key, value) for key, value in data.metrics.items()]
    )
    return Run(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        name=info.run_name or info.run_id,
        user=data.tags.get("mlflow.user", ""),
        status=info.status,
        stage=info.lifecycle_stage,
        started_ms=info.start_time,
        ended_ms=info.end_time,
        artifact_uri=info.artifact_uri or "",
        params=dict(data.params),
        tags=dict(data.tags),
        metrics=tuple(points),
    )


def _point(metric: Any) -> MetricPoint:
    return MetricPoint(metric.key, metric.value, step=metric.step, at_ms=metric.timestamp)


def _of_frame(frame: Any) -> list[Run]:
    if "run_id" not in frame.columns:
        raise InvalidValue("The DataFrame has no column 'run_id': give that of search_runs()")
    records = [_of_row(row) for row in frame.to_dict("records")]
    if not records:
        raise InvalidValue("There are no runs to draw: the DataFrame is empty")
    return records


def _of_row(row: Mapping[str, Any]) -> Run:
    tags = _under(row, "tags.")
    metrics = _under(row, "metrics.")
    run_id = str(row["run_id"])
    return Run(
        run_id=run_id,
        experiment_id=str(row.get("experiment_id", "")),
        name=str(tags.get(RUN_NAME_TAG) or run_id),
        user=str(tags.get("mlflow.user", "")),
        status=row.get("status", "FINISHED"),
        stage="active",
        started_ms=_ms(row.get("start_time")),
        ended_ms=_ms(row.get("end_time")),
        artifact_uri=str(row.get("artifact_uri", "")),
        params={key: str(value) for key, value in _under(row, "params.").items()},
        tags={key: str(value) for key, value in tags.items()},
        metrics=tuple(MetricPoint(key, float(value)) for key, value in metrics.items()),
    )


def _under(row: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What a row holds of one kind; pandas writes what is not there as NaN or None."""
    found = {name.removeprefix(kind): v for name, v in row.items() if name.startswith(kind)}
    return {key: value for key, value in found.items() if _is_there(value)}


def _is_there(value: Any) -> bool:
    return value is not None and str(value) not in ("nan", "NaT", "<NA>")


def _ms(moment: Any) -> int | None:
    """Milliseconds of a pandas Timestamp."""
    if not _is_there(moment):
        return None
    return round(moment.timestamp() * 1000) if hasattr(moment, "timestamp") else int(moment)
