"""What is wrong with an input, by the columns a model wants.

MLflow names the column for some forms of input and not for others; here all are read
alike, and only when it has refused one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from nbruns.endpoints.model_files import Column

_NUMBERS = {"integer", "long", "float", "double"}
_WHOLE = {"integer", "long"}
_SPELLED = {"nan", "inf", "-inf", "infinity", "-infinity", ""}
_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_MOST_ROWS = 100_000

Rows = Iterable[Mapping[str, Any]]


def fault_in(columns: Sequence[Column], sent: bytes, content_type: str) -> str | None:
    """The first column at fault, what was wanted and what came; None where none is found."""
    if not columns:
        return None
    try:
        given = _csv(sent) if content_type.startswith("text/csv") else _json(json.loads(sent))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if given is None:
        return None
    names, rows = given
    missing = [one for one in columns if one.is_required and one.name not in names]
    if missing:
        return _missing(missing, [name for name in names if name not in _names(columns)])
    wanted = [one for one in columns if one.name in names]
    return _wrong_value(wanted, rows)


def _missing(missing: Sequence[Column], extra: Sequence[str]) -> str:
    quoted = ", ".join(f"'{one.name}' ({one.type})" for one in missing)
    said = f"Missing {'column' if len(missing) == 1 else 'columns'} {quoted}"
    unknown = ", ".join(f"'{name}'" for name in extra[:10])
    return f"{said}. The model knows no column {unknown}" if extra else said


def _names(columns: Sequence[Column]) -> set[str]:
    return {one.name for one in columns}


def _wrong_value(columns: Sequence[Column], rows: Rows) -> str | None:
    for number, row in enumerate(islice(rows, _MOST_ROWS), 1):
        for column in columns:
            if column.name in row and (said := _unfit(column, row[column.name])):
                return f"Column '{column.name}' (row {number}): {said}"
    return None


def _unfit(column: Column, value: Any) -> str | None:
    """Why a value is none of the column's type, in words."""
    shown = json.dumps(value, ensure_ascii=False)[:80]
    kind = column.type
    if value is None:
        return f"expected {kind}, got null" if kind in _WHOLE | {"boolean"} else None
    if kind in _NUMBERS and isinstance(value, str):
        return None if _reads_as_number(value) else f"expected {kind}, got the text {shown}"
    if kind in _NUMBERS and isinstance(value, (list, dict)):
        return f"expected {kind}, got {shown}"
    if kind == "string" and not isinstance(value, str):
        return f"expected a string, got {shown}"
    if kind == "boolean" and not isinstance(value, bool):
        return f"expected true or false, got {shown}"
    return None


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.strip().lower() in _SPELLED
    return True


def _csv(sent: bytes) -> tuple[list[str], Rows]:
    reader = csv.DictReader(io.StringIO(sent.decode()))
    return list(reader.fieldnames or []), reader


def _json(sent: Any) -> tuple[list[str], Rows] | None:
    """The columns and rows of any form MLflow takes; None where they have no names."""
    form = next((form for form in _FORMS if form in sent), None)
    if form is None:
        return None
    found = sent[form]
    if form == "dataframe_split":
        names = [str(name) for name in found["columns"]]
        return names, [dict(zip(names, row, strict=False)) for row in found["data"]]
    if isinstance(found, dict):
        lists = {k: v if isinstance(v, list) else [v] for k, v in found.items()}
        rows = zip(*lists.values(), strict=False)
        return list(lists), [dict(zip(lists, row, strict=True)) for row in rows]
    if not found or not all(isinstance(row, dict) for row in found):
        return None
    # As a table has it: a column is there when any row has it.
    names = list(dict.fromkeys(name for row in found for name in row))
    return names, [{name: row.get(name) for name in names} for row in found]
