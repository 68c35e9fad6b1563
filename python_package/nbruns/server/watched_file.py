"""A file that is read again when it changes, while the server runs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from nbruns.errors import InvalidValue

T = TypeVar("T")
_Stamp = tuple[int, int, int]


class WatchedFile(Generic[T]):
    """What a file says now; one that cannot be understood leaves in force what it said before."""

    def __init__(
        self, path: Path, read: Callable[[Path], T], log: logging.Logger, settle_s: float = 0.0
    ) -> None:
        """Raises InvalidValue where the file is wrong from the beginning.

        It is read again once nothing has been written to it for `settle_s`: half of a file
        may have a meaning, and another one than the whole.
        """
        self.path = path
        self._log = log
        self._read = read
        self._settle_s = settle_s
        self._stamp = _stamp(path)
        self._said = read(path)

    def look(self) -> T:
        """What it says; one look costs some microseconds."""
        stamp = _stamp(self.path)
        if stamp != self._stamp and self._has_settled(stamp):
            self._stamp = stamp
            self._read_again()
        return self._said

    def _has_settled(self, stamp: _Stamp | None) -> bool:
        return stamp is None or not 0 <= time.time() - stamp[0] / 1e9 < self._settle_s

    def _read_again(self) -> None:
        try:
            self._said = self._read(self.path)
        except InvalidValue as error:
            self._log.error("%s. What it said before stays in force", error)
        else:
            self._log.info("nbruns goes by what '%s' says now", self.path)


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
