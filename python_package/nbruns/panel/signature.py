"""The columns of a model's signature, read out of the text of its MLmodel file.

Without a YAML reader: none is loaded in the panel's kernel.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """One input or output of a model."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives."""

    inputs: tuple[Column, ...] = ()
    outputs: tuple[Column, ...] = ()


def read_signature(mlmodel: str) -> Signature:
    """The signature in an MLmodel file; an empty one where it has none."""
    block = re.search(r"^signature:\n((?:[ \t]+.*\n?)+)", mlmodel, re.MULTILINE)
    if block is None:
        return Signature()
    return Signature(_columns(block[1], "inputs"), _columns(block[1], "outputs"))


def _columns(block: str, part: str) -> tuple[Column, ...]:
    """The part is JSON inside a quoted YAML scalar, which may run over several lines."""
    found = re.search(rf"^  {part}: '((?:[^']|'')*)'", block, re.MULTILINE)
    if found is None:
        return ()
    # Inside single quotes YAML knows one escape, and reads a line break as a space.
    text = re.sub(r"\n\s*", " ", found[1]).replace("''", "'")
    try:
        said = json.loads(text)
    except ValueError:
        return ()
    return columns_of(said)


def columns_of(said: Any) -> tuple[Column, ...]:
    """Columns as MLflow writes them down, in signatures and in schemas of datasets alike."""
    if not isinstance(said, list):
        return ()
    return tuple(_column(item, place) for place, item in enumerate(said) if isinstance(item, dict))


def _column(item: dict[str, Any], place: int) -> Column:
    kind = str(item.get("type", ""))
    tensor = item.get("tensor-spec")
    if isinstance(tensor, dict):
        shape = "×".join("n" if size == -1 else str(size) for size in tensor.get("shape", ()))
        kind = f"{tensor.get('dtype', 'tensor')} {shape}".strip()
    optional = "" if item.get("required", True) else ", optional"
    return Column(str(item.get("name") or f"[{place}]"), kind + optional)
