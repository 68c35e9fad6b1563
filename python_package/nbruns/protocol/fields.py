"""Reading the fields of a request by protobuf's JSON rules.

A field may be spelled `run_id` or `runId`, null means absent, integers may come as
strings, numbers may be "NaN" or "Infinity". GET requests carry text only, so what is
said here also serves query parameters. Every refusal names the field and the value.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from nbruns.errors import InvalidValue

Body = Mapping[str, Any]
T = TypeVar("T")

_INT64 = 2**63
_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 120


def show(value: Any) -> str:
    """A value as an error quotes it: cut short, so that an error is never megabytes."""
    return f"'{value[:120]}'" if isinstance(value, str) else _shown.repr(value)


@lru_cache(maxsize=512)
def _other_spelling(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def find(body: Body, name: str) -> Any:
    """The field's value under either spelling; None when absent."""
    value = body.get(name)
    if value is None and "_" in name:
        value = body.get(_other_spelling(name))
    return value


def wrong(name: str, value: Any, expected: str) -> InvalidValue:
    """The error for a value of the wrong kind."""
    return InvalidValue(
        f"Invalid value {show(value)} for parameter '{name}' supplied: expected {expected}, "
        f"got {type(value).__name__}"
    )


def missing(name: str) -> InvalidValue:
    """The error for a field that must be there."""
    return InvalidValue(f"Missing value for required parameter '{name}'")


def clean_text(name: str, value: Any) -> str:
    """The value as text that may name something."""
    if isinstance(value, str) and "\x00" in value:
        raise InvalidValue(f"Parameter '{name}' contains a NUL character: {show(value)}")
    return any_text(name, value)


def any_text(name: str, value: Any) -> str:
    """The value as text that a database can keep, NUL and all."""
    if not isinstance(value, str):
        raise wrong(name, value, "a string")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(f"Parameter '{name}' is not valid Unicode: {error.reason}") from error
    return value


def optional(body: Body, name: str) -> str | None:
    """A text field, None when absent."""
    value = find(body, name)
    return None if value is None else clean_text(name, value)


def required(body: Body, name: str) -> str:
    """A text field that must be there and not be empty."""
    value = optional(body, name)
    if not value:
        raise missing(name)
    return value


def text(body: Body, name: str) -> str:
    """A text field, empty when absent."""
    return optional(body, name) or ""


def value_text(body: Body) -> str:
    """The field `value` of a param or tag, empty when absent."""
    value = body.get("value")
    return "" if value is None else any_text("value", value)


def integer(name: str, value: Any) -> int:
    """The value as a 64-bit integer."""
    if isinstance(value, bool):
        raise wrong(name, value, "an integer")
    try:
        number = int(value) if isinstance(value, (int, str)) else _whole(value)
    except (TypeError, ValueError, OverflowError):
        raise wrong(name, value, "an integer") from None
    if not -_INT64 <= number < _INT64:
        raise wrong(name, value, "an integer of 64 bits")
    return number


def _whole(value: Any) -> int:
    if not isinstance(value, float) or not value.is_integer():
        raise ValueError
    return int(value)


def optional_int(body: Body, name: str) -> int | None:
    """An integer field, None when absent."""
    value = find(body, name)
    return None if value is None else integer(name, value)


def number(name: str, value: Any) -> float:
    """The value as a double; NaN and the infinities by their protobuf names."""
    if isinstance(value, float):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise wrong(name, value, "a number")
    if value in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[str(value)]
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise wrong(name, value, "a number") from None
    if not math.isfinite(found):
        raise wrong(name, value, "a number that fits 64 bits, or NaN, Infinity, -Infinity")
    return found


def flag(body: Body, name: str) -> bool:
    """A true-or-false field, false when absent."""
    value = find(body, name)
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise wrong(name, value, "true or false")


def items(body: Body, name: str) -> list[Any]:
    """A repeated field as it came, empty when absent."""
    value = find(body, name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(name, value, "an array")
    return value


def texts(body: Body, name: str, *, from_query: bool = False) -> list[str]:
    """A repeated text field; a query that carries it once arrives as plain text."""
    value = find(body, name)
    if from_query and isinstance(value, str):
        return [clean_text(name, value)]
    return [clean_text(f"{name}[{index}]", item) for index, item in enumerate(items(body, name))]


def messages(body: Body, name: str) -> list[Body]:
    """A repeated field of objects."""
    found = items(body, name)
    for index, item in enumerate(found):
        if not isinstance(item, dict):
            raise wrong(f"{name}[{index}]", item, "an object")
    return found


def choice(body: Body, name: str, numbered: Mapping[int, T], default: T) -> T:
    """A field whose value is one of a few, by number or by the name protobuf gives it."""
    value = find(body, name)
    if value is None:
        return default
    for number_, member in numbered.items():
        if str(value) in (str(number_), str(member)) and not isinstance(value, bool):
            return member
    names = ", ".join(f"'{member}'" for member in numbered.values())
    raise wrong(name, value, f"one of {names}")


def limit(body: Body, name: str, default: int, most: int, *, least: int = 1) -> int:
    """How many results a page may have."""
    found = optional_int(body, name)
    if found is None:
        return default
    if not least <= found <= most:
        raise InvalidValue(
            f"Invalid value '{found}' for parameter '{name}' supplied: "
            f"it must be at least {least} and at most {most}"
        )
    return found
