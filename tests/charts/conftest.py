"""Runs to draw, as records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nbruns.records import MetricPoint, Run


@pytest.fixture
def make_run() -> Callable[..., Run]:
    """A run named after its id."""

    def make(run_id: str, *, values: dict[str, float] | None = None, **params: Any) -> Run:
        return Run(
            run_id=run_id,
            experiment_id="1",
            name=run_id,
            user="ada",
            status="FINISHED",
            stage="active",
            started_ms=1_000,
            ended_ms=61_000,
            artifact_uri="",
            params={name: str(value) for name, value in params.items()},
            metrics=tuple(MetricPoint(key, value) for key, value in (values or {}).items()),
        )

    return make


@pytest.fixture
def points() -> Callable[..., list[MetricPoint]]:
    """A history of values at the steps 0, 1, 2…, one a second."""

    def make(*values: float, first_step: int = 0) -> list[MetricPoint]:
        return [
            MetricPoint("acc", value, step=first_step + place, at_ms=2_000 + 1_000 * place)
            for place, value in enumerate(values)
        ]

    return make
