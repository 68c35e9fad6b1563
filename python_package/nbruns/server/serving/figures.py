"""How many requests a served model has answered, and how long they took."""

from __future__ import annotations

from collections import deque
from typing import Any

from nbruns.identity import now_ms

_REMEMBERED = 1_000


class Figures:
    """Counts since the start, and the times of the last thousand answers."""

    def __init__(self) -> None:
        self.requests = self.refused = self.failed = 0
        self.last_request_ms: int | None = None
        self._took: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, status: int, took_s: float) -> None:
        """One more answer; what the model could not do is no measure of its speed."""
        self.requests += 1
        self.last_request_ms = now_ms()
        if status >= 500:
            self.failed += 1
        elif status >= 400:
            self.refused += 1
        else:
            self._took.append(took_s)

    def to_wire(self) -> dict[str, Any]:
        """Counts, and the median and 99th percentile in milliseconds."""
        took = sorted(self._took)
        return {
            "requests": self.requests,
            "refused": self.refused,
            "failed": self.failed,
            "last_request_ms": self.last_request_ms,
            "p50_ms": _percentile(took, 0.5),
            "p99_ms": _percentile(took, 0.99),
        }


def _percentile(took: list[float], share: float) -> float | None:
    return round(took[min(len(took) - 1, int(share * len(took)))] * 1000, 2) if took else None
