"""A DataFrame as rows to score, turned into columns a slice at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from nbruns.errors import InvalidValue
from nbruns.scoring.sources import Refusal
from nbruns.scoring.values import Column, Typed, Untouched, shown


class Frame:
    """Rows of a DataFrame; its index stays behind."""

    kind = "DataFrame"
    name = place = "a DataFrame"

    def __init__(self, data: Any, chunk_rows: int) -> None:
        if not isinstance(data, pd.DataFrame):
            raise InvalidValue(
                f"Nothing can be scored of a {type(data).__name__}: give the path of a CSV or "
                "Parquet file, a folder of Parquet files, or a DataFrame"
            )
        self.data, self.chunk_rows = data, chunk_rows
        self.names = tuple(map(str, data.columns))
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise Refusal(f"The DataFrame names columns twice: {', '.join(map(repr, twice))}")
        self.rows: int | None = len(data)
        self._types = {name: self._type(place) for place, name in enumerate(self.names)}

    def column(self, name: str, kind: str | None) -> Column:
        """As the model takes it, or as it is."""
        found = self._types[name]
        return Untouched(shown(found)) if kind is None else Typed(found, kind)

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Chunks of some columns, each of the type of the whole column."""
        places = [self.names.index(name) for name in names]
        for begin in range(0, len(self.data), self.chunk_rows):
            part = self.data.iloc[begin : begin + self.chunk_rows]
            columns = [self._array(part, place) for place in places]
            yield pa.RecordBatch.from_arrays(columns, names=list(names))

    def where(self, row: int) -> str:
        """The row by its label."""
        return f"row {row + 1:,} of the DataFrame (index {self.data.index[row]!r})"

    def digest(self) -> str:
        """Of the values, as pandas hashes them."""
        found = hashlib.blake2b(repr(self.names).encode(), digest_size=16)
        try:
            found.update(pd.util.hash_pandas_object(self.data, index=False).to_numpy().tobytes())
        except TypeError:
            # Lists and the like have no hash.
            found.update(repr(self.data.shape).encode())
        return found.hexdigest()

    def _type(self, place: int) -> pa.DataType:
        column = self.data.iloc[:, place]
        try:
            return pa.array(column, from_pandas=True).type
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise Refusal(f"The column '{self.names[place]}' mixes types: {error}") from error

    def _array(self, part: pd.DataFrame, place: int) -> pa.Array:
        found = pa.array(part.iloc[:, place], type=self._types[self.names[place]], from_pandas=True)
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
