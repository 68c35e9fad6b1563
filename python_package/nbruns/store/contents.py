"""Contents: what revisions and executed cells are made of, each kept once by its hash."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from nbruns.identity import digest
from nbruns.store.database import Database

# Below this zlib's header and SQLite's row cost more than the compression saves.
_WORTH_COMPRESSING_BYTES = 120


@dataclass(frozen=True, slots=True)
class Packed:
    """A piece, its name and the bytes to keep (None where they are kept already)."""

    digest: str
    piece: bytes
    is_compressed: bool
    data: bytes | None


class Contents:
    """Bytes by number; equal bytes have one number."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def pack(self, pieces: Iterable[bytes]) -> list[Packed]:
        """Pieces ready to be added: hashed, and compressed where the store has them not yet.

        Done before the transaction, for which other writers wait.
        """
        by_digest = {digest(piece): piece for piece in pieces}
        with self.db.lock:
            known = {name for name in by_digest if self._find(name) is not None}
        return [_packed(name, piece, name in known) for name, piece in by_digest.items()]

    def add(self, packed: Iterable[Packed]) -> dict[bytes, int]:
        """The number of each piece, kept now if it was not before."""
        batch = list(packed)
        with self.db.atomic():
            for one in batch:
                if self._find(one.digest) is None:
                    self.db.conn.execute(
                        "insert into contents (digest, is_compressed, data) values (?, ?, ?)",
                        _data(one),
                    )
            return {one.piece: self._number(one.digest) for one in batch}

    def get(self, number: int) -> bytes:
        """The bytes of a number."""
        with self.db.lock:
            is_compressed, data = self.db.conn.execute(
                "select is_compressed, data from contents where content_number = ?", (number,)
            ).fetchone()
        return zlib.decompress(data) if is_compressed else data

    def drop_unused(self, numbers: Iterable[int]) -> None:
        """Delete those that nothing holds any longer."""
        with self.db.atomic():
            self.db.conn.executemany(
                """
                delete from contents
                where content_number = ?1
                    and not exists (select 1 from revision_cells where cell = ?1)
                    and not exists (select 1 from revision_cells where outputs = ?1)
                    and not exists (select 1 from revisions where frame = ?1)
                    and not exists (select 1 from executed_cells where source = ?1)
                """,
                [(number,) for number in set(numbers)],
            )

    def _find(self, name: str) -> int | None:
        row = self.db.conn.execute(
            "select content_number from contents where digest = ?", (name,)
        ).fetchone()
        return None if row is None else int(row[0])

    def _number(self, name: str) -> int:
        number = self._find(name)
        assert number is not None
        return number


def _packed(name: str, piece: bytes, is_known: bool) -> Packed:
    if is_known:
        return Packed(name, piece, False, None)
    if len(piece) >= _WORTH_COMPRESSING_BYTES:
        smaller = zlib.compress(piece, 6)
        if len(smaller) < len(piece):
            return Packed(name, piece, True, smaller)
    return Packed(name, piece, False, piece)


def _data(one: Packed) -> tuple[str, bool, bytes]:
    # Known when packed, purged since.
    fresh = one if one.data is not None else _packed(one.digest, one.piece, False)
    return fresh.digest, fresh.is_compressed, fresh.data or b""
