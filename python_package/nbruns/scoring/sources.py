"""Where rows come from, whatever they lie in: the one form the scoring reads."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from nbruns.errors import InvalidValue, NotFound
from nbruns.scoring.values import Column

_TEXT = (".csv", ".tsv", ".txt")
_PARQUET = (".parquet", ".pq")
_PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")


class Refusal(InvalidValue):
    """Something in the data that stops the scoring, in a sentence that says where it stands."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written; a separator that is not given is found out."""

    separator: str = ""
    decimal: str = "."
    encoding: str = "utf-8"


class Source(Protocol):
    """Rows of a file, of several, or of a DataFrame."""

    name: str
    place: str
    names: tuple[str, ...]
    rows: int | None
    kind: str

    def column(self, name: str, kind: str | None) -> Column:
        """How a column is read as a kind; None for one that only goes along."""

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of some columns, in parts that fit into memory; Refusal in the middle."""

    def where(self, row: int) -> str:
        """Where a row stands, counted from 0: 'line 17'."""

    def digest(self) -> str:
        """The content's name."""


def open_source(data: Any, dialect: Dialect, chunk_rows: int) -> Source:
    """What there is to read; Refusal or NotFound where nothing can be."""
    if isinstance(data, (str, Path)):
        return _open_path(Path(data).expanduser(), dialect, chunk_rows)
    from nbruns.scoring.frame import Frame

    return Frame(data, chunk_rows)


def _open_path(path: Path, dialect: Dialect, chunk_rows: int) -> Source:
    from nbruns.scoring.csv_file import CsvFile
    from nbruns.scoring.parquet_files import ParquetFiles

    if glob.has_magic(str(path)) and not path.exists():
        found = sorted(map(Path, glob.glob(str(path), recursive=True)))
        return ParquetFiles(_data_files(found, path), str(path), chunk_rows)
    if path.is_dir():
        return ParquetFiles(_data_files(path.rglob("*"), path), path.name, chunk_rows)
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'")
    if path.suffix.lower() in _PACKED:
        raise Refusal(f"'{path.name}' is packed: unpack it first")
    if path.suffix.lower() in _PARQUET or _is_parquet(path):
        return ParquetFiles([path], path.name, chunk_rows)
    if path.suffix.lower() in _TEXT:
        return CsvFile(path, dialect)
    raise Refusal(
        f"'{path.name}' is neither CSV nor Parquet by its name: {', '.join(_TEXT + _PARQUET)}"
    )


def _data_files(found: Any, path: Path) -> list[Path]:
    """The Parquet files, by name; those Spark hides with '_' or '.' hold no rows."""
    files = sorted(
        one
        for one in found
        if one.suffix.lower() in _PARQUET and not _is_hidden(one, path) and one.is_file()
    )
    if not files:
        raise NotFound(f"There is no Parquet file in '{path}'")
    return files


def _is_hidden(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts if file.is_relative_to(folder) else (file.name,)
    return any(part[0] in "_." for part in parts)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"
