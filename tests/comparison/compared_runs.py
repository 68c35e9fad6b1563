"""Runs, environments and notebooks as the tests of comparisons need them."""

from __future__ import annotations

from typing import Any

from nbruns.records import Dataset, DatasetInput, Environment, MetricPoint, Package, Run


def run(name: str = "a", **more: Any) -> Run:
    """A run; metrics are given by key, datasets as (name, digest, use)."""
    metrics = tuple(MetricPoint(key, value) for key, value in more.pop("metrics", {}).items())
    given = tuple(
        DatasetInput(
            Dataset(name, digest, "local", "x"), {"mlflow.data.context": use} if use else {}
        )
        for name, digest, use in more.pop("datasets", ())
    )
    facts: dict[str, Any] = {"user": "ada", "status": "FINISHED", "stage": "active"} | more
    return Run(
        run_id=name * 32,
        experiment_id="0",
        name=name,
        started_ms=0,
        ended_ms=1_000,
        artifact_uri="",
        metrics=metrics,
        dataset_inputs=given,
        **facts,
    )


def environment(python: str = "3.11.7", **packages: str) -> Environment:
    """An environment with these packages."""
    return Environment(python, "Linux", tuple(Package(k, v) for k, v in packages.items()))


def notebook(*sources: str) -> dict[str, Any]:
    """A notebook of code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source}
        for n, source in enumerate(sources)
    ]
    return {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells}
