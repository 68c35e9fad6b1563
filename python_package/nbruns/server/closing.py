"""Closes the runs whose process is gone.

One rule covers kernels that died, were restarted, culled or shut down, scripts, and what
a former server left behind: a process that has a run in hand holds a lease on the home.
"""

from __future__ import annotations

import platform

import psutil

from nbruns.protocol.names import ENDED_OPEN
from nbruns.store import Store
from nbruns.store.endings import close, say_better
from nbruns.store.kernels import OpenRun

DIED = "the kernel died"
_CLOCK_SLACK_MS = 2_000


def close_abandoned(store: Store, missing: set[str] | None) -> set[str]:
    """Close the runs whose process was already `missing` at the last look.

    Gives those missing now: at first sight the kernel may be in the middle of a restart,
    and the event that says so comes a moment later. None closes them all at once.
    """
    open_runs = store.kernels.all_open_runs()
    gone = [run for run in open_runs if _is_gone(store, run)]
    for run in gone:
        if missing is None or run.run_id in missing:
            _close(store, run, DIED if run.kernel_id else "the process ended", open_runs)
    return {run.run_id for run in gone}


def close_of_kernel(store: Store, kernel_id: str, reason: str, *, is_over: bool) -> None:
    """Close the runs of a kernel, also of one on another machine that only we can see end."""
    open_runs = store.kernels.all_open_runs()
    for run in open_runs:
        has_process = run.host is not None or run.lease is not None
        if run.kernel_id == kernel_id and has_process and not _is_alive(store, run):
            _close(store, run, reason, open_runs)
    say_better(store, kernel_id, ENDED_OPEN, f"{reason} with the run open")
    if is_over:
        store.kernels.end(kernel_id)


def _is_gone(store: Store, run: OpenRun) -> bool:
    """Whether the process a run was left by has ended, as far as this machine can tell."""
    if run.lease:
        return not store.leases.is_held(run.lease)
    return run.host == platform.node() and not _has_process(run)


def _is_alive(store: Store, run: OpenRun) -> bool:
    """Whether it surely goes on."""
    if run.lease:
        return store.leases.is_held(run.lease)
    return run.host == platform.node() and _has_process(run)


def _has_process(run: OpenRun) -> bool:
    """The same where the home keeps no locks: by the process's number; believed if unknown."""
    if run.pid is None or not run.pid.isdecimal():
        return True
    try:
        process = psutil.Process(int(run.pid))
        began_ms = process.create_time() * 1000
        # A number is given again: a process younger than that is another one.
        seen_ms = (
            int(run.pid_seen_ms) if run.pid_seen_ms and run.pid_seen_ms.isdecimal() else began_ms
        )
        is_same = began_ms <= seen_ms + _CLOCK_SLACK_MS
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _close(store: Store, run: OpenRun, reason: str, open_runs: list[OpenRun]) -> None:
    cell = store.kernels.last_cell(run.kernel_id) if run.kernel_id else None
    close(store, run.run_id, "KILLED", reason, cell=cell)
    for child in open_runs:
        # Autologgers make the runs of a search by the client, which names no process.
        if child.parent_id == run.run_id and child.lease is None and child.host is None:
            _close(store, child, reason, open_runs)
