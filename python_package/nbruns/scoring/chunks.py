"""Rows in parts of a size: enough for a model to work on at once, and little enough for memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

CHUNK_ROWS = 20_000
# Of wide rows fewer are taken at once.
_CHUNK_BYTES = 32 * 1024 * 1024


def chunks(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in chunks of `rows`, the last one and those of wide rows smaller."""
    waiting: list[pa.RecordBatch] = []
    count = size = 0
    for batch in batches:
        for part in _parts(batch, rows):
            if waiting and (count + part.num_rows > rows or size + part.nbytes > _CHUNK_BYTES):
                yield _joined(waiting)
                waiting, count, size = [], 0, 0
            waiting.append(part)
            count, size = count + part.num_rows, size + part.nbytes
    if count:
        yield _joined(waiting)


def _parts(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    by_size = max(1, batch.num_rows * _CHUNK_BYTES // max(1, batch.nbytes))
    step = min(rows, by_size)
    for begin in range(0, batch.num_rows, step):
        yield batch.slice(begin, step)


def _joined(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    return pa.Table.from_batches(parts).combine_chunks().to_batches()[0]
