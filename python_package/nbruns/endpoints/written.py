"""What somebody wrote, each piece with its place, so that a mistake can be pointed at.

YAML's own data forget where they stood, and take `no` for false: here a scalar stays the
text it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbruns.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Written:
    """A text, a list, or a dict from key to the pair of both as written; None for nothing."""

    place: str
    value: Any


def from_yaml(text: str, name: str) -> Written:
    """A YAML document; InvalidValue with the line where it is none."""
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        quotes = " (put names with @ or * in quotes)" if "token" in str(error) else ""
        raise InvalidValue(f"{name}{line}: this is not YAML: {error.problem}{quotes}") from error
    except yaml.YAMLError as error:
        raise InvalidValue(f"{name}: this is not YAML: {error}") from error
    except RecursionError as error:
        raise InvalidValue(f"{name}: this is nested too deeply") from error
    return Written(name, None) if node is None else _from_node(node, name)


def _from_node(node: Any, name: str) -> Written:
    place = f"{name} line {node.start_mark.line + 1}"
    if node.id == "scalar":
        is_nothing = node.tag == "tag:yaml.org,2002:null"
        return Written(place, None if is_nothing else node.value)
    if node.id == "sequence":
        return Written(place, [_from_node(one, name) for one in node.value])
    pairs: dict[str, tuple[Written, Written]] = {}
    for key_node, value_node in node.value:
        key = _from_node(key_node, name)
        if not isinstance(key.value, str):
            raise InvalidValue(f"{key.place}: a key must be a text")
        if key.value in pairs:
            before = pairs[key.value][0].place
            raise InvalidValue(f"{key.place}: '{key.value}' stands on {before} already")
        pairs[key.value] = key, _from_node(value_node, name)
    return Written(place, pairs)


def from_data(found: Any, place: str) -> Written:
    """Plain data, as Python or a configuration has them."""
    match found:
        case None:
            return Written(place, None)
        case bool():
            return Written(place, str(found).lower())
        case str():
            return Written(place, found)
        case Mapping():
            pairs = {
                str(key): _pair(key, value, f"{place}[{key!r}]") for key, value in found.items()
            }
            return Written(place, pairs)
        case list() | tuple() | set() | frozenset():
            return Written(place, [from_data(one, f"{place}[{i}]") for i, one in enumerate(found)])
    raise InvalidValue(f"{place}: expected texts, lists and dicts, got {type(found).__name__}")


def _pair(key: Any, value: Any, place: str) -> tuple[Written, Written]:
    return Written(place, str(key)), from_data(value, place)
