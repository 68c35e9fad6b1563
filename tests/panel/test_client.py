"""The panel's calls, against a real server."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from nbruns.panel.client import Client
from nbruns.panel.connection import Address, Connection, Unreachable, find_address
from nbruns.panel.events import Events
from nbruns.records import MetricPoint, Run
from nbruns.store import Store

StartRun = Callable[..., Run]
Until = Callable[..., Awaitable[None]]
T = TypeVar("T")


def ask(address: Address, work: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
    async def asked() -> T:
        connection = Connection(address)
        try:
            return await work(Client(connection))
        finally:
            connection.close()

    return asyncio.run(asked())


def test_an_unknown_notebook_is_none(address: Address) -> None:
    assert ask(address, lambda client: client.find_notebook("nobody.ipynb")) is None


def test_a_notebook_leads_to_its_experiment(
    address: Address, notebook_run: StartRun, path: str
) -> None:
    run = notebook_run("one")
    notebook = ask(address, lambda client: client.find_notebook(path))

    assert notebook is not None
    assert notebook.experiment_id == run.experiment_id
    experiment = ask(address, lambda client: client.experiment(run.experiment_id))
    assert experiment.name == path.removesuffix(".ipynb")


def test_runs_come_whole_page_by_page(
    address: Address, notebook_run: StartRun, kernel_store: Store
) -> None:
    runs = [notebook_run(f"run-{number}", started_ms=1000 + number) for number in range(5)]
    kernel_store.metrics.append(runs[4].run_id, [MetricPoint("bad", math.nan, step=3, at_ms=5)])
    kernel_store.runs.log_params(runs[4].run_id, {"depth": "4"})

    async def both_pages(client: Client) -> list[Run]:
        order = ["attributes.start_time DESC"]
        first = await client.search_runs(runs[0].experiment_id, order=order, limit=3)
        token = first.next_token
        rest = await client.search_runs(runs[0].experiment_id, order=order, limit=3, token=token)
        assert rest.next_token is None
        return first.items + rest.items

    found = ask(address, both_pages)

    assert [run.name for run in found] == [f"run-{number}" for number in (4, 3, 2, 1, 0)]
    assert found[0].params == {"depth": "4"}
    assert math.isnan(found[0].metrics[0].value)


def test_some_runs_are_fetched_by_their_ids(address: Address, notebook_run: StartRun) -> None:
    runs = [notebook_run(f"run-{number}") for number in range(3)]
    wanted = {runs[0].run_id, runs[2].run_id}
    found = ask(address, lambda client: client.get_runs(runs[0].experiment_id, sorted(wanted)))

    assert {run.run_id for run in found} == wanted


def test_histories_of_several_runs_come_in_one_call(
    address: Address, notebook_run: StartRun, kernel_store: Store
) -> None:
    one, two, none = (notebook_run(name) for name in ("one", "two", "none"))
    for run, value in ((one, 1.0), (two, 2.0)):
        points = [MetricPoint("loss", value, step=step, at_ms=9) for step in range(3)]
        kernel_store.metrics.append(run.run_id, points)
    ids = [run.run_id for run in (one, two, none)]
    found = ask(address, lambda client: client.histories(ids, "loss"))

    assert {run_id: [p.value for p in points] for run_id, points in found.items()} == {
        one.run_id: [1.0] * 3,
        two.run_id: [2.0] * 3,
    }


def test_a_long_history_comes_thinned_with_its_newest_point(
    address: Address, notebook_run: StartRun, kernel_store: Store
) -> None:
    run = notebook_run("long")
    points = [MetricPoint("loss", step / 7, step=step, at_ms=step) for step in range(20_000)]
    kernel_store.metrics.append(run.run_id, points)
    found = ask(address, lambda client: client.histories([run.run_id], "loss"))[run.run_id]

    assert len(found) < 5_000
    assert found[-1].step == 19_999


def test_a_server_that_is_not_there_is_unreachable() -> None:
    nobody = Address("http://127.0.0.1:9/nbruns/", "x")
    with pytest.raises(Unreachable, match="does not answer"):
        ask(nobody, lambda client: client.find_notebook("a.ipynb"))


def test_a_wrong_secret_is_told_apart_from_missing_rights(address: Address) -> None:
    stranger = Address(address.url, "wrong")
    with pytest.raises(Unreachable, match="did not let the panel in"):
        ask(stranger, lambda client: client.find_notebook("a.ipynb"))


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        (
            {"NBRUNS_SERVER_URL": "http://h:1/base/nbruns", "NBRUNS_PANEL_TOKEN": "t"},
            Address("http://h:1/base/nbruns/", "t"),
        ),
        (
            {"NBRUNS_SERVER_URL": "http+unix://%2Frun%2Fj.sock/base/nbruns/"},
            Address("http://localhost/base/nbruns/", socket="/run/j.sock"),
        ),
    ],
)
def test_the_environment_names_the_server(environ: dict[str, str], address: Address) -> None:
    assert find_address(environ) == address


def test_a_kernel_without_a_server_says_what_to_set() -> None:
    with pytest.raises(Unreachable, match="NBRUNS_SERVER_URL"):
        find_address({})


def test_a_change_of_another_process_is_heard_within_a_second(
    address: Address, notebook_run: StartRun, kernel_store: Store, until: Until
) -> None:
    run = notebook_run("one")

    async def listen() -> None:
        heard: list[str] = []
        events = Events(Connection(address))
        stop = events.listen(lambda: heard.append("change"), lambda: heard.append("turn"))
        await until(lambda: "change" in heard)
        assert heard[0] == "turn"
        await asyncio.sleep(0.4)
        heard.clear()
        kernel_store.metrics.append(run.run_id, [MetricPoint("loss", 1.0, at_ms=1)])
        await until(lambda: "change" in heard, 1.0)
        stop()

    asyncio.run(listen())


def test_listening_begins_again_after_the_stream_was_lost(until: Until) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        # A message cut in two, as networks do.
        writer.write(b"event: cha")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b'nge\ndata: {"version": 1}\n\n')
        await writer.drain()
        writer.close()

    async def listen() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        events = Events(Connection(Address(f"http://127.0.0.1:{port}/")))
        turns: list[bool] = []
        changes: list[int] = []
        stop = events.listen(lambda: changes.append(1), lambda: turns.append(events.connected))
        await until(lambda: len(changes) >= 2)
        stop()
        server.close()
        assert turns[:3] == [True, False, True]

    asyncio.run(listen())
    assert connections >= 2


def test_a_silent_stream_is_given_up(until: Until) -> None:
    connections = 0

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(60)

    async def listen() -> None:
        server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        events = Events(Connection(Address(f"http://127.0.0.1:{port}/")), silence_s=0.1)
        stop = events.listen(lambda: None, lambda: None)
        await until(lambda: connections >= 2)
        stop()
        server.close()

    asyncio.run(listen())
