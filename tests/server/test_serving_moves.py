"""What is served while its target moves, its store is busy or it is stopped: no race is won twice.

In place of Python and a model stands a program of a few lines that answers as they do.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from nbruns.endpoints.model_files import ModelFiles
from nbruns.endpoints.serving import Standing, Target
from nbruns.errors import NotFound, StoreBusy
from nbruns.server.serving.options import Options
from nbruns.server.serving.served import Served

PROGRAM = """\
import http.server, json, os, sys, threading, time

orders = json.loads(sys.stdin.buffer.readline())
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
{behaviour}

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
print(f"\\n{{orders['mark']}}{{json.dumps({{'port': server.server_port}})}}", flush=True)
server.serve_forever()
"""


class Bench:
    """A served alias, whose versions load as a test says."""

    def __init__(self, folder: Path, behaviour: str, workers: int) -> None:
        self.folder = folder
        (folder / "program.py").write_text(PROGRAM.format(behaviour=behaviour))
        self.python = folder / "python"
        self.python.write_text(f"#!/bin/sh\nexec {sys.executable} {folder / 'program.py'}\n")
        self.python.chmod(0o755)
        options = Options(workers, "here", "ada", patience_s=30)
        self.served = Served(Target("m", alias="a"), options, self.find_python, lambda: None)

    async def find_python(self, *_: object) -> str:
        return str(self.python)

    def standing(self, version: int) -> Standing:
        return Standing(version, ModelFiles(self.folder / str(version)))

    def at(self, version: int) -> Callable[[], Awaitable[Standing]]:
        async def found() -> Standing:
            return self.standing(version)

        return found

    async def until(self, version: int, state: str = "healthy") -> None:
        end_s = time.monotonic() + 30
        while (self.served.state, self.served.version) != (state, version):
            assert time.monotonic() < end_s, self.served.to_wire()
            await asyncio.sleep(0.01)

    @property
    def answering(self) -> str | None:
        answering = self.served.to_wire()["version"]
        return None if self.served.crew is None else answering


# Version 2 takes its time until a file says that it may load.
WAITING = """
while orders["model"].endswith("/2") and not os.path.exists(orders["model"] + "-may-load"):
    time.sleep(0.01)
"""


def run(
    folder: Path,
    story: Callable[[Bench], Awaitable[None]],
    behaviour: str = WAITING,
    workers: int = 1,
) -> None:
    async def told() -> None:
        bench = Bench(folder, behaviour, workers)
        try:
            await story(bench)
        finally:
            await bench.served.stop()

    asyncio.run(told())


def test_what_is_stopped_while_its_alias_moves_stays_stopped(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.served.begin(bench.standing(1))
        await bench.until(1)
        is_asked, may_answer = asyncio.Event(), asyncio.Event()

        async def late() -> Standing:
            is_asked.set()
            await may_answer.wait()
            return bench.standing(3)

        following = asyncio.create_task(bench.served.follow(3, late))
        await is_asked.wait()
        await bench.served.stop()
        may_answer.set()
        await following

        for _ in range(100):
            assert bench.served.state == "stopped"
            assert bench.served.crew is None
            await asyncio.sleep(0.01)

    run(tmp_path, story)


def test_a_store_that_is_busy_refuses_no_version(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        async def busy() -> Standing:
            raise StoreBusy("busy")

        bench.served.begin(bench.standing(1))
        await bench.until(1)
        with pytest.raises(StoreBusy):
            await bench.served.follow(3, busy)
        await bench.served.follow(3, bench.at(3))
        await bench.until(3)

    run(tmp_path, story)


def test_an_alias_that_goes_and_comes_back_is_served_where_it_stands(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        served = bench.served
        served.begin(bench.standing(1))
        await bench.until(1)
        await served.follow(2, bench.at(2))
        await served.lost("the alias is gone")
        assert "Version 1 is served on" in served.doing
        await served.follow(1, bench.at(1))
        (tmp_path / "2-may-load").touch()

        for _ in range(100):
            assert bench.answering == "1"
            await asyncio.sleep(0.01)
        assert served.doing == ""
        assert served.to_wire()["next_version"] is None

    run(tmp_path, story)


def test_a_version_that_was_refused_is_tried_again_after_a_way_round(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        async def without_files() -> Standing:
            raise NotFound("no MLmodel")

        served = bench.served
        served.begin(bench.standing(1))
        await bench.until(1)
        await served.follow(3, without_files)
        assert "moved to version 3, which cannot be served" in served.doing
        await served.follow(1, bench.at(1))
        assert served.doing == ""
        await served.follow(3, bench.at(3))
        await bench.until(3)

    run(tmp_path, story)


def test_a_model_s_code_is_given_no_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "a-way-in")
    monkeypatch.setenv("PYTHONPATH", "packages-of-the-server")
    monkeypatch.setenv("CITY", "Ulm")
    tells = f"open({str(tmp_path / 'told')!r}, 'w').write(json.dumps(dict(os.environ)))"

    async def story(bench: Bench) -> None:
        bench.served.begin(bench.standing(1))
        await bench.until(1)

    run(tmp_path, story, tells)
    told = json.loads((tmp_path / "told").read_text())
    assert "a-way-in" not in told.values()
    assert "PYTHONPATH" not in told
    assert told["CITY"] == "Ulm"


def test_one_process_that_fails_takes_the_others_with_it(tmp_path: Path) -> None:
    one_fails = """
try:
    os.mkdir(orders["model"] + "-first")
except FileExistsError:
    time.sleep(60)
os._exit(3)
"""

    async def story(bench: Bench) -> None:
        bench.served.begin(bench.standing(1))
        await bench.until(1, "failing")

        assert "exit code 3" in bench.served.doing
        program = str(tmp_path / "program.py")
        # Of a process that ends at this moment there is no command line.
        left = [p for p in psutil.process_iter(["cmdline"]) if program in (p.info["cmdline"] or ())]
        assert left == []

    run(tmp_path, story, one_fails, workers=3)
