"""What counts in a notebook: its parts, their canonical bytes, and the notebook made of them again.

A notebook is split into a frame (metadata and format), cells and outputs, so that
each is kept once however many revisions hold it. Counters and view state (execution
counts, timings, collapsed and scrolled flags) change with every execution: they are
no part of a content's identity.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nbruns.identity import digest
from nbruns.notebooks.shown_lines import lines_of, without_lines
from nbruns.records import ExecutedCell, NotebookContent

SKIP_TAG = "nbruns-skip"
# Room for a large interactive figure (5 MB); what exceeds it is replaced by a line that says so.
OUTPUT_LIMIT_BYTES = 8 * 2**20
_VIEW_STATE = ("collapsed", "scrolled", "execution", "ExecuteTime", "trusted")


@dataclass(frozen=True, slots=True)
class CellParts:
    """One cell as two contents and its counter; `outputs` is None where it has none."""

    cell: bytes
    outputs: bytes | None
    execution_count: int | None


@dataclass(frozen=True, slots=True)
class NotebookParts:
    """A notebook taken apart; `digest` names all of it, `code_digest` its sources only."""

    frame: bytes
    cells: tuple[CellParts, ...]
    digest: str
    code_digest: str


def split(content: NotebookContent, output_limit: int | None = None) -> NotebookParts:
    """Take a notebook apart: skipped text left out, outputs capped per cell."""
    limit = kept_output_bytes() if output_limit is None else output_limit
    cells = _without_skipped(content.get("cells", []))
    frame = _bytes({key: value for key, value in content.items() if key != "cells"})
    parts = tuple(_split_cell(cell, limit) for cell in cells)
    return NotebookParts(frame, parts, _digest_of(frame, parts), _code_digest(cells))


def join(frame: bytes, cells: Iterable[CellParts]) -> NotebookContent:
    """The notebook whose parts these are."""
    content: NotebookContent = json.loads(frame)
    content["cells"] = [_join_cell(parts) for parts in cells]
    return content


def as_kept(content: NotebookContent) -> NotebookContent:
    """The notebook as a revision of it would hold it: skipped text left out, outputs capped."""
    parts = split(content)
    return join(parts.frame, parts.cells)


def id_and_source(cell: bytes) -> tuple[str | None, str]:
    """The id, if it has one, and the text of a cell that was taken apart."""
    parts: dict[str, Any] = json.loads(cell)
    return parts.get("id"), text_of(parts)


def cell_ids(content: NotebookContent) -> list[str]:
    """The ids of the cells, where the file keeps ids (format 4.5 and later).

    A file anybody wrote may hold anything: what is no id is passed over.
    """
    try:
        if (content.get("nbformat", 4), content.get("nbformat_minor", 0)) < (4, 5):
            return []
    except TypeError:
        return []
    cells = content.get("cells")
    ids = [cell.get("id") for cell in cells if isinstance(cell, dict)] if cells else []
    return [one for one in ids if isinstance(one, str) and one]


class SkippedCells:
    """The cells of a notebook whose text must not be kept.

    A cell is known by its id. Papermill and nbconvert tell none, and VS Code tells ids of
    its own: then the text has to do.
    """

    def __init__(self, content: NotebookContent) -> None:
        found = content.get("cells")
        cells = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        skipped = [one for one in cells if is_skipped(one)]
        self._known = {one["id"] for one in cells if isinstance(one.get("id"), str)}
        self._ids = {one["id"] for one in skipped if isinstance(one.get("id"), str)}
        self._texts = {text_of(one).strip() for one in skipped} - {""}

    def hold(self, cell_id: str | None, source: str) -> bool:
        """Whether this is one of them, or its text."""
        if cell_id in self._known:
            return cell_id in self._ids
        return source.strip() in self._texts


def is_skipped(cell: Mapping[str, Any]) -> bool:
    """Whether the cell's author asked that its text is not kept."""
    return SKIP_TAG in ((cell.get("metadata") or {}).get("tags") or ())


def text_of(cell: Mapping[str, Any]) -> str:
    """The cell's source, which a file may keep as a list of lines."""
    source = cell.get("source")
    return source if isinstance(source, str) else "".join(source or ())


def kept_metadata(cell: Mapping[str, Any]) -> dict[str, Any]:
    """The cell's metadata without what changes with each execution or look at it."""
    return {k: v for k, v in (cell.get("metadata") or {}).items() if k not in _VIEW_STATE}


def with_executed(
    content: NotebookContent | None, executed: Iterable[ExecutedCell]
) -> NotebookContent:
    """The notebook as the kernel knows it: the file, with the text that was really executed.

    An executed cell finds its place by id, else by equal text; the rest follow at the
    end in the order they ran. With no file there are only the executed cells.
    """
    joined: NotebookContent = (
        {"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": []}
        if content is None
        else {**content, "cells": [dict(cell) for cell in content.get("cells", [])]}
    )
    for latest in _latest_texts(executed):
        _place(joined["cells"], latest)
    return joined


def _latest_texts(executed: Iterable[ExecutedCell]) -> list[ExecutedCell]:
    latest: dict[str, ExecutedCell] = {}
    for cell in executed:
        latest[cell.cell_id or f"text:{cell.source}"] = cell
    return list(latest.values())


def _place(cells: list[dict[str, Any]], executed: ExecutedCell) -> None:
    for cell in cells:
        if cell.get("cell_type") != "code":
            continue
        is_named = executed.cell_id is not None and cell.get("id") == executed.cell_id
        if is_named or (executed.cell_id is None and text_of(cell) == executed.source):
            if is_named and text_of(cell) != executed.source:
                cell["source"], cell["outputs"] = executed.source, []
            cell["execution_count"] = executed.execution_count
            return
    cells.append(
        {
            "cell_type": "code",
            "id": executed.cell_id or f"executed-{digest(executed.source.encode())[:16]}",
            "metadata": {},
            "source": executed.source,
            "outputs": [],
            "execution_count": executed.execution_count,
        }
    )


def _split_cell(cell: Mapping[str, Any], limit: int) -> CellParts:
    count = cell.get("execution_count")
    kept = {k: v for k, v in cell.items() if k not in ("outputs", "execution_count")}
    kept["source"] = text_of(cell)
    kept["metadata"] = kept_metadata(cell)
    outputs = cell.get("outputs")
    return CellParts(_bytes(kept), _outputs(outputs, limit) if outputs else None, count)


def _join_cell(parts: CellParts) -> dict[str, Any]:
    cell: dict[str, Any] = json.loads(parts.cell)
    if cell.get("cell_type") == "code":
        cell["execution_count"] = parts.execution_count
        cell["outputs"] = json.loads(parts.outputs) if parts.outputs else []
        for output in cell["outputs"]:
            if output.get("output_type") == "execute_result":
                output["execution_count"] = parts.execution_count
    return cell


def _outputs(outputs: list[dict[str, Any]], limit: int) -> bytes:
    data = _bytes([{k: v for k, v in one.items() if k != "execution_count"} for one in outputs])
    if len(data) <= limit:
        return data
    words = f"[{len(data):,} bytes of output left out: over the limit of {limit:,}]\n"
    return _bytes([{"output_type": "stream", "name": "stderr", "text": words}])


def kept_output_bytes() -> int:
    """Bytes of outputs kept per cell: `NBRUNS_OUTPUT_LIMIT`, where 0 keeps none."""
    chosen = os.environ.get("NBRUNS_OUTPUT_LIMIT", "")
    return int(chosen) if chosen.isdecimal() else OUTPUT_LIMIT_BYTES


def _without_skipped(cells: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    met = [dict(cell) for cell in cells]
    hidden = lines_of(text_of(cell) for cell in met if is_skipped(cell))
    if hidden:
        for cell in met:
            if cell.get("outputs"):
                cell["outputs"] = without_lines(cell["outputs"], hidden)
    return [_blank(cell) if is_skipped(cell) else cell for cell in met]


def _blank(cell: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in cell.items() if k != "attachments"}
    kept["source"] = ""
    if "outputs" in kept:
        kept["outputs"] = []
    return kept


def _digest_of(frame: bytes, cells: Iterable[CellParts]) -> str:
    names = [digest(frame)]
    for parts in cells:
        names += [digest(parts.cell), digest(parts.outputs) if parts.outputs else ""]
    return digest("\n".join(names).encode())


def _code_digest(cells: Iterable[Mapping[str, Any]]) -> str:
    return digest(_bytes([[cell.get("cell_type"), text_of(cell)] for cell in cells]))


def _bytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
