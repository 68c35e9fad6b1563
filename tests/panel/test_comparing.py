"""What the comparison fetches and draws, against a real server."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from live_panel import panel_at

from nbruns.panel.connection import Address
from nbruns.panel.run_panel import RunPanel
from nbruns.records import MetricPoint, Run
from nbruns.store import Store

Until = Callable[..., Awaitable[None]]
Say = Callable[..., None]
Sent = list[dict[str, Any]]


@asynccontextmanager
async def charts_at(address: Address, path: str) -> AsyncIterator[tuple[RunPanel, Sent]]:
    """A panel, and what its charts send."""
    async with panel_at(address, path) as panel:
        sent: Sent = []
        panel.compare.chart.send = lambda message, buffers=None: sent.append(message)
        yield panel, sent


@pytest.fixture
def runs(notebook_run: Callable[..., Run], kernel_store: Store) -> list[Run]:
    """Three runs with a parameter, a word and a metric of two steps."""
    made = []
    for number, model in enumerate(("tree", "net", "net")):
        run = notebook_run(f"{model} {number}", started_ms=1_000 + number)
        params = {"lr": str(10.0**-number), "model": model}
        kernel_store.runs.log_params(run.run_id, params)
        points = [
            MetricPoint("acc", 0.5 + number / 10 + step / 100, step=step, at_ms=2_000 + step)
            for step in range(2)
        ]
        kernel_store.metrics.append(run.run_id, points)
        made.append(run)
    return made


def tick(panel: RunPanel, runs: list[Run]) -> None:
    for run in runs:
        panel.selection.toggle(run.run_id)


def traces(sent: Sent, key: str) -> list[dict[str, Any]]:
    """The traces sent last under a key."""
    found = [m["figures"][key] for m in sent if m["type"] == "figures" and key in m["figures"]]
    return found[-1]["data"] if found else []


# F35 F36
def test_settings_change_what_is_drawn(
    *, address: Address, runs: list[Run], path: str, until: Until, say: Say
) -> None:
    async def look() -> None:
        async with charts_at(address, path) as (panel, sent):
            await until(lambda: panel.listing.feed.count == 3)
            tick(panel, runs)
            await until(lambda: len(traces(sent, "acc")) == 3)
            say(panel.compare.chart, type="set", settings={"smoothing": 0.6})
            await until(lambda: len(traces(sent, "acc")) == 6)
            say(panel.compare.chart, type="set", settings={"group": "params.model"})
            await until(lambda: len(panel.compare.chart.controls["legend"]) == 2)
            for kind, trace in (
                ("bar", "bar"),
                ("scatter", "scatter"),
                ("parallel", "parcoords"),
                ("box", "box"),
            ):
                say(panel.compare.chart, type="set", settings={"kind": kind})
                key = "acc" if kind == "bar" else kind
                await until(
                    lambda key=key, wanted=trace: (
                        [each["type"] for each in traces(sent, key)][:1] == [wanted]
                    )
                )
            say(panel.compare.chart, type="set", settings={"kind": "contour"})
            await until(lambda: "numbers and differ" in panel.compare.chart.caption)
            assert panel.selection.charts["kind"] == "contour"

    asyncio.run(look())


# F36
def test_a_brush_filters_the_list_until_it_is_cleared(
    *, address: Address, runs: list[Run], path: str, until: Until, say: Say
) -> None:
    async def look() -> None:
        async with charts_at(address, path) as (panel, sent):
            await until(lambda: panel.listing.feed.count == 3)
            say(panel.detail.switch, type="open")
            say(panel.compare.chart, type="set", settings={"kind": "parallel"})
            await until(lambda: traces(sent, "parallel"))
            say(panel.compare.chart, type="brush", ranges={"metrics.acc": [[0.6, 0.65]]})
            await until(lambda: panel.listing.feed.count == 1)
            assert panel.selection.brushed == (runs[1].run_id,)
            # What is brushed is still drawn whole, so that the brush can be moved.
            assert len(traces(sent, "parallel")[0]["dimensions"][0]["values"]) == 3
            say(panel.compare.chart, type="brush", ranges={})
            await until(lambda: panel.listing.feed.count == 3)
            say(panel.compare.chart, type="brush", ranges={"metrics.acc": [[9, 10]]})
            await until(lambda: panel.listing.feed.count == 0)
            assert panel.compare in panel.detail.children
            say(panel.compare.chart, type="set", settings={"kind": "scatter"})
            await until(lambda: panel.listing.feed.count == 3)
            say(panel.compare.chart, type="pick", run_id=runs[2].run_id)
            await until(lambda: panel.card in panel.detail.children)
            assert panel.compare in panel.detail.children

    asyncio.run(look())


# F35
def test_a_zoom_brings_the_points_that_were_left_out(
    *,
    address: Address,
    runs: list[Run],
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    long = [MetricPoint("long", float(step % 7), step=step, at_ms=step) for step in range(40_000)]
    for run in runs[:2]:
        kernel_store.metrics.append(run.run_id, long)

    async def look() -> None:
        async with charts_at(address, path) as (panel, sent):
            await until(lambda: panel.listing.feed.count == 3)
            tick(panel, runs[:2])
            panel.selection.metric = "long"
            await until(lambda: traces(sent, "long"))
            whole = traces(sent, "long")[0]["x"]
            assert len(whole) <= 1000
            say(panel.compare.chart, type="zoom", key="long", range=[10_000.2, 10_400.7])
            inside = range(10_001, 10_401)
            await until(lambda: set(inside) <= set(traces(sent, "long")[0]["x"]))
            assert traces(sent, "long")[0]["x"][0] == whole[0]
            say(panel.compare.chart, type="zoom", key="long", range=None)
            await until(lambda: traces(sent, "long")[0]["x"] == whole)

    asyncio.run(look())


def test_ticking_one_run_more_fetches_its_history_only(
    *, address: Address, runs: list[Run], path: str, until: Until
) -> None:
    async def look() -> None:
        async with charts_at(address, path) as (panel, sent):
            await until(lambda: panel.listing.feed.count == 3)
            client, asked = panel.listing.feed.client, []
            fetch = client.histories

            async def noted(run_ids: Any, key: str, **more: Any) -> Any:
                asked.append(list(run_ids))
                return await fetch(run_ids, key, **more)

            client.histories = noted  # type: ignore[method-assign]
            tick(panel, runs[:2])
            await until(lambda: len(traces(sent, "acc")) == 2)
            tick(panel, runs[2:])
            await until(lambda: len(traces(sent, "acc")) == 3)
            assert asked == [[runs[0].run_id, runs[1].run_id], [runs[2].run_id]]

    asyncio.run(look())


def test_all_metrics_have_a_chart_each(
    *,
    address: Address,
    runs: list[Run],
    kernel_store: Store,
    path: str,
    until: Until,
    say: Say,
) -> None:
    for number in range(20):
        kernel_store.metrics.append(runs[0].run_id, [MetricPoint(f"m{number:02}", 1.0, at_ms=9)])

    async def look() -> None:
        async with charts_at(address, path) as (panel, sent):
            await until(lambda: panel.listing.feed.count == 3)
            tick(panel, runs)
            say(panel.compare.chart, type="set", settings={"many": True})
            await until(lambda: sent and len(sent[-1].get("order", ())) == 12)
            assert panel.compare.chart.controls["more_metrics"] == 9
            say(panel.compare.chart, type="set", settings={"shown": 24})
            await until(lambda: len(sent[-1].get("order", ())) == 21)

    asyncio.run(look())


# F35
def test_a_chart_s_data_comes_as_a_file(
    *, address: Address, runs: list[Run], path: str, until: Until, say: Say
) -> None:
    def table(message: dict[str, Any]) -> list[list[str]]:
        return list(csv.reader(io.StringIO(message["text"])))

    async def look() -> None:
        async with charts_at(address, path) as (panel, sent):
            await until(lambda: panel.listing.feed.count == 3)
            tick(panel, runs[:2])
            await until(lambda: len(traces(sent, "acc")) == 2)
            say(panel.compare.chart, type="csv", key="acc")
            head, first, *rest = table(sent[-1])
            assert head == ["run", "run_id", "step", "acc"]
            assert first == ["tree 0", runs[0].run_id, "0", "0.5"]
            assert len(rest) == 3
            say(panel.compare.chart, type="set", settings={"kind": "scatter"})
            await until(lambda: traces(sent, "scatter"))
            say(panel.compare.chart, type="csv", key="scatter")
            assert table(sent[-1])[1] == ["tree 0", runs[0].run_id, "1.0", "0.51"]

    asyncio.run(look())
