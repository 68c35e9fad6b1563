"""What a model predicts as columns, and the Parquet file they are written to as they come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nbruns.errors import InvalidState

NAME = "prediction"


class PredictionFile:
    """A Parquet file that grows by a row group a chunk; its form is that of the first one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._writer: pq.ParquetWriter | None = None

    def append(self, kept: Mapping[str, pa.Array], predicted: Any, rows: int) -> None:
        """Write a chunk; InvalidState for predictions that do not fit the rows or the file."""
        columns = {**kept, **as_columns(predicted, rows, taken=kept)}
        table = pa.table(columns)
        if self._writer is None:
            table = table.cast(_without_null_types(table.schema))
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(_as(table, self._writer.schema))
        self.rows += rows

    def close(self) -> None:
        """Make it a whole file, of as many rows as there are."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def as_columns(predicted: Any, rows: int, taken: Mapping[str, Any]) -> dict[str, pa.Array]:
    """One column a prediction: 'prediction', or what the model calls several.

    A name that is taken gets a number.
    """
    columns = _named(predicted)
    found: dict[str, pa.Array] = {}
    for name, values in columns.items():
        if len(values) != rows:
            raise InvalidState(f"the model gave {len(values):,} predictions for {rows:,} rows")
        free, number = name, 2
        while free in taken or free in found:
            free, number = f"{name}_{number}", number + 1
        found[free] = _array(free, values)
    return found


def _named(predicted: Any) -> dict[str, Any]:
    if isinstance(predicted, pd.DataFrame):
        if len(predicted.columns) == 1 and predicted.columns[0] == 0:
            return {NAME: predicted.iloc[:, 0]}
        return {_name(name): predicted.iloc[:, i] for i, name in enumerate(predicted.columns)}
    if isinstance(predicted, Mapping):
        return {str(name): np.asarray(values) for name, values in predicted.items()}
    if isinstance(predicted, (pd.Series, pa.Array, pa.ChunkedArray)):
        return {NAME: predicted}
    if isinstance(predicted, list) and predicted and isinstance(predicted[0], Mapping):
        return _named(pd.DataFrame(predicted))
    return _of_matrix(predicted)


def _of_matrix(predicted: Any) -> dict[str, Any]:
    try:
        values = np.asarray(predicted)
    except ValueError:
        # Lists of several lengths.
        return {NAME: list(predicted)}
    if values.ndim == 2 and values.shape[1] == 1:
        return {NAME: values[:, 0]}
    if values.ndim == 2:
        return {f"{NAME}_{place}": values[:, place] for place in range(values.shape[1])}
    if values.ndim == 1 and values.dtype != object:
        return {NAME: values}
    return {NAME: values.tolist() if values.ndim else [values.item()]}


def _name(name: Any) -> str:
    return f"{NAME}_{name}" if isinstance(name, int) else str(name)


def _array(name: str, values: Any) -> pa.Array:
    try:
        if isinstance(values, np.ndarray):
            values = np.ascontiguousarray(values)
        found = values if isinstance(values, pa.Array) else pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise InvalidState(f"the column '{name}' of the predictions mixes types: {error}") from None
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _without_null_types(schema: pa.Schema) -> pa.Schema:
    """A column of nulls alone says nothing of its type, and a later chunk may have text there."""
    return pa.schema(
        [pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in schema]
    )


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.schema.names != schema.names:
        raise InvalidState(
            f"the model gave the columns {table.schema.names}, and before that {schema.names}"
        )
    for field in schema:
        try:
            table.column(field.name).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InvalidState(
                f"the predictions '{field.name}' are {table.schema.field(field.name).type}, and "
                f"before that {field.type}: {error}"
            ) from None
    return table.cast(schema)
