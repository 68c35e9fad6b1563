"""Opening the SQLite file: pragmas, patience with other writers, threads and forks.

`Database` of sqlite_utils is imported here only, with pandas and numpy hidden: where it
finds them it loads them, for 80 MB and half a second.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from nbruns.errors import StoreBusy, StoreUnusable

_PATIENCE_S = 30.0
# SQLite's own busy handler sleeps up to 100 ms and starves writers. Very short naps are no
# better: all writers stay awake, and who holds the lock loses the processor to who waits.
# Four writers at full speed on two cores: p99 of 3.0 ms with naps of 0.1 ms, 2.4 with 1 ms,
# 0.5 with 2 ms.
_NAP_S = 0.002
_CONNECTING_PATIENCE_MS = 10_000
# The write-ahead log is written back in larger, rarer pieces: each costs two fsyncs.
_CHECKPOINT_PAGES = 4_000


@cache
def _sqlite_utils_database() -> Any:
    """The class, imported with what it would load for its own convenience hidden."""
    hidden = [name for name in ("pandas", "numpy") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        from sqlite_utils import Database as SqliteUtilsDatabase
    finally:
        for name in hidden:
            del sys.modules[name]
    return SqliteUtilsDatabase


_WAYS_OUT = {
    "disk is full": "the disk (or quota) is full: free some space and try again",
    "readonly": "it is read-only: make the file and its folder writable for this user",
    "read-only": "it is read-only: make the file and its folder writable for this user",
    "disk i/o": "the disk failed to read or write: check its space and health, then try again",
    "malformed": "it is damaged: copy the folder, then recover it with `sqlite3 FILE .recover`",
    "not a database": "it is not a SQLite database: move it away, or set NBRUNS_HOME elsewhere",
    "unable to open": "it cannot be opened: check that its folder exists and may be written",
}


def unusable(path: str, error: sqlite3.Error) -> StoreUnusable | None:
    """What to tell the user when the file itself is at fault; None for other errors."""
    text = str(error).lower()
    for sign, way_out in _WAYS_OUT.items():
        if sign in text:
            return StoreUnusable(f"Cannot use the database '{path}': {way_out} ({error})")
    return None


class PatientConnection(sqlite3.Connection):
    """A connection whose statements wait their turn behind other writers, in short naps.

    Raises StoreBusy after 30 seconds without a gap (`patience_s`), StoreUnusable when the
    file is at fault.
    """

    path = ""
    patience_s = _PATIENCE_S

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        try:
            return super().execute(sql, values)
        except sqlite3.DatabaseError as error:
            return self._again(super().execute, sql, values, error)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        try:
            return super().executemany(sql, rows)
        except sqlite3.DatabaseError as error:
            raise unusable(self.path, error) or error from error

    def _again(self, call: Any, sql: str, values: Any, error: sqlite3.Error) -> sqlite3.Cursor:
        until = time.monotonic() + self.patience_s
        while _is_busy(error):
            if time.monotonic() >= until:
                raise StoreBusy(
                    f"Other programs kept '{self.path}' locked for {self.patience_s:.0f} seconds; "
                    "nothing was written. Try again, or close what is holding it"
                ) from error
            time.sleep(_NAP_S)
            try:
                return call(sql, values)  # type: ignore[no-any-return]
            except sqlite3.DatabaseError as later:
                error = later
        raise unusable(self.path, error) or error


def _is_busy(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


class Database:
    """One connection to the file, shared by the threads of one process.

    Writes go through `atomic`, reads hold `lock`. Forking is safe: the connection is
    closed before and opened anew on both sides, for SQLite's locks do not survive it.
    """

    conn: PatientConnection

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self.patience_s = _PATIENCE_S
        self.lock = threading.RLock()
        self._was_open = False
        self._afterwards: list[Callable[[], None]] = []
        self._connect()
        _open_databases.add(self)

    def _connect(self) -> None:
        try:
            self.conn = self._connection()
        except sqlite3.Error as error:
            raise unusable(self.path, error) or StoreUnusable(
                f"Cannot open the database '{self.path}': {error}"
            ) from error

    @property
    def tables(self) -> Any:
        """sqlite_utils on this connection, loaded when first asked for (0.1 s)."""
        return _sqlite_utils_database()(self.conn)

    def _connection(self) -> PatientConnection:
        conn = sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            factory=PatientConnection,
            timeout=_CONNECTING_PATIENCE_MS / 1000,
        )
        conn.path = self.path
        self._file = _file_number(self.path)
        conn.patience_s = self.patience_s
        try:
            conn.execute("pragma journal_mode = wal")
            conn.execute("pragma synchronous = normal")
            conn.execute("pragma foreign_keys = on")
            conn.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            conn.execute("pragma cache_size = -16000")
            conn.execute("pragma user_version").fetchone()
            conn.execute("pragma busy_timeout = 0")
        except BaseException:
            conn.close()
            raise
        return conn

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """A write transaction: all that happens inside is kept, or nothing is.

        Nested uses join the outer one. Raises StoreBusy when other writers leave no
        gap for 30 seconds.
        """
        with self.lock:
            conn = self.conn
            is_nested = conn.in_transaction
            if is_nested:
                yield
                return
            conn.execute("begin immediate")
            try:
                yield
                conn.execute("commit")
            except BaseException:
                self._afterwards.clear()
                if conn.in_transaction:
                    conn.execute("rollback")
                raise
            while self._afterwards:
                self._afterwards.pop(0)()

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Inside, nothing waits: StoreBusy at once when another thread or program is writing."""
        if not self.lock.acquire(blocking=False):
            raise StoreBusy(f"Another thread is using '{self.path}'")
        try:
            self.conn.patience_s = 0.0
            yield
        finally:
            self.conn.patience_s = self.patience_s
            self.lock.release()

    def is_displaced(self) -> bool:
        """Whether the file is no longer the one at its path: what is written to it is lost."""
        return _file_number(self.path) != self._file

    def wait_at_most(self, patience_s: float) -> None:
        """Wait that long for other writers, from now on."""
        with self.lock:
            self.patience_s = self.conn.patience_s = patience_s

    @contextmanager
    def erasing(self) -> Iterator[None]:
        """Inside, what is deleted is overwritten with zeros; else SQLite only forgets its place."""
        with self.lock:
            (before,) = self.conn.execute("pragma secure_delete").fetchone()
            self.conn.execute("pragma secure_delete = 1")
            try:
                yield
            finally:
                self.conn.execute(f"pragma secure_delete = {before}")

    def empty_log(self, patience_s: float = 2.0) -> bool:
        """Move the log into the file and cut it to nothing; False where others left no gap."""
        until = time.monotonic() + patience_s
        while True:
            with suppress(StoreBusy), self.lock, self.impatient():
                is_busy, *_ = self.conn.execute("pragma wal_checkpoint(truncate)").fetchone()
                if not is_busy:
                    return True
            if time.monotonic() >= until:
                return False
            time.sleep(_NAP_S)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something once the present transaction is kept; nothing if it is not."""
        self._afterwards.append(action)

    def run_script(self, sql: str) -> None:
        """Execute statements in the present transaction, which `executescript` would end."""
        statement = ""
        for piece in sql.split(";"):
            statement += piece + ";"
            if sqlite3.complete_statement(statement) and piece.strip():
                self.conn.execute(statement)
                statement = ""

    def version(self) -> int:
        """A number that changes whenever anything was committed, here or in another process."""
        with self.lock:
            elsewhere = self.conn.execute("pragma data_version").fetchone()[0]
            return int(elsewhere) << 40 | self.conn.total_changes

    def close(self) -> None:
        """Close the file; threads that are using it finish first."""
        with self.lock:
            _open_databases.discard(self)
            self.conn.close()

    def before_fork(self) -> None:
        """Let go of the file, unless the forking thread itself is in the middle of a write."""
        self.lock.acquire()
        self._was_open = not self.conn.in_transaction
        if self._was_open:
            self.conn.close()

    def after_fork(self, *, is_child: bool) -> None:
        """Open the file again, with a lock of its own in the child."""
        if is_child:
            # The parent's connection must not be closed from here: that would drop its locks.
            _abandoned.append(self.conn)
            lock, self.lock = self.lock, threading.RLock()
            _abandoned.append(lock)
        try:
            if self._was_open or is_child:
                self._connect()
        finally:
            if not is_child:
                self.lock.release()


def _file_number(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_abandoned: list[Any] = []


# Of the thread that forks: another one may open a database, or fork too, in the middle of it.
_forking = threading.local()


def _before_fork() -> None:
    _forking.held = list(_open_databases)
    for db in _forking.held:
        db.before_fork()


def _after_fork(is_child: bool) -> None:
    held: list[Database] = _forking.held
    for db in held:
        db.after_fork(is_child=is_child)
    if is_child:
        for db in set(_open_databases) - set(held):
            db.after_fork(is_child=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(is_child=False),
        after_in_child=lambda: _after_fork(is_child=True),
    )
