"""The processes that hold one version of a model, and who of them takes the next request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping

from nbruns.endpoints.serving import Standing
from nbruns.errors import InvalidState
from nbruns.server.serving.log import Log
from nbruns.server.serving.refusals import sentence_of
from nbruns.server.serving.worker import Worker, said_of

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0
# A process that ran that long did not end because of how it was started.
_SETTLED_S = 120.0


class Crew:
    """Some processes alike; one that ends is replaced, each time after a longer pause."""

    def __init__(
        self, standing: Standing, python: str, log: Log, *, workers: int, patience_s: float
    ) -> None:
        self.standing = standing
        self._python = python
        self._log = log
        self._count = workers
        self._patience_s = patience_s
        self._keeping: list[asyncio.Task[None]] = []
        self._is_idle = asyncio.Event()
        self._in_flight = 0
        self.workers: list[Worker] = []
        # Told of each end, and of each return.
        self.on_change: Callable[[str | None], None] = lambda error: None

    async def start(self) -> None:
        """Load and try the model in each process; InvalidState where that fails."""
        starting = [asyncio.create_task(self._new_worker()) for _ in range(self._count)]
        try:
            self.workers = [*await asyncio.gather(*starting)]
        except BaseException:
            # One that cannot do it must leave none of the others behind.
            for task in starting:
                task.cancel()
            started = await asyncio.gather(*starting, return_exceptions=True)
            await asyncio.gather(*(one.stop() for one in started if isinstance(one, Worker)))
            raise
        self._keeping = [asyncio.create_task(self._keep(i)) for i in range(self._count)]

    @contextlib.contextmanager
    def taking(self) -> Iterator[Worker]:
        """The least busy process, for one request; InvalidState while none is up."""
        up = [worker for worker in self.workers if worker.is_up]
        if not up:
            raise InvalidState("none of its processes is up")
        worker = min(up, key=lambda one: one.in_flight)
        worker.in_flight += 1
        self._in_flight += 1
        self._is_idle.clear()
        try:
            yield worker
        finally:
            worker.in_flight -= 1
            self._in_flight -= 1
            if not self._in_flight:
                self._is_idle.set()

    async def drain(self, patience_s: float) -> None:
        """Let the requests it has be answered, then stop."""
        if self._in_flight:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._is_idle.wait(), patience_s)
        await self.stop()

    async def stop(self) -> None:
        """End all processes."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self.workers))

    async def _new_worker(self) -> Worker:
        worker = Worker(self._log)
        try:
            await worker.start(self._python, self.standing.files.folder, self._patience_s)
            await asyncio.wait_for(self._try(worker), self._patience_s)
        except asyncio.TimeoutError:
            await worker.stop()
            raise InvalidState("The model did not answer its input example in time") from None
        except BaseException:
            await worker.stop()
            raise
        return worker

    async def _try(self, worker: Worker) -> None:
        """See that a process answers, and predicts the example the model was logged with."""
        status, _ = await ask(worker, "GET", "/ping")
        if status != 200:
            raise InvalidState(f"The model's process answers {status} when it is asked how it is")
        example = self.standing.files.example
        if example is not None:
            status, body = await ask(worker, "POST", "/invocations", example)
            if status != 200:
                raise InvalidState(
                    f"The model does not predict its own input example: {sentence_of(body)}"
                )

    async def _keep(self, place: int) -> None:
        """Replace the process at a place whenever it ends."""
        pause_s = _FIRST_PAUSE_S
        while True:
            begun = time.monotonic()
            worker = self.workers[place]
            await worker.ended.wait()
            if time.monotonic() - begun > _SETTLED_S:
                pause_s = _FIRST_PAUSE_S
            error = f"The model's process ended ({said_of(worker.exit_code or 0)})"
            while True:
                self._log.add(f"{error}; another one is started in {pause_s:g} s")
                self.on_change(error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                try:
                    self.workers[place] = await self._new_worker()
                    break
                except (InvalidState, OSError) as failure:
                    error = str(failure)
            self.on_change(None)


class _Heard:
    """An answer, whole."""

    def __init__(self) -> None:
        self.status = 0
        self.body = bytearray()

    def headers_received(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status

    async def data_received(self, piece: bytes) -> None:
        self.body += piece


async def ask(worker: Worker, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Status and body of a call of ours; InvalidState where the process does not answer."""
    headers, heard = worker.head(), _Heard()
    if body:
        headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(body))
    assert worker.connections is not None
    try:
        exchange = await worker.connections.open()
        try:
            await exchange.begin(method, path, headers, body)
            await exchange.answer(heard)
        finally:
            worker.connections.put_back(exchange)
    except OSError as error:
        raise InvalidState("The model's process ended while it was tried out") from error
    return heard.status, bytes(heard.body)
