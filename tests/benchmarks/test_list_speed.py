"""The panel's list over a real server: from a click to the rows it shows.

Everything but the browser is real: the panel's own Python asks a Jupyter server whose store
holds 10,000 and 100,000 runs with 20 params, 20 metrics and 5 tags each.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filled_store import filled

from nbruns.panel.connection import Address, Connection
from nbruns.panel.run_panel import RunPanel

Say = Callable[[str], None]
CLICKS: list[tuple[str, str, dict[str, Any]]] = [
    ("sort by a metric", "list", {"type": "sort", "column": "metrics.`m03`"}),
    ("turn the order round", "list", {"type": "sort", "column": "metrics.`m03`"}),
    ("show its largest value", "toolbar", {"type": "aggregate", "key": "m03", "value": "max"}),
    ("sort by a param", "list", {"type": "sort", "column": "params.`p02`"}),
    ("sort by duration", "list", {"type": "sort", "column": "attributes.duration"}),
    (
        "filter by a metric and a param",
        "toolbar",
        {"type": "filter", "text": "metrics.m03 > 0.5 and params.p02 = '3'"},
    ),
    ("filter by a metric", "toolbar", {"type": "filter", "text": "metrics.m04 > 0.5"}),
    ("filter by a word", "toolbar", {"type": "filter", "text": "99"}),
    ("no filter", "toolbar", {"type": "filter", "text": ""}),
    ("jump to the middle", "list", {"type": "look", "first": 5_000, "count": 45}),
]


@pytest.fixture(scope="module", params=[10_000, 100_000])
def serving(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_server: Any
) -> tuple[int, Any]:
    """A Jupyter server with that many runs."""
    folder: Path = tmp_path_factory.mktemp("filled")
    store = filled(folder, request.param)
    store.close()
    server = new_server()
    server.stop()
    shutil.move(folder / "nbruns.db", server.home / "nbruns.db")
    server.start()
    return request.param, server


def size_of(rows: Any) -> int:
    """Bytes of the JSON that goes to the browser."""
    return len(json.dumps(rows))


async def until(changed: Callable[[], object]) -> None:
    """Wait until something is so, in steps too short to be felt."""
    end = time.monotonic() + 20
    while not changed():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.001)


def test_every_click_on_the_list_is_answered(serving: tuple[int, Any], say: Say) -> None:
    count, server = serving

    async def click_through() -> None:
        connection = Connection(Address(f"{server.url}/", server.token))
        # Somebody has looked at the runs before: the server has its store open.
        await connection.post("api/1.0/runs/list", {"experiment_id": "0"})
        start = time.perf_counter()
        panel = RunPanel(None, connection=connection, state={"experiment_id": "0"})
        await until(lambda: panel.list.window["rows"])
        took = (time.perf_counter() - start) * 1000
        say(f"{count:,} runs, open the list: {took:.0f} ms, {size_of(panel.list.window):,} bytes")
        assert panel.list.window["total"] == count
        for what, part, message in CLICKS:
            before = panel.list.window
            place = {"first": count // 2} if message["type"] == "look" else {}
            start = time.perf_counter()
            getattr(panel, part)._handle_custom_msg({"final": True, **message, **place}, [])
            await until(lambda before=before: settled(panel, before))  # type: ignore[misc]
            took = (time.perf_counter() - start) * 1000
            say(f"{count:,} runs, {what}: {took:.0f} ms, {size_of(panel.list.window):,} bytes")
            assert len(panel.list.window["rows"]) >= 40
        panel.close_all()
        connection.close()

    asyncio.run(click_through())


def settled(panel: RunPanel, before: object) -> bool:
    """Whether other rows are shown, and all of them."""
    window = panel.list.window
    return window is not before and None not in window["rows"] and bool(window["rows"])
