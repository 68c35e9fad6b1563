"""Metric histories: of one run, of several, and sampled for drawing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from nbruns.endpoints.experiments import with_token
from nbruns.endpoints.runs import run_id
from nbruns.errors import InvalidValue, NotFound
from nbruns.protocol import pages
from nbruns.protocol.fields import limit, missing, optional, optional_int, required, texts
from nbruns.protocol.messages import float_to_wire, metric_to_wire
from nbruns.records import MetricPoint
from nbruns.store import Store

MOST_POINTS = 25_000
MOST_RUNS = 100
MOST_SAMPLED = 2500

Body = dict[str, Any]


def history(store: Store, body: Body) -> Body:
    """GET metrics/get-history: all points of a metric, or a page of them."""
    run, key = run_id(body), required(body, "metric_key")
    mark = pages.mark("history", run, key)
    try:
        page = store.metrics.history(
            run,
            key,
            limit=limit(body, "max_results", 0, 2**31 - 1) or None,
            token=pages.unseal(optional(body, "page_token"), mark),
        )
    except NotFound:
        return {}  # as MLflow: no run, no history
    points = [metric_to_wire(point) for point in page.items]
    return with_token({"metrics": points} if points else {}, pages.seal(page.next_token, mark))


def histories(store: Store, body: Body) -> Body:
    """GET metrics/get-history-bulk: the first points of a metric of several runs."""
    points = store.metrics.histories(
        _some_runs(texts(body, "run_id", from_query=True), "run_id"),
        required(body, "metric_key"),
        limit=min(limit(body, "max_results", MOST_POINTS, 2**31 - 1), MOST_POINTS),
    )
    return {"metrics": [_of_run(point) for point in points]}


def sampled(store: Store, body: Body) -> Body:
    """GET metrics/get-history-bulk-interval: enough points of each run to draw its curve."""
    start, end = optional_int(body, "start_step"), optional_int(body, "end_step")
    if (start is None) != (end is None):
        raise InvalidValue("start_step and end_step must be given together")
    if start is not None and end is not None and start > end:
        raise InvalidValue(f"end_step '{end}' must not be before start_step '{start}'")
    runs = _some_runs(texts(body, "run_ids", from_query=True), "run_ids")
    key = required(body, "metric_key")
    most = limit(body, "max_results", MOST_SAMPLED, MOST_SAMPLED)
    points: list[MetricPoint] = []
    for run in runs:
        with suppress(NotFound):
            points += store.metrics.sampled([run], key, points=most, start_step=start, end_step=end)
    return {"metrics": [_of_run(point) for point in points]} if points else {}


def _some_runs(found: list[str], name: str) -> list[str]:
    if not found:
        raise missing(name)
    if len(found) > MOST_RUNS:
        raise InvalidValue(f"{name} may name at most {MOST_RUNS} runs, got {len(found)}")
    return found


def _of_run(point: MetricPoint) -> Body:
    return {
        "key": point.key,
        "value": float_to_wire(point.value),
        "timestamp": point.at_ms,
        "step": point.step,
        "run_id": point.run_id,
    }
