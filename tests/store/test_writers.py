"""Several writers and sudden death: every acknowledged point is there, nothing is locked out."""

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nbruns.records import Run
from nbruns.store import Store

LOG_AT_FULL_SPEED = """
import sys, time
from pathlib import Path
from nbruns.store import Store

home, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
store = Store.open(home)
run = store.runs.create("0", name=name)
took, step, until = [], 0, time.perf_counter() + seconds
while (now := time.perf_counter()) < until:
    store.metrics.log(run.run_id, "loss", step * 0.5, step, step)
    took.append(time.perf_counter() - now)
    step += 1
took.sort()
print(run.run_id, step, took[int(len(took) * 0.99)])
"""

LOG_AND_SAY_SO = """
import sys
from pathlib import Path
from nbruns.store import Store

store = Store.open(Path(sys.argv[1]))
run = store.runs.create("0", name="victim")
print(run.run_id, flush=True)
step = 0
while True:
    store.metrics.log(run.run_id, "loss", step * 0.5, step, step)
    store.runs.log_batch(run.run_id, params={f"p{step}": "1"}, tags={"last": str(step)})
    print(step, flush=True)
    step += 1
"""


OPEN_IN_THE_MIDDLE_OF_A_FORK = """
import os, sys
from pathlib import Path

home, opened = Path(sys.argv[1]), []
# Called after the store's own: what was registered last is called first.
os.register_at_fork(before=lambda: opened.append(Store.open(home)))
from nbruns.store import Store

store = Store.open(home)
child = os.fork()
if child == 0:
    opened[0].runs.create("0", name="of the child")
    os._exit(0)
print(os.waitpid(child, 0)[1], opened[0].runs.create("0").name != "")
"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_eight_processes_at_full_speed_lose_no_point(
    store: Store, home: Path, record_property: Callable[[str, object], None]
) -> None:
    writers = [python(LOG_AT_FULL_SPEED, home, f"w{number}", 4) for number in range(8)]
    slowest = []
    for writer in writers:
        out, err = writer.communicate(timeout=60)
        assert writer.returncode == 0, err
        run_id, count, p99 = out.split()
        slowest.append(float(p99) * 1000)
        rows, _ = store.metrics.history_rows(run_id, "loss")
        assert [row[1] for row in rows] == list(range(int(count)))
    record_property("p99_ms", statistics.median(slowest))
    print(f"p99 of a call, 8 writers: {statistics.median(slowest):.2f} ms")

    assert store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)


def test_processes_logging_one_metric_of_one_run_lose_no_point(
    store: Store, home: Path, run: Run
) -> None:
    script = """
import sys
from pathlib import Path
from nbruns.store import Store

store = Store.open(Path(sys.argv[1]))
for step in range(600):
    store.metrics.log(sys.argv[2], "loss", float(sys.argv[3]), step, step)
"""
    writers = [python(script, home, run.run_id, number) for number in range(4)]
    for writer in writers:
        _, err = writer.communicate(timeout=60)
        assert writer.returncode == 0, err
    rows, _ = store.metrics.history_rows(run.run_id, "loss")

    assert len(rows) == len(set(rows)) == 2400
    assert len(store.metrics.sampled([run.run_id], "loss", points=5000)) == 2400


def test_opening_a_new_home_from_many_processes_at_once(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from nbruns.store import Store

print(Store.open(Path(sys.argv[1])).experiments.get("0").name)
"""
    opened = [python(script, tmp_path / "new") for _ in range(6)]

    assert [process.communicate(timeout=60)[0].strip() for process in opened] == ["Default"] * 6


def test_a_killed_writer_loses_nothing_it_was_told_is_kept(home: Path) -> None:
    Store.open(home).close()
    for attempt in range(12):
        writer = python(LOG_AND_SAY_SO, home)
        assert writer.stdout is not None
        run_id = writer.stdout.readline().strip()
        for _ in range(3):
            writer.stdout.readline()
        time.sleep(0.01 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        said = re.findall(r"^(\d+)\n", writer.stdout.read(), re.MULTILINE)
        writer.wait()
        if writer.stderr is not None:
            writer.stderr.close()
        last = int(said[-1]) if said else 2

        store = Store.open(home)
        rows, _ = store.metrics.history_rows(run_id, "loss")
        kept = store.runs.get(run_id)
        assert [row[1] for row in rows][: last + 1] == list(range(last + 1))
        assert len(rows) <= last + 3
        assert {f"p{step}" for step in range(last + 1)} <= set(kept.params)
        assert int(kept.tags["last"]) >= last
        assert store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)
        assert store.db.conn.execute("pragma foreign_key_check").fetchall() == []
        store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are of POSIX")
def test_a_forked_child_has_a_connection_of_its_own(store: Store, run: Run) -> None:
    store.metrics.log(run.run_id, "m", 0.0, 0, 0)
    before = store.db.conn
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for step in range(1, 200):
                store.metrics.log(run.run_id, "m", 1.0, step, 1)
            code = 0
        finally:
            os._exit(code)
    for step in range(1, 200):
        store.metrics.log(run.run_id, "m", 2.0, step, 2)

    assert os.waitpid(child, 0)[1] == 0
    assert store.db.conn is not before
    assert len(store.metrics.history(run.run_id, "m").items) == 399
    assert store.db.conn.execute("pragma integrity_check").fetchone() == ("ok",)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are of POSIX")
def test_a_store_opened_in_the_middle_of_a_fork_serves_both_sides(home: Path) -> None:
    said, complained = python(OPEN_IN_THE_MIDDLE_OF_A_FORK, home).communicate(timeout=60)

    assert complained == ""
    assert said == "0 True\n"
