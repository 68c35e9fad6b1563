"""Leases: a process that runs holds its own, whatever its number, host or clock say."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nbruns.server.closing import close_abandoned
from nbruns.store import Store
from nbruns.store.leases import Leases

HOLD = """
import sys
from nbruns.store.leases import Leases
from pathlib import Path
print(Leases(Path(sys.argv[1])).own(), flush=True)
sys.stdin.read()
"""


LOOK = """
import sys
from nbruns.store.leases import Leases
from pathlib import Path
for lease in sys.argv[2:]:
    print(Leases(Path(sys.argv[1])).is_held(lease))
"""


def seen_elsewhere(home: Path, *leases: str) -> list[str]:
    """Whether another process takes leases for held."""
    asked = [sys.executable, "-c", LOOK, str(home), *leases]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


class Holder:
    """Another process that holds a lease."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.lease = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holder(store: Store) -> Holder:
    holder = Holder(store.home)
    yield holder
    holder.kill()


def test_a_lease_is_held_until_its_process_is_killed(store: Store, holder: Holder) -> None:
    assert store.leases.is_held(holder.lease)
    assert store.leases.is_held(holder.lease)

    holder.kill()

    assert not store.leases.is_held(holder.lease)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a system without SIGSTOP")
def test_a_process_that_sleeps_keeps_its_lease(store: Store, holder: Holder) -> None:
    holder.process.send_signal(signal.SIGSTOP)
    run_id = left_open(store, lease=holder.lease)
    close_abandoned(store, None)

    assert store.runs.get(run_id).status == "RUNNING"


def test_the_own_one_stays_held_while_it_is_looked_at(store: Store, home: Path) -> None:
    mine = store.leases.own()
    assert mine is not None
    assert store.leases.own() == mine
    assert store.leases.is_held(mine)
    store.leases.discard_ended()

    assert seen_elsewhere(home, mine) == ["True"]


def test_a_home_spelled_in_two_ways_keeps_both_leases(store: Store, tmp_path: Path) -> None:
    linked = tmp_path / "link"
    linked.symlink_to(store.home, target_is_directory=True)
    mine, again = store.leases.own(), Leases(linked).own()
    assert mine is not None
    assert again is not None
    store.leases.discard_ended()

    assert seen_elsewhere(store.home, mine, again) == ["True", "True"]


def test_a_home_that_was_deleted_gets_a_new_lease(store: Store) -> None:
    before = store.leases.own()
    shutil.rmtree(store.leases.folder)
    now = store.leases.own()

    assert now is not None
    assert now != before
    assert seen_elsewhere(store.home, now) == ["True"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_forked_child_has_one_of_its_own(store: Store) -> None:
    mine = store.leases.own()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(store.leases.own()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 100).decode()

    assert theirs != mine
    assert mine is not None
    assert (store.leases.is_held(mine), store.leases.is_held(theirs)) == (True, False)


def test_files_of_processes_that_ended_are_removed(store: Store, holder: Holder) -> None:
    ended = Holder(store.home)
    ended.kill()
    store.leases.discard_ended()

    assert [file.name for file in store.leases.folder.iterdir()] == [holder.lease]


@pytest.mark.parametrize("odd", ["../nbruns.db", "x", "0" * 33])
def test_what_is_no_lease_is_not_looked_at(store: Store, odd: str) -> None:
    assert store.leases.is_held(odd)


def left_open(store: Store, **tags: str) -> str:
    return store.runs.create("0", tags={f"nbruns.{key}": tags[key] for key in tags}).run_id


@pytest.mark.parametrize(
    "told",
    [
        {"host": "the-name-before"},  # renamed, or a container made anew
        {"host": "elsewhere", "pid": "1", "pid_seen_ms": "0"},
        {"pid": str(os.getpid())},  # the number was given again
    ],
)
def test_a_run_is_closed_by_its_lease_whatever_else_it_says(
    store: Store, holder: Holder, told: dict[str, str]
) -> None:
    run_id = left_open(store, lease=holder.lease, **told)
    assert close_abandoned(store, None) == set()
    assert store.runs.get(run_id).status == "RUNNING"

    holder.kill()
    close_abandoned(store, None)

    assert store.runs.get(run_id).status == "KILLED"


def test_a_clock_that_jumps_closes_nothing(store: Store, holder: Holder) -> None:
    for seen_ms in ("0", str(2**52)):
        left_open(
            store, lease=holder.lease, pid=str(holder.process.pid), pid_seen_ms=seen_ms, host="h"
        )

    assert close_abandoned(store, None) == set()


def test_a_run_whose_lease_is_no_longer_there_is_closed(store: Store) -> None:
    run_id = left_open(store, lease="0" * 32)
    close_abandoned(store, None)

    assert store.runs.get(run_id).status == "KILLED"
