"""Scorings the server has started: each a process of its own, which ends with the server.

A job is kept here from its start until its run tells the rest: from then on everybody, and
a server that was started again, knows it by the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbruns.errors import InvalidState, NotFound
from nbruns.identity import new_id, now_ms, user_name
from nbruns.server.child_environment import without_ways_in

MOST_AT_ONCE = 4
MOST_REMEMBERED = 50
_PATIENCE_S = 15.0
_LAST_PATIENCE_S = 10.0
_LOOK_PATIENCE_S = 60.0
_LINE_BYTES = 8 * 1024 * 1024
_IS_WINDOWS = os.name == "nt"
_OVER = ("finished", "failed", "cancelled", "refused")
_WORKER = ("-m", "nbruns.scoring.worker")
_log = logging.getLogger("nbruns")


@dataclass
class Job:
    """A scoring and how far it is."""

    wish: dict[str, Any]
    shown: dict[str, Any]
    job_id: str = field(default_factory=new_id)
    started_ms: int = field(default_factory=now_ms)
    ended_ms: int | None = None
    said: dict[str, Any] = field(default_factory=lambda: {"state": "starting"})
    process: asyncio.subprocess.Process | None = None
    reader: asyncio.Task[None] | None = None
    last_words: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it goes on no more."""
        return self.said["state"] in _OVER

    @property
    def run_id(self) -> str:
        """Its run, once it has one."""
        return str(self.said.get("run_id") or "")

    def wire(self) -> dict[str, Any]:
        """As `endpoints/scoring.py` tells of runs."""
        empty = {"run_id": "", "rows": 0, "total": 0, "per_second": 0.0, "message": ""}
        return {
            **empty,
            **self.shown,
            **self.said,
            "job_id": self.job_id,
            "user": self.wish["user"] or user_name(),
            "started_ms": self.started_ms,
            "ended_ms": self.ended_ms,
            "is_ours": not self.is_over,
        }

    def hear(self, said: dict[str, Any]) -> None:
        """Take what the process tells of itself; what was known before stays known."""
        self.said |= {name: value for name, value in said.items() if value or name != "run_id"}
        if self.is_over and self.ended_ms is None:
            self.ended_ms = now_ms()


class ScoringJobs:
    """All jobs of this server, newest last."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._later: set[asyncio.Task[None]] = set()

    async def look(self, wish: dict[str, Any]) -> dict[str, Any]:
        """What a file's columns are to a model; what is refused is told under 'message'."""
        process = await self._process(wish)
        assert process.stdout is not None
        try:
            # `communicate` would close its input, from Python 3.12 on: to the process the
            # server has ended then.
            answer = await asyncio.wait_for(process.stdout.read(), _LOOK_PATIENCE_S)
        except asyncio.TimeoutError:
            raise InvalidState("The columns could not be read within a minute") from None
        finally:
            _kill_all(process)
        lines = answer.decode().splitlines()
        if not lines:
            raise InvalidState("The columns could not be read: see the server's log")
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    async def start(self, wish: dict[str, Any], shown: dict[str, Any]) -> Job:
        """Begin a scoring; InvalidState while there are too many."""
        if sum(not job.is_over for job in self._jobs.values()) >= MOST_AT_ONCE:
            raise InvalidState(f"{MOST_AT_ONCE} scorings run already: wait for one, or cancel it")
        job = Job(wish, shown)
        self._jobs[job.job_id] = job
        self._forget()
        try:
            job.process = await self._process(wish)
        except OSError as error:
            # Else it would be one of those that run, for ever.
            del self._jobs[job.job_id]
            raise InvalidState(f"The scoring could not be started: {error}") from error
        job.reader = asyncio.create_task(self._read(job))
        return job

    def find(self, job_id: str) -> Job | None:
        """A job by its own id or its run's."""
        found = self._jobs.get(job_id)
        return found or next((j for j in self._jobs.values() if j.run_id == job_id), None)

    def cancel(self, job_id: str, user: str) -> Job:
        """Stop a job; its run says who did. NotFound for one that is not this server's."""
        job = self.find(job_id)
        if job is None:
            raise NotFound(
                f"No scoring '{job_id[:80]}' of this server: one that a notebook or a shell has "
                "begun is interrupted there"
            )
        if not job.is_over:
            self._stop(job, f"cancelled by {user}")
        return job

    def experiments_of(self, name: str) -> list[str]:
        """Where the runs of jobs with a model go."""
        jobs = (job.shown for job in self._jobs.values())
        return sorted({str(shown["experiment"]) for shown in jobs if shown["name"] == name})

    def merged(self, found: dict[str, Any], name: str, version: str) -> list[dict[str, Any]]:
        """The jobs of a model's runs, newest first, with what only the server knows of them.

        One that has no run is told to whoever may read the experiment that it is for.
        """
        told = [
            job
            for job in self._jobs.values()
            if job.shown["name"] == name and version in ("", job.shown["version"])
        ]
        by_run = {job.run_id: job for job in told if job.run_id}
        seen = found["experiments"]
        jobs = [job.wire() for job in told if not job.run_id and job.shown["experiment"] in seen]
        jobs += [_with(run, by_run.get(run["run_id"])) for run in found["jobs"]]
        return sorted(jobs, key=lambda job: job["started_ms"] or 0, reverse=True)

    async def close(self) -> None:
        """Stop all of them: the server ends."""
        going = [job for job in self._jobs.values() if not job.is_over]
        for job in going:
            if job.process is not None and job.process.stdin is not None:
                job.process.stdin.close()
        readers = [job.reader for job in going if job.reader is not None]
        if readers:
            await asyncio.wait(readers, timeout=_LAST_PATIENCE_S)
        for job in going:
            _kill(job)

    def _stop(self, job: Job, reason: str) -> None:
        job.said["message"] = reason
        if job.process is None or job.process.stdin is None:
            return
        job.process.stdin.write(json.dumps({"reason": reason}).encode() + b"\n")
        task = asyncio.create_task(_insist(job))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _process(self, wish: dict[str, Any]) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *_WORKER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if wish["task"] == "score" else None,
            env=self._environment(),
            # Else a folder of notebooks with a `pandas.py` in it would break it.
            cwd=self.home,
            limit=_LINE_BYTES,
            # What a terminal sends the server on Ctrl-C is not for its scorings.
            start_new_session=not _IS_WINDOWS,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(wish).encode() + b"\n")
        return process

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in without_ways_in(os.environ).items() if not k.startswith("MLFLOW_")}
        return kept | {
            "NBRUNS_HOME": str(self.home),
            "NBRUNS_AUTOLOG": "off",
            "MLFLOW_TRACKING_URI": "nbruns:",
            "MLFLOW_REGISTRY_URI": "nbruns:",
        }

    async def _read(self, job: Job) -> None:
        """Follow a process to its end."""
        process = job.process
        assert process is not None
        assert process.stdout is not None
        errors = asyncio.create_task(_last_words(job))
        async for line in process.stdout:
            job.hear(json.loads(line))
        await errors
        code = await process.wait()
        if not job.is_over:
            _log.error("A scoring ended without a word (%s):\n%s", code, job.last_words)
            job.hear({"state": "failed", "message": _died(code)})

    def _forget(self) -> None:
        over = [job_id for job_id, job in self._jobs.items() if job.is_over]
        for job_id in over[: max(0, len(self._jobs) - MOST_REMEMBERED)]:
            del self._jobs[job_id]


def _with(run: dict[str, Any], job: Job | None) -> dict[str, Any]:
    """A run's job: while it goes on, the process knows better than what it has written.

    A run that has ended is given its reason and its file by the process's last steps.
    """
    if job is None or job.is_over:
        return run
    newer = {name: job.said[name] for name in ("rows", "per_second") if name in job.said}
    return run | newer | {"state": "scoring", "is_ours": True}


async def _last_words(job: Job) -> None:
    """Keep the end of what a process writes on its error stream."""
    assert job.process is not None
    stream = job.process.stderr
    while stream is not None and (part := await stream.read(4096)):
        job.last_words = (job.last_words + part.decode("utf-8", "replace"))[-4000:]


async def _insist(job: Job) -> None:
    """A model may be deep in its own code, and never look up."""
    if job.reader is not None:
        await asyncio.wait([job.reader], timeout=_PATIENCE_S)
    _kill(job)


def _kill(job: Job) -> None:
    if job.process is not None:
        _kill_all(job.process)


def _kill_all(process: asyncio.subprocess.Process) -> None:
    """End a process that has not ended, with those its model has started."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if _IS_WINDOWS:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _died(code: int) -> str:
    if code == -9:
        return "The process was killed, as the system does when memory runs out"
    return f"The process ended with code {code}: see the server's log"
