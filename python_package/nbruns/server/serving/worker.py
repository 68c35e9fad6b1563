"""One process in which a model is loaded and answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from nbruns import served_model
from nbruns.errors import InvalidState
from nbruns.server.child_environment import NOT_INHERITED, without_ways_in
from nbruns.server.serving.connections import Connections
from nbruns.server.serving.log import Log

SECRET_HEADER = "X-Nbruns-Worker"
PROGRAM = Path(str(served_model.__file__)).parent
_LONGEST_LINE = 16_384
_GRACE_S = 5.0


class Worker:
    """A running process; it ends with the server, however that ends."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._mark = f"nbruns-{secrets.token_hex(8)}:"
        self._secret = secrets.token_urlsafe()
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._process: subprocess.Popen[bytes] | None = None
        self.connections: Connections | None = None
        self.ended = asyncio.Event()
        self.exit_code: int | None = None
        self.in_flight = 0

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return None if self._process is None else self._process.pid

    @property
    def is_up(self) -> bool:
        """Whether it has loaded its model and runs."""
        return self.connections is not None and not self.ended.is_set()

    def head(self) -> dict[str, str]:
        """The headers that every request to it needs."""
        return {SECRET_HEADER: self._secret, "Host": "127.0.0.1"}

    async def start(self, python: str, model: Path, patience_s: float) -> None:
        """Start the process; returns when the model is loaded, InvalidState when it cannot be."""
        self._process = await asyncio.to_thread(_launch, python)
        # Not of the loop's few threads: it is there as long as the process.
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        self._order({"model": str(model), "mark": self._mark, "secret": self._secret})
        try:
            told = await asyncio.wait_for(asyncio.shield(self._told), patience_s)
        except asyncio.TimeoutError:
            raise InvalidState(f"The model was not loaded within {patience_s:.0f} s") from None
        if "port" not in told:
            raise InvalidState(_why(told))
        self.connections = Connections(told["port"])

    async def stop(self) -> None:
        """Ask the process to end, and make it."""
        if self.connections is not None:
            self.connections.close()
        if self._process is None or self.ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self.ended.wait(), _GRACE_S)
        except asyncio.TimeoutError:
            self._kill()
            await self.ended.wait()
        except asyncio.CancelledError:
            self._kill()
            raise

    def _kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def _order(self, orders: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        # It may have ended already; the log then says of what.
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(orders).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Keep what the process writes until it ends; on a thread of its own."""
        assert process.stdout is not None
        mark = self._mark.encode()
        for line in _lines(process.stdout):
            if line.startswith(mark):
                self._say(self._hear, json.loads(line[len(mark) :]))
            else:
                self._log.add(line.decode("utf-8", "replace"), f"{process.pid}")
        self._say(self._end, process.wait())

    def _say(self, what: Any, *told: Any) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *told)

    def _hear(self, told: dict[str, Any]) -> None:
        if not self._told.done():
            self._told.set_result(told)

    def _end(self, code: int) -> None:
        self.exit_code = code
        self.ended.set()
        self._hear({"error": f"The model's process ended while it loaded ({said_of(code)})"})
        assert self._process is not None
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def _launch(python: str) -> subprocess.Popen[bytes]:
    kept = without_ways_in(os.environ)
    if python != sys.executable:
        kept = {k: v for k, v in kept.items() if k not in NOT_INHERITED}
    kept |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    options: dict[str, Any] = {}
    # What a terminal sends the server on Ctrl-C is not for its models.
    if os.name == "nt":
        options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    else:
        options["start_new_session"] = True
    return subprocess.Popen(
        [python, str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=kept,
        **options,
    )


def _lines(pipe: IO[bytes]) -> Any:
    return iter(lambda: pipe.readline(_LONGEST_LINE), b"")


def _why(told: dict[str, Any]) -> str:
    error = str(told.get("error"))
    if missing := told.get("missing"):
        return (
            f"The model needs the package '{str(missing).partition('.')[0]}', which this Python "
            f"does not have ({error}). Install it beside the server, or serve the model with "
            "environment 'isolated'"
        )
    return f"The model cannot be loaded: {error}"


def said_of(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
