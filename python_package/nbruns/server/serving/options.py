"""How a model is to be served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Environment = Literal["here", "isolated"]


@dataclass(frozen=True, slots=True)
class Options:
    """What whoever started it has chosen; a model that loads no faster than `patience_s` fails."""

    workers: int
    environment: Environment
    started_by: str
    patience_s: float = 600.0
