"""A CSV file, read in parts: every column as text first, so that each fault has its line."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from nbruns.scoring.file_digest import digest_of
from nbruns.scoring.sources import Dialect, Refusal
from nbruns.scoring.text_values import Guessed, Text
from nbruns.scoring.values import TARGETS, Column

# Also the longest row there may be. pyarrow reads 32 of them ahead.
BLOCK_BYTES = 1024 * 1024
_SEPARATORS = ",;\t|"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class CsvFile:
    """Rows of a text file whose first line names the columns."""

    kind = "CSV"
    rows: int | None = None

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path, self.dialect = path, dialect
        self.name, self.place = path.name, str(path.absolute())
        header = _first_line(path, dialect.encoding)
        self.separator = dialect.separator or max(_SEPARATORS, key=header.count)
        if self.separator == dialect.decimal:
            raise Refusal(
                f"'{self.separator}' cannot part the columns of '{self.name}' and the decimals too"
            )
        self.names = tuple(next(csv.reader([header], delimiter=self.separator)))
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise Refusal(f"'{self.name}' names columns twice: {', '.join(map(repr, twice))}")

    def column(self, name: str, kind: str | None) -> Column:
        """As the model takes it, or as the whole file allows."""
        if kind is None:
            return Guessed(self.dialect.decimal)
        if kind not in TARGETS:
            raise Refusal(
                f"The model takes '{name}' as {kind}, which no CSV file holds: use Parquet"
            )
        return Text(kind, self.dialect.decimal)

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Columns of bytes, null where the file says nothing, 'NA' or the like."""
        if next(self._records(), None) is None:
            return
        # Without a column there is no row to count.
        wanted = list(names) or [self.names[0]]
        try:
            with self._reader(wanted) as reader:
                yield from reader
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise Refusal(self._what_is_wrong(error)) from error

    def where(self, row: int) -> str:
        """The line of the file, in which a quoted text may run over several."""
        for number, (line, _) in enumerate(self._records()):
            if number == row:
                return f"line {line:,} of '{self.name}'"
        return f"row {row + 1:,} of '{self.name}'"

    def digest(self) -> str:
        """Of the file's bytes."""
        return digest_of([self.path])

    def _reader(self, names: list[str]) -> pacsv.CSVStreamingReader:
        return pacsv.open_csv(
            self.path,
            pacsv.ReadOptions(block_size=BLOCK_BYTES, encoding=self.dialect.encoding),
            pacsv.ParseOptions(delimiter=self.separator, newlines_in_values=True),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.binary()),
                include_columns=names,
                strings_can_be_null=True,
            ),
        )

    def _what_is_wrong(self, error: Exception) -> str:
        """pyarrow does not tell the line of a row it cannot take apart."""
        if isinstance(error, UnicodeDecodeError):
            return f"'{self.name}' is not in the encoding '{self.dialect.encoding}': {error.reason}"
        expected, before = len(self.names), 1
        for line, cells in self._records():
            if len(cells) != expected:
                return (
                    f"Line {line:,} of '{self.name}' has {len(cells)} columns, and its first line "
                    f"names {expected}, parted by {self.separator!r}"
                )
            if sum(map(len, cells)) > BLOCK_BYTES // 2:
                break
            before = line
        if "straddling" in str(error):
            return (
                f"The row after line {before:,} of '{self.name}' is longer than "
                f"{BLOCK_BYTES // 2**20} MB: is a quote left open there?"
            )
        return f"'{self.name}' cannot be read as CSV: {error}"

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Each row below the first, with the line it begins at."""
        with self.path.open(encoding=self.dialect.encoding, errors="replace", newline="") as file:
            reader = csv.reader(file, delimiter=self.separator)
            last, is_head = 0, True
            try:
                for cells in reader:
                    begun, last = last + 1, reader.line_num
                    # pyarrow leaves empty lines out too.
                    if cells and not is_head:
                        yield begun, cells
                    is_head = is_head and not cells
            except csv.Error:
                # A cell beyond what Python takes for one: the caller tells of the row before.
                return


def _first_line(path: Path, encoding: str) -> str:
    """The line that names the columns; Refusal where there is none to be read."""
    with path.open("rb") as file:
        begun = file.read(BLOCK_BYTES)
    if not begun.strip():
        raise Refusal(f"'{path.name}' is empty")
    if begun.startswith(_WIDE) and encoding == "utf-8":
        raise Refusal(f"'{path.name}' is in UTF-16: give encoding='utf-16'")
    try:
        # What follows the first line is looked at when it is read.
        text = begun.decode(encoding, "replace").lstrip("\ufeff\r\n")
    except LookupError:
        raise Refusal(f"There is no encoding '{encoding}'") from None
    line = next(csv_lines(text))
    if "\ufffd" in line:
        raise Refusal(
            f"Line 1 of '{path.name}' is not in the encoding '{encoding}': give another, such as "
            "encoding='latin-1'"
        )
    if "\0" in line:
        raise Refusal(f"'{path.name}' is no text file")
    return line


def csv_lines(text: str) -> Iterator[str]:
    """Lines, where a quoted text may run over several."""
    begun = ""
    for line in text.splitlines():
        begun = f"{begun}\n{line}" if begun else line
        if begun.count('"') % 2 == 0:
            yield begun
            begun = ""
    yield begun
