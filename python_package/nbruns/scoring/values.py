"""Columns as a model takes them: what may become what, and the first value that cannot.

Kinds are MLflow's words: boolean, integer, long, float, double, string, binary, datetime.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc

TARGETS: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "datetime": pa.timestamp("ns"),
}
# pandas has no such column with a value missing: it would become one of floats or objects.
WITHOUT_NULLS = ("boolean", "integer", "long")
_NESTED = ("array", "object", "map")
_SHOWN = 80

Answer = Literal["yes", "no", "look"]
Convert = Callable[[pa.Array], pa.Array]


class BadValue(ValueError):
    """A value that does not fit: its place in the array, and what it is."""

    def __init__(self, place: int, value: object) -> None:
        shown = repr(value)
        super().__init__("no value" if value is None else shown[:_SHOWN])
        self.place = place


class Column(Protocol):
    """One column on its way from a file to the model."""

    needs_look: bool

    @property
    def words(self) -> str:
        """Its type."""

    def see(self, values: pa.Array) -> None:
        """Look at some values before anything starts; BadValue for one that does not fit."""

    def convert(self, values: pa.Array) -> pa.Array:
        """The values as the model takes them; BadValue likewise."""


class Typed:
    """A column that has a type already, in a Parquet file or a DataFrame."""

    def __init__(self, found: pa.DataType, kind: str) -> None:
        self.kind = kind
        self.words = shown(found)
        self.answer = fits(found, kind)
        self.needs_look = self.answer == "look" or kind in WITHOUT_NULLS

    def see(self, values: pa.Array) -> None:
        """Convert it for the errors' sake."""
        self.convert(values)

    def convert(self, values: pa.Array) -> pa.Array:
        """Cast it, where nothing is lost by that."""
        refuse_nulls(values, self.kind)
        return converted(values, lambda part: cast(part, self.kind))


class Untouched:
    """A column that goes along as it is."""

    needs_look = False

    def __init__(self, words: str) -> None:
        self.words = words

    def see(self, values: pa.Array) -> None:
        """Anything will do."""

    def convert(self, values: pa.Array) -> pa.Array:
        """Itself."""
        return values


def fits(found: pa.DataType, kind: str) -> Answer:  # noqa: PLR0911
    """Whether a type may become a kind; 'look' where that depends on the values."""
    if pa.types.is_dictionary(found):
        return fits(found.value_type, kind)
    if pa.types.is_null(found) or kind not in TARGETS:
        return "yes"
    if kind in ("float", "double"):
        return "yes" if is_number(found) else "no"
    if kind in ("integer", "long"):
        return _fits_whole(found, TARGETS[kind])
    if kind == "boolean":
        return "yes" if pa.types.is_boolean(found) else "no"
    if kind == "datetime":
        return "yes" if pa.types.is_temporal(found) and not pa.types.is_time(found) else "no"
    is_text = pa.types.is_string(found) or pa.types.is_large_string(found)
    if kind == "string":
        return "yes" if is_text or pa.types.is_string_view(found) else "no"
    return "yes" if pa.types.is_binary(found) or pa.types.is_large_binary(found) else "no"


def shown(found: pa.DataType) -> str:
    """A type in words that do not tell how it is laid out in memory."""
    if pa.types.is_dictionary(found):
        return f"a category of {shown(found.value_type)}"
    is_text = pa.types.is_large_string(found) or pa.types.is_string_view(found)
    return "string" if is_text else str(found)


def is_number(found: pa.DataType) -> bool:
    """Whether a type is of numbers."""
    return bool(
        pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)
    )


def cast(values: pa.Array, kind: str) -> pa.Array:
    """Values of one type as a kind; pyarrow's errors where a value does not fit."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if kind not in TARGETS:
        return values
    if kind == "datetime" and getattr(values.type, "tz", None):
        values = values.cast(pa.timestamp(values.type.unit, "UTC"))
    # Integers beyond 2^53 lose digits as floats, as they do in training.
    is_safe = kind not in ("float", "double")
    return pc.cast(values, TARGETS[kind], safe=is_safe)


def refuse_nulls(values: pa.Array, kind: str) -> None:
    """BadValue for the first missing value of a kind that knows none."""
    if kind in WITHOUT_NULLS and values.null_count:
        raise BadValue(pc.index(values.is_null(), True).as_py(), None)


def converted(values: pa.Array, convert: Convert) -> pa.Array:
    """What a conversion makes of values; BadValue for the first it fails at."""
    try:
        return convert(values)
    except pa.ArrowInvalid:
        place = _first_failing(values, convert)
        raise BadValue(place, values[place].as_py()) from None


def _first_failing(values: pa.Array, convert: Convert) -> int:
    """pyarrow names the value and not its place: halve until one is left."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            convert(values.slice(low, middle - low))
            low = middle
        except pa.ArrowInvalid:
            high = middle
    return low


def _fits_whole(found: pa.DataType, target: pa.DataType) -> Answer:
    if pa.types.is_integer(found):
        is_wider = found.bit_width > target.bit_width or pa.types.is_uint64(found)
        return "look" if is_wider or pa.types.is_uint32(found) else "yes"
    return "look" if is_number(found) else "no"
