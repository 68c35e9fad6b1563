"""What a model takes, as its signature says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbruns.errors import Unsupported


@dataclass(frozen=True, slots=True)
class Column:
    """One input: its name, MLflow's word for its type, and whether it may be left out."""

    name: str
    kind: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Inputs:
    """Named columns, or `width` numbers a row (None: as many as there are) of type `dtype`."""

    columns: tuple[Column, ...] = ()
    dtype: str = ""
    width: int | None = None

    @property
    def is_tensor(self) -> bool:
        """Whether the model takes numbers by their place and not by name."""
        return bool(self.dtype)


def read_inputs(said: Sequence[dict[str, Any]] | None) -> Inputs | None:
    """The inputs of a signature as MLflow writes them down; None where there are none.

    Raises Unsupported for what no table holds.
    """
    if not said:
        return None
    if all(item.get("type") != "tensor" for item in said):
        return Inputs(tuple(map(_column, said, range(len(said)))))
    spec = said[0].get("tensor-spec") or {}
    shape: list[int] = spec.get("shape") or []
    if len(said) > 1 or said[0].get("name") or len(shape) != 2:
        shapes = ", ".join(str(item.get("tensor-spec", {}).get("shape")) for item in said)
        raise Unsupported(
            f"The model takes tensors of shape {shapes}, which no table holds: batch scoring is "
            "for models whose input is a row of columns"
        )
    return Inputs(dtype=str(spec.get("dtype", "float64")), width=max(shape[1], 0) or None)


def _column(item: dict[str, Any], place: int) -> Column:
    name = str(item.get("name") or place)
    return Column(name, str(item.get("type", "any")), bool(item.get("required", True)))
