"""Opening the SQLite file: pragmas, the write transaction, threads and forks.

`Database` comes from sqlite_utils, imported here first with pandas hidden: where
it finds pandas it loads it, for 80 MB and half a second.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbruns.errors import StoreBusy

_PATIENCE_S = 30.0
_NAP_S = 0.0004


def _import_database() -> Any:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        from sqlite_utils import Database as SqliteUtilsDatabase
    finally:
        if pandas is None:
            del sys.modules["pandas"]
    return SqliteUtilsDatabase


SqliteUtilsDatabase = _import_database()


class Database:
    """One connection to the file, shared by the threads of one process."""

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self.lock = threading.RLock()
        self._connect()

    def _connect(self) -> None:
        self.process_id = os.getpid()
        self.conn = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        self.conn.execute("pragma journal_mode = wal")
        self.conn.execute("pragma synchronous = normal")
        self.conn.execute("pragma foreign_keys = on")
        self.conn.execute("pragma busy_timeout = 0")
        self.tables = SqliteUtilsDatabase(self.conn)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """A write transaction: all that happens inside is kept, or nothing is.

        Nested uses join the outer one. Raises StoreBusy when other writers leave no
        gap for 30 seconds.
        """
        with self.lock:
            if self.conn.in_transaction:
                yield
                return
            self._begin()
            try:
                yield
                self.conn.execute("commit")
            except BaseException:
                if self.conn.in_transaction:
                    self.conn.execute("rollback")
                raise

    def _begin(self) -> None:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self.conn.execute("begin immediate")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                    raise StoreBusy(f"Other writers keep '{self.path}' locked: {error}") from error
                time.sleep(_NAP_S)

    def close(self) -> None:
        with self.lock:
            self.conn.close()
