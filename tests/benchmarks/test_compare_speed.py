"""Comparing ten runs of 100,000 points: what a click fetches, draws and sends."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from nbruns.panel.chart_settings import ChartSettings
from nbruns.panel.chart_view import plain
from nbruns.panel.client import Client
from nbruns.panel.connection import Address, Connection
from nbruns.panel.drawing import draw
from nbruns.panel.histories import Histories, points_per_line
from nbruns.records import MetricPoint, Run
from nbruns.store import Store

Say = Callable[[str], None]
RUNS, POINTS = 10, 100_000


@pytest.fixture
def runs(live_server: Any) -> list[Run]:
    """Ten runs with a long noisy curve each."""
    store = Store.open(live_server.home)
    made = []
    for number in range(RUNS):
        run = store.runs.create("0", name=f"run {number}", started_ms=1_000)
        store.metrics.append(
            run.run_id,
            [
                MetricPoint("loss", math.exp(-step / 30_000) + step * 7919 % 97 / 1e3, step, step)
                for step in range(POINTS)
            ],
        )
        store.runs.update(run.run_id, status="FINISHED", ended_ms=2_000)
        made.append(run.run_id)
    found = [store.runs.get(run_id) for run_id in made]
    store.close()
    return found


def test_comparing_ten_long_runs(live_server: Any, runs: list[Run], say: Say) -> None:
    address = Address(f"{live_server.url}/", live_server.token)
    settings = ChartSettings(smoothing=0.6)

    async def click() -> tuple[float, float, int]:
        """Fetch and draw with nothing kept from before, as the first click does."""
        client = Client(Connection(address))
        whole = await client.get_runs("0", [run.run_id for run in runs])
        begun = time.perf_counter()
        histories = Histories(lambda: client)
        found = await histories.of(whole, "loss", points=points_per_line(RUNS))
        fetched = time.perf_counter()
        drawing = draw(settings, whole, metrics=["loss"], histories={"loss": found}, colours={})
        sent = json.dumps(plain(drawing.figures["loss"]))
        client.connection.close()
        return fetched - begun, time.perf_counter() - fetched, len(sent)

    took = [asyncio.run(click()) for _ in range(5)]
    fetch, figure, size = min(took, key=lambda each: each[0] + each[1])

    say(
        f"compare {RUNS} runs of {POINTS:,} points: fetched in {fetch * 1000:.0f} ms, drawn in "
        f"{figure * 1000:.0f} ms, {size / 1000:.0f} kB to the browser"
    )
    assert fetch + figure < 0.15
