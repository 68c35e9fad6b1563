"""A run of the list → what the browser needs to draw its row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbruns.panel.columns import Column
from nbruns.panel.models.place import Place
from nbruns.panel.registry import has_model
from nbruns.panel.wording import badge, exact, foremost_first, number
from nbruns.protocol.names import (
    CODE_CHANGE_TAG,
    END_REASON_TAG,
    HIDDEN_STATE_TAG,
    LOGGED_MODELS_TAG,
    REVISION_TAG,
)
from nbruns.records import ListedRun, ModelVersion

# Tags that rows speak of without a column of their own.
ROW_TAGS = (
    CODE_CHANGE_TAG,
    END_REASON_TAG,
    HIDDEN_STATE_TAG,
    LOGGED_MODELS_TAG,
    REVISION_TAG,
)
_LEVELS = "0123456789abcdef"
_MOST_CHARACTERS = 200

Versions = Mapping[str, Sequence[ModelVersion]]
Sparks = Mapping[tuple[str, str], str]
Cell = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known about the runs of a list beside their own values."""

    columns: Sequence[Column] = ()
    versions: Versions = field(default_factory=dict)
    sparks: Sparks = field(default_factory=dict)
    best: str | None = None
    order: str = ""
    is_folded: bool = False
    is_trash: bool = False


def row_of(listed: ListedRun, around: Surroundings) -> dict[str, Any]:
    """What one row shows, whether it is ticked and unfolded or not."""
    run = listed.run
    versions = around.versions.get(run.run_id, ())
    text, full = badge(versions)
    name = run.name or run.run_id[:8]
    return {
        "id": run.run_id,
        "name": name,
        "hover": f"{name}\n{run.run_id}",
        "status": run.status,
        "reason": run.tags.get(END_REASON_TAG, ""),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "cells": [_cell(listed, column, around) for column in around.columns],
        "badge": text,
        "badge_full": full,
        "badge_place": _place(versions),
        "depth": listed.depth,
        "children": listed.children if around.is_folded else 0,
        "parent": "" if around.is_folded else listed.parent_name,
        "change": run.tags.get(CODE_CHANGE_TAG, ""),
        "hidden_state": run.tags.get(HIDDEN_STATE_TAG, ""),
        "has_revision": REVISION_TAG in run.tags,
        "has_model": has_model(run),
        "deleted": run.stage == "deleted",
    }


def _place(versions: Sequence[ModelVersion]) -> str:
    """Where the badge leads."""
    first = next(iter(foremost_first(versions)), None)
    return "" if first is None else Place.of_version(first.name, first.version).text


def _cell(listed: ListedRun, column: Column, around: Surroundings) -> Cell:
    run, key = listed.run, column.key
    match column.kind:
        case "metrics":
            return _metric(listed, column, around)
        case "params":
            return _text(run.params.get(key))
        case "tags":
            return _text(run.tags.get(key))
    values = {"user_id": run.user, "status": run.status.capitalize(), "run_id": run.run_id}
    if key in values:
        return _text(values[key])
    # Times are worded in the browser, where they keep moving.
    moments = {"start_time": run.started_ms, "end_time": run.ended_ms}
    return {"ms": moments[key]} if key in moments else {"took": True}


def _metric(listed: ListedRun, column: Column, around: Surroundings) -> Cell:
    run_id, key = listed.run.run_id, column.key
    cell: Cell = {}
    value = _shown_value(listed, column)
    if value is not None:
        cell = _number(value) | _history(listed, column)
        if around.best == run_id and around.order.startswith(column.order):
            cell["best"] = True
    spark = around.sparks.get((run_id, key))
    if spark:
        cell["spark"] = spark
    of_children = listed.best_of_children.get(key)
    if of_children is not None and around.is_folded:
        cell["inner"] = _number(of_children)
    return cell


def _shown_value(listed: ListedRun, column: Column) -> float | None:
    if column.aggregate != "last":
        ends = listed.extremes.get(column.key)
        return None if ends is None else ends[column.aggregate == "max"]
    return next((p.value for p in listed.run.metrics if p.key == column.key), None)


def _number(value: float) -> Cell:
    """A number as it is shown, and in full where that is more."""
    text, full = number(value), exact(value)
    return {"text": text} if text == full else {"text": text, "exact": full}


def _history(listed: ListedRun, column: Column) -> Cell:
    """What the hover says of a metric that has moved."""
    ends = listed.extremes.get(column.key)
    if ends is None or ends[0] == ends[1]:
        return {}
    said: Cell = {"ends": [exact(end) for end in ends]}
    if column.aggregate != "last":
        newest = (point.value for point in listed.run.metrics if point.key == column.key)
        said["last"] = exact(next(newest, math.nan))
    return said


def _text(value: str | None) -> Cell:
    if value is None:
        return {}
    cell: Cell = {"text": value[:_MOST_CHARACTERS]}
    if len(value) > _MOST_CHARACTERS:
        cell["cut"] = True
    if _is_number(value):
        cell["number"] = True
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def spark_text(values: Sequence[float]) -> str:
    """A curve as one hexadecimal digit a point, from the smallest value to the largest."""
    low, high = min(values), max(values)
    # The gap between the largest doubles, which stand for infinities, is none.
    gap = high / 2 - low / 2
    if not gap:
        return "7" * len(values)
    return "".join(_LEVELS[min(15, int((value / 2 - low / 2) / gap * 15.999))] for value in values)
