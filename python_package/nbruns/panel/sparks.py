"""A metric's curve in miniature: few points, and what stands beside it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from nbruns.panel.wording import exact, number
from nbruns.records import MetricPoint

# As many as the widest place they are drawn in has room for.
POINTS = 160


def spark(points: Sequence[MetricPoint]) -> dict[str, Any]:
    """What the browser draws: steps, values (None where there is no number), words of the ends."""
    values = [point.value for point in points]
    real = [value for value in values if _is_drawn(value)]
    return {
        "x": [point.step for point in points],
        "y": [value if _is_drawn(value) else None for value in values],
        "words": [number(value) for value in values],
        "min": _words(min(real, default=None)),
        "max": _words(max(real, default=None)),
    }


def _is_drawn(value: float) -> bool:
    # MLflow stores an infinity as the largest double.
    return not math.isnan(value) and abs(value) < sys.float_info.max


def _words(value: float | None) -> dict[str, str]:
    if value is None:
        return {"text": "", "full": ""}
    return {"text": number(value), "full": exact(value)}
