"""What the card says of a dataset: its source, its columns, its size."""

from __future__ import annotations

import json
from typing import Any

from nbruns.panel.signature import Column, columns_of
from nbruns.protocol.names import DATASET_CONTEXT_TAG
from nbruns.records import Dataset, DatasetInput


def columns(schema: str | None) -> tuple[Column, ...]:
    """The columns in a dataset's schema, tabular or of tensors; none where it is another's."""
    said = _read(schema)
    found = columns_of(said.get("mlflow_colspec"))
    tensors = said.get("mlflow_tensorspec")
    for part, spec in tensors.items() if isinstance(tensors, dict) else ():
        told = _list(spec)
        found += tuple(
            Column(part if column.name == "[0]" else f"{part} {column.name}", column.type)
            for column in columns_of(told)
        )
    return found


def _list(spec: Any) -> Any:
    """A list that may stand in a string of its own, as MLflow's tensor specs do."""
    if not isinstance(spec, str):
        return spec
    try:
        return json.loads(spec)
    except ValueError:
        return None


def size(profile: str | None) -> str:
    """How much data it is, in words: "569 rows"."""
    said = _read(profile)
    rows, shape = said.get("num_rows"), said.get("features_shape")
    if rows is None and isinstance(shape, list) and shape:
        rows = shape[0]
    return f"{rows:,} rows".replace(",", "\u2009") if isinstance(rows, int) else ""


def source(dataset: Dataset) -> str:
    """Where the data came from: an address where one is known, else what kind of source it is."""
    said = _read(dataset.source)
    for name in ("url", "uri", "path", "table_name", "delta_table_name"):
        if isinstance(said.get(name), str) and said[name]:
            return str(said[name])
    kind = dataset.source_type
    return "made in the code" if kind == "code" else kind


def describe(found: DatasetInput) -> dict[str, Any]:
    """What the browser is told of a dataset that went into a run."""
    dataset = found.dataset
    return {
        "name": dataset.name or "dataset",
        "digest": dataset.digest,
        "context": found.tags.get(DATASET_CONTEXT_TAG, ""),
        "source": source(dataset)[:500],
        "size": size(dataset.profile),
        "columns": [{"name": c.name, "type": c.type} for c in columns(dataset.schema)[:200]],
        "column_count": len(columns(dataset.schema)),
    }


def _read(text: str | None) -> dict[str, Any]:
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
