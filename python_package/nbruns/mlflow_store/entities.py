"""Records → MLflow's entities, made without a detour over messages.

A search of a thousand runs makes tens of thousands of metrics: they are filled in place
of being constructed wherever the entity's attributes are those known here.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from math import nan
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunTag,
)

from nbruns import records
from nbruns.records import MetricPoint

_new = object.__new__
_METRIC_ATTRIBUTES = {
    "_key",
    "_value",
    "_timestamp",
    "_step",
    "_model_id",
    "_dataset_name",
    "_dataset_digest",
    "_run_id",
}
_DATA_IS_KNOWN = vars(RunData()).keys() == {"_metric_objs", "_metrics", "_params", "_tags"}


def metrics_of(points: Iterable[MetricPoint]) -> list[Metric]:
    """Metric entities of records."""
    return [
        _metric(
            p.key,
            p.value,
            p.at_ms,
            p.step,
            p.model_id,
            p.dataset_name,
            p.dataset_digest,
            p.run_id,
        )
        for p in points
    ]


def history_of(key: str, rows: Iterable[tuple[int, int, float, int]]) -> list[Metric]:
    """Metric entities of a history's bare rows (at_ms, step, value, is_nan)."""
    return [_metric(key, nan if is_nan else value, at, step) for at, step, value, is_nan in rows]


@contextmanager
def collector_paused() -> Iterator[None]:
    """No search for garbage while a great many objects are made, none of them garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _filled(  # noqa: PLR0917
    key: str,
    value: float,
    at_ms: int,
    step: int,
    model_id: str | None = None,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
    run_id: str | None = None,
) -> Metric:
    metric: Any = _new(Metric)
    metric.__dict__ = {
        "_key": key,
        "_value": value,
        "_timestamp": at_ms,
        "_step": step,
        "_model_id": model_id,
        "_dataset_name": dataset_name,
        "_dataset_digest": dataset_digest,
        "_run_id": run_id,
    }
    return metric  # type: ignore[no-any-return]


_metric: Callable[..., Metric] = (
    _filled if vars(Metric("key", 0.0, 0, 0)).keys() == _METRIC_ATTRIBUTES else Metric
)


def point_of(metric: Metric) -> MetricPoint:
    """A metric a client logs, as a record."""
    return MetricPoint(
        metric.key,
        metric.value,
        metric.step,
        metric.timestamp,
        metric.model_id,
        metric.dataset_name,
        metric.dataset_digest,
    )


def run_info_of(run: records.Run) -> RunInfo:
    """What a run is."""
    return RunInfo(
        run_id=run.run_id,
        experiment_id=run.experiment_id,
        user_id=run.user,
        status=run.status,
        start_time=run.started_ms or 0,
        end_time=run.ended_ms,
        lifecycle_stage=run.stage,
        artifact_uri=run.artifact_uri,
        run_name=run.name,
    )


def run_of(run: records.Run) -> Run:
    """A run with what it logged."""
    return Run(run_info_of(run), _data_of(run), _inputs_of(run), _outputs_of(run))


class LazyRunData(RunData):
    """Run data that makes its metric entities only when they are asked for.

    A search of a thousand runs with twenty metrics spends half its time on them, and a
    data frame needs the values alone.
    """

    def __init__(self, run: records.Run) -> None:
        self._points = run.metrics
        self._metrics = {point.key: point.value for point in run.metrics}
        self._params = dict(run.params)
        self._tags = dict(run.tags)

    @cached_property
    def _metric_objs(self) -> list[Metric]:  # type: ignore[override]
        return metrics_of(self._points)

    @classmethod
    def _properties(cls) -> list[str]:
        return list(RunData._properties())


LazyRunData.__name__ = RunData.__name__  # what MLflow prints


def _data_of(run: records.Run) -> RunData:
    if _DATA_IS_KNOWN:
        return LazyRunData(run)
    return RunData(
        metrics_of(run.metrics),
        [Param(key, value) for key, value in run.params.items()],
        [RunTag(key, value) for key, value in run.tags.items()],
    )


def _inputs_of(run: records.Run) -> RunInputs:
    return RunInputs(
        [_dataset_input_of(found) for found in run.dataset_inputs],
        [LoggedModelInput(model_id=link.model_id) for link in run.model_inputs],
    )


def _outputs_of(run: records.Run) -> RunOutputs:
    return RunOutputs([LoggedModelOutput(link.model_id, link.step) for link in run.model_outputs])


def _dataset_input_of(found: records.DatasetInput) -> DatasetInput:
    dataset = found.dataset
    return DatasetInput(
        dataset=Dataset(
            name=dataset.name,
            digest=dataset.digest,
            source_type=dataset.source_type,
            source=dataset.source,
            schema=dataset.schema,
            profile=dataset.profile,
        ),
        tags=[InputTag(key, value) for key, value in found.tags.items()],
    )
