"""Parquet files of one form, read one after the other, a chunk of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nbruns.scoring.file_digest import digest_of
from nbruns.scoring.sources import Refusal
from nbruns.scoring.values import Column, Typed, Untouched, shown

# Else a whole column of a row group is read at once, and writers make groups of any size.
_BUFFER_BYTES = 1024 * 1024


class ParquetFiles:
    """Rows of one file, of a folder's, or of those that fit a pattern."""

    kind = "Parquet"

    def __init__(self, files: Sequence[Path], name: str, chunk_rows: int) -> None:
        self.files, self.name, self.chunk_rows = list(files), name, chunk_rows
        first = self.files[0]
        self.place = str((first if len(self.files) == 1 else first.parent).absolute())
        self.schema = _schema(first)
        self.names = tuple(self.schema.names)
        self._counts = [self._count(path) for path in self.files]
        self.rows: int | None = sum(self._counts)

    def column(self, name: str, kind: str | None) -> Column:
        """As the model takes it, or as it is."""
        found = self.schema.field(name).type
        return Untouched(shown(found)) if kind is None else Typed(found, kind)

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Chunks of some columns."""
        for path in self.files:
            with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
                try:
                    yield from file.iter_batches(self.chunk_rows, columns=list(names))
                except (pa.ArrowInvalid, OSError) as error:
                    raise Refusal(f"'{path.name}' cannot be read: {error}") from error

    def where(self, row: int) -> str:
        """The row of the file it stands in."""
        for path, count in zip(self.files, self._counts, strict=True):
            if row < count:
                return f"row {row + 1:,} of '{path.name}'"
            row -= count
        return f"row {row + 1:,} after the last"

    def digest(self) -> str:
        """Of all files' bytes."""
        return digest_of(self.files)

    def _count(self, path: Path) -> int:
        found = _schema(path)
        for field in self.schema:
            place = found.get_field_index(field.name)
            if place < 0 or not found.field(place).type.equals(field.type):
                other = "no such column" if place < 0 else str(found.field(place).type)
                raise Refusal(
                    f"The files are not alike: '{field.name}' is {field.type} in "
                    f"'{self.files[0].name}', and in '{path.name}' {other}"
                )
        return int(pq.read_metadata(path).num_rows)


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise Refusal(
            f"'{path.name}' is no Parquet file, or only a part of one: {error}"
        ) from error
