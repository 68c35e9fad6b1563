"""Noticing that the database file has changed, whoever changed it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


class Watch:
    """A connection of its own that only ever asks whether another one has committed.

    `pragma data_version` does not count a connection's own commits, so the store's
    connection could not see what the store itself writes. Asking takes some 5 µs.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._conn: sqlite3.Connection | None = None
        self._seen: int | None = None

    def changed(self) -> bool:
        """Whether anything was committed since the last time this was asked."""
        try:
            version = self._data_version()
        except sqlite3.Error:
            # Not made yet, or locked by a recovery: the next look will tell.
            self.close()
            return False
        before, self._seen = self._seen, version
        return version != before

    def close(self) -> None:
        """Let go of the file; asking again opens it again."""
        if self._conn is not None:
            self._conn.close()
        self._conn = self._seen = None

    def _data_version(self) -> int:
        if self._conn is None:
            uri = self._path.absolute().as_uri() + "?mode=ro"
            self._conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
        with closing(self._conn.execute("pragma data_version")) as cursor:
            return int(cursor.fetchone()[0])
