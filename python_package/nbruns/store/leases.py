"""Which processes still have runs in hand: each holds a lock that ends with it, however it ends.

A process number says less: it is given again, means another process in another container,
and the time that would tell two of them apart moves with the clock. The system lets go of
a lock when its process is killed, when the machine stops, and not while a laptop sleeps.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nbruns.identity import new_id
from nbruns.store.file_systems import network_file_system

_ID = re.compile(r"[0-9a-f]{32}")
_IS_WINDOWS = sys.platform == "win32"

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Not `flock`: a forked child would go on holding what its parent held.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@dataclass(frozen=True, slots=True)
class _Lease:
    """Of this process; None for an id where the folder keeps no locks."""

    process_id: int
    lease_id: str | None


_own: dict[Path, _Lease] = {}
_taking = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_taking.acquire, after_in_parent=_taking.release)
    os.register_at_fork(after_in_child=_taking.release)


class Leases:
    """The locked files of the processes that write to a home folder."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "processes"

    def own(self) -> str | None:
        """The id of this process's lease, taken when first asked for; None without locks."""
        with _taking:
            mine = _own.get(self.folder)
            if mine is None or mine.process_id != os.getpid() or self._is_removed(mine):
                mine = _own[self.folder] = _Lease(os.getpid(), self._take())
            return mine.lease_id

    def is_held(self, lease_id: str) -> bool:
        """Whether the process of a lease still runs; believed where it cannot be looked at."""
        # To open and close one's own file would let go of the lock.
        if not _ID.fullmatch(lease_id) or lease_id in _of_this_process():
            return True
        with _opened(self.folder / lease_id) as is_free:
            return not is_free

    def discard_ended(self) -> None:
        """Remove the files of processes that have ended."""
        mine = _of_this_process()
        with suppress(OSError):
            for file in list(self.folder.iterdir()):
                if not _ID.fullmatch(file.name) or file.name in mine:
                    continue
                with _opened(file) as is_free, suppress(OSError):
                    if is_free and not _IS_WINDOWS:
                        file.unlink()
                # Windows removes no open file; nor does it let a new one be taken for a left one.
                if is_free and _IS_WINDOWS:
                    with suppress(OSError):
                        file.unlink()

    def _is_removed(self, lease: _Lease) -> bool:
        """Whether somebody has deleted the home: other processes then take the lease for free."""
        return lease.lease_id is not None and not (self.folder / lease.lease_id).exists()

    def _take(self) -> str | None:
        # Such a file system may keep a lock to the machine it was taken on.
        if network_file_system(self.folder.parent):
            return None
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.discard_ended()
            for _ in range(3):
                lease_id = new_id()
                descriptor = os.open(self.folder / lease_id, os.O_CREAT | os.O_RDWR, 0o600)
                with suppress(OSError):
                    _lock(descriptor)
                    # Another process may have taken the new file for one that was left.
                    if os.fstat(descriptor).st_nlink:
                        return lease_id
                os.close(descriptor)
        return None


def _of_this_process() -> set[str]:
    """The ids held here, in whatever way a home was spelled: by a link, or by its own path."""
    held = [one for one in list(_own.values()) if one.process_id == os.getpid()]
    return {one.lease_id for one in held if one.lease_id is not None}


@contextmanager
def _opened(file: Path) -> Iterator[bool]:
    """A lease's file while it is looked at: whether nobody holds it."""
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    except OSError:
        yield False
        return
    try:
        is_free = True
        try:
            _lock(descriptor)
        except OSError:
            is_free = False
        yield is_free
    finally:
        os.close(descriptor)
